"""What is kept of a run, and the parts of docs/internals/performance.md and docs/performance.md that are made from it."""

import datetime
import json
import os
import pathlib
import re

from calls import ROOT
from plot import COLOURS, plot

KEPT = ROOT / "bench/kept.json"
PAGE = ROOT / "docs/internals/performance.md"
SHORT_PAGE = ROOT / "docs/performance.md"
PLOT = ROOT / "docs/internals/performance.svg"
SHORT_ROWS = 10  # Of the page for users.
BEGIN = "<!-- From here to the end mark written by ./dev bench --keep -->"
END = "<!-- The end of what ./dev bench --keep writes -->"
OURS = "millrace"
PEERS = [name for name in COLOURS if name not in ("floor", OURS)]


def stamp():
    """When and where."""
    cpu = re.search(r"^model name\s*:\s*(.+)$", pathlib.Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    system = re.search(r'^PRETTY_NAME="?([^"\n]+)', pathlib.Path("/etc/os-release").read_text(), re.MULTILINE)
    machine = f"{len(os.sched_getaffinity(0))} cores of {cpu.group(1) if cpu else os.uname().machine}"
    return {"date": datetime.date.today().isoformat(), "machine": machine + (f", {system.group(1)}" if system else "")}


def number(value, digits=1):
    return "-" if value is None else f"{value:,.{digits}f}"


def main_table(section):
    rows = []
    for result in section["workloads"]:
        ours, floor = result["figures"][OURS], result["figures"]["floor"]
        rows.append([result["name"], number(ours["per_s"], 0), number(ours["per_s"] * result["count"], 0), number(ours["cpu_us"]),
                     number(floor["cpu_us"]), number(result["ratios"]["floor"], 2), number(ours["p50_us"] / 1000, 2),
                     number(ours["p99_us"] / 1000, 2), number(ours["p999_us"] / 1000, 2), number(floor["p99_us"] / 1000, 2),
                     number(ours["rss_mib"], 0), number(ours["written_per_byte"], 2)])
    return {"title": "Beside the floor", "head": [
        "request", "requests/s", "records/s", "CPU µs per request", "floor µs", "ratio", "p50 ms", "p99 ms", "p99.9 ms",
        "floor p99 ms", "RSS MiB", "written per byte"], "rows": rows}


def form_table(section):
    """Other forms and transports beside the plain one: a workload's name begins with that of its plain one."""
    costs = {result["name"]: result["figures"][OURS]["cpu_us"] for result in section["workloads"]}
    rows = [[name, number(cost), number(costs[plain]), number(cost / costs[plain], 2)] for name, cost in costs.items()
            if (plain := name.partition(", ")[0]) in costs and plain != name and not name.endswith(", full")]
    return {"title": "Beside JSON over plain HTTP/1.1", "head": ["request", "CPU µs per request", "JSON, plain", "ratio"], "rows": rows}


def store_table(section):
    names = ["RocksDB, a key per batch", "RocksDB, a key per record"]
    rows = [[result["name"], number(result["figures"][OURS]["cpu_us"]),
             *(cell for name in names for cell in (number(result["figures"][name]["cpu_us"]), number(result["ratios"][name], 2)))]
            for result in section["workloads"] if names[0] in result["figures"]]
    return {"title": "Beside RocksDB alone, the same batches", "head": [
        "request", "CPU µs per request", names[0], "ratio", names[1], "ratio"], "rows": rows}


def peer_tables(section):
    """Tables of CPU, of ratios, of memory, and of the reasons why a figure is not there."""
    results = [result for result in section["workloads"] if any(name in result["figures"] for name in PEERS)]
    peers = [name for name in PEERS if any(name in result["figures"] for result in results)]
    cost, ratios, memory, reasons = [], [], [], {}
    for result in results:
        figures = {name: result["figures"].get(name, {"reason": "not measured"}) for name in ["floor", OURS, *peers]}
        for name, one in figures.items():
            if "reason" in one:
                reasons.setdefault((name, one["reason"][:160]), []).append(result["name"])
        cost.append([result["name"], *("not here" if "reason" in one else f"{number(one['cpu_us'])} ({number(one['per_s'], 0)}/s)"
                                       for one in figures.values())])
        ratios.append([result["name"], *(number(result["ratios"].get(name), 3) for name in peers)])
        memory.append([result["name"], *(number(one.get("rss_mib"), 0) for one in figures.values())])
    because = [[name, reason, "all" if len(names) == len(results) else "; ".join(names)]
               for (name, reason), names in reasons.items()]
    head = ["request", "floor", OURS, *peers]
    return [{"title": "CPU µs per request beside the peers (requests/s)", "head": head, "rows": cost},
            {"title": f"{OURS}'s CPU per request as a multiple of a peer's", "head": ["request", *peers], "rows": ratios},
            {"title": "Resident after the rounds, MiB", "head": head, "rows": memory},
            {"title": "Not here, and why", "head": ["peer", "reason", "requests"], "rows": because}]


def request_tables(section, with_peers=False):
    tables = [main_table(section), form_table(section), store_table(section), *(peer_tables(section) if with_peers else [])]
    return [table for table in tables if table["rows"]]


def as_text(table):
    widths = [max(map(len, column)) for column in zip(table["head"], *table["rows"], strict=True)]
    lines = []
    for row in [table["head"], *table["rows"]]:
        first, *others = [(cell, width) for cell, width in zip(row, widths, strict=True)]
        lines.append("  ".join([first[0].ljust(first[1]), *(cell.rjust(width) for cell, width in others)]))
    return "\n".join([table["title"], *lines])


def as_markdown(table):
    rows = [[cell.replace("|", "\\|").replace("\n", " ") for cell in row] for row in table["rows"]]
    lines = ["| " + " | ".join(row) + " |" for row in [table["head"], ["---"] * len(table["head"]), *rows]]
    return "\n".join([f"{table['title']}:", "", *lines, ""])


def read_kept():
    return json.loads(KEPT.read_text()) if KEPT.exists() else {}


def kept_ratios():
    """The ratio to the floor of each workload that is kept."""
    return {result["name"]: result["ratios"]["floor"] for result in read_kept().get("requests", {}).get("workloads", [])}


def merged(old, new):
    """A run of some workloads replaces these and leaves the others."""
    if "workloads" not in new or not old:
        return new
    found = {result["name"]: result for result in [*old["workloads"], *new["workloads"]]}
    return {**new, "workloads": list(found.values())}


def keep(sections):
    kept = read_kept()
    for name, section in sections.items():
        kept[name] = merged(kept.get(name), section)
    if "peers" in sections:  # The same workloads were measured beside the floor too.
        kept["requests"] = merged(kept.get("requests"), without_peers(sections["peers"]))
    KEPT.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n")
    PAGE.write_text(page_with(PAGE.read_text(), body(kept)))
    SHORT_PAGE.write_text(page_with(SHORT_PAGE.read_text(), short_body(kept)))
    if "requests" in kept:
        PLOT.write_text(plot(kept.get("peers") or kept["requests"]))


def page_with(text, generated):
    """A page with its generated part anew."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{generated}\n{END}{after}"


def short_body(kept):
    """What users want to know: how many requests this server answers, and what each costs here and elsewhere."""
    peers = kept["peers"]
    names = [name for name in PEERS if any(name in result["figures"] for result in peers["workloads"])]
    rows = [[result["name"], *(number(result["figures"].get(name, {}).get("cpu_us"), 0) for name in [OURS, *names]),
             number(result["figures"][OURS]["per_s"], 0)]
            for result in peers["workloads"][:SHORT_ROWS]]
    table = {"title": "CPU µs per request", "head": ["request", OURS, *names, "requests/s of millrace"], "rows": rows}
    return f"Measured {peers['date']}, {peers['machine']}.\n\n{as_markdown(table)}"


def without_peers(section):
    def is_ours(name):
        return name in (OURS, "floor") or "RocksDB" in name
    return {**section, "workloads": [
        {**result, **{part: {name: value for name, value in result[part].items() if is_ours(name)} for part in ("figures", "ratios")}}
        for result in section["workloads"]]}


HEADINGS = {
    "requests": ("Requests", "medians of {rounds} interleaved rounds of {seconds} s", request_tables),
    "peers": ("Peers", "medians of {rounds} interleaved rounds of {seconds} s, slow peers one", peer_tables),
    "growth": ("Growth", "CPU µs are medians", lambda section: section["tables"]),
    "latency": ("Latency", "medians of rounds; with a timetable a request is late from when it was due",
                lambda section: section["tables"]),
    "soak": ("Load while records expire", "the clock of the server runs fast; figures of the last three fifths",
             lambda section: section["tables"]),
    "mixed": ("Mixed load", "no answer may be missing or bad", lambda section: section["tables"]),
}


def body(kept):
    picture = "![CPU per request of each server, on a logarithmic scale](performance.svg)\n"
    parts = [picture] if "requests" in kept else []
    for name, (heading, how, tables) in HEADINGS.items():
        if name in kept:
            section = kept[name]
            how = how.format(rounds=section.get("rounds"), seconds=section.get("seconds"))
            parts.append(f"### {heading}\n\nMeasured {section['date']}, {section['machine']}; {how}.\n")
            parts += [as_markdown(table) for table in tables(section) if table["rows"]]
    return "\n".join(parts)


