"""Measures this build beside a bare HTTP server and RocksDB alone, in interleaved rounds.

    bench/run.py [--only NAME] [--rounds N] [--seconds S] [--quick] [--keep] [--json FILE]
    bench/run.py --peers [--open-ports]     and beside other servers that speak Kinesis
    bench/run.py --beside BINARY            beside another build of this server, in pairs
    bench/run.py --growth [--records N]     what more shards, records and connections cost
    bench/run.py --mixed MINUTES            all kinds of requests at the same time
    bench/run.py --latency                  how long a PutRecord takes, alone, beside others and synced
    bench/run.py --soak MINUTES             load while records expire

Each round asks everyone in turn; a ratio is taken within its round, and what is shown are medians. The figure to go by
is the server's CPU time per request and its ratio to the floor's: times on a shared machine are noise, this moves by ten
to twenty per cent. A ratio to the floor that is more than 15 % above the kept one (bench/kept.json) fails. `--keep`
keeps this run instead and writes the tables and the plot of docs/internals/performance.md.
"""

import argparse
import collections
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

from beside import measure_beside
from calls import ROOT
from growth import measure_growth
from latency import measure_latency
from measure import medians
from mixed import measure_mixed
from page import as_text, keep, kept_ratios, request_tables, stamp
from peers import PEERS, install_all, why_missing, without_paths
from servers import Floor, Ours, RocksDb
from soak import measure_soak
from support.fast_client import Refused, Unanswered
from support.server import apart
from workloads import workloads

WORSE_MAX = 1.15
INSIDE = "MILLRACE_BENCH_APART"  # Set within the network namespace.
FAILURES = (RuntimeError, OSError, Refused, Unanswered, KeyError, subprocess.SubprocessError)


def others(workload, answer, options):
    """(contender, why not) of all but this build, in the order of their turns."""
    yield Floor(answer), None
    if workload.operation.startswith("Put") and workload.is_plain:
        yield RocksDb(has_key_per_record=False), None
        yield RocksDb(has_key_per_record=True), None
    if options.peers and not workload.way.is_inside_tls and not workload.way.is_http2:
        for peer in (kind() for kind in PEERS):
            yield peer, why_missing(peer, INSIDE in os.environ or options.open_ports) or peer.reason_against(workload)


def bench_one(workload, options, directory):
    """The figures of each server, or the reason why there are none, and the ratios of ours to theirs."""
    ours, figures, running = Ours(), {}, []
    rounds = collections.defaultdict(list)

    def folder(contender):
        path = pathlib.Path(directory) / contender.name
        path.mkdir(exist_ok=True)
        return path

    def give_up(contender, reason):
        """A peer that fails is told of and takes no further part; the rest must not fail."""
        if not isinstance(contender, PEERS):
            raise reason
        figures[contender.name] = {"reason": without_paths(reason)}
        contender.stop()

    try:
        answer = ours.start(workload, folder(ours))
        for contender, why_not in others(workload, answer, options):
            if why_not:
                figures[contender.name] = {"reason": why_not}
                continue
            try:
                running.append(contender)
                contender.start(workload, folder(contender))
            except FAILURES as error:
                give_up(running.pop(), error)
        running.append(ours)
        for number in range(options.rounds):
            for contender in [one for one in running if number < one.rounds_max and one.name not in figures]:
                try:
                    rounds[contender.name].append(contender.run_round(workload, folder(contender), options.seconds))
                except FAILURES as error:
                    give_up(contender, error)
        for contender in running:
            if contender.name not in figures:
                figures[contender.name] = {**medians(rounds[contender.name]), **contender.after(workload)}
    finally:
        for contender in [*running, ours]:
            contender.stop()
    ratios = {name: ratio_of(rounds[ours.name], theirs)
              for name, theirs in rounds.items() if name != ours.name and "reason" not in figures[name]}
    return {"name": workload.name, "count": workload.count, "figures": figures, "ratios": ratios}


def ratio_of(ours, theirs):
    """Of CPU per request, each taken within its round. A short round may have cost less than the clock can tell."""
    return statistics.median(mine["cpu_us"] / max(other["cpu_us"], 0.01) for mine, other in zip(ours, theirs, strict=False))


def chosen(options):
    """The workloads whose name contains one of the parts of --only."""
    parts = [part.strip() for part in options.only.split(",")]
    found = [workload for workload in workloads() if any(part in workload.name for part in parts)]
    if not found:
        sys.exit(f"no workload has {options.only!r} in its name")
    return found


def bench_all(options, directory):
    results = []
    for workload in chosen(options):
        with tempfile.TemporaryDirectory(prefix="bench-", dir=directory) as place:
            results.append(bench_one(workload, options, place))
        ratios = ", ".join(f"{value:.2f} x {name}" for name, value in results[-1]["ratios"].items())
        print(f"{workload.name}: {results[-1]['figures']['millrace']['cpu_us']:,.1f} µs, {ratios}", flush=True)
    return {**stamp(), "rounds": options.rounds, "seconds": options.seconds, "workloads": results}


def worsened(results):
    """A sentence for each ratio to the floor that is too far above the kept one."""
    kept = kept_ratios()
    for result in results:
        was, now = kept.get(result["name"]), result["ratios"]["floor"]
        if was and now > was * WORSE_MAX:
            yield f"{result['name']}: {now:.2f} times the floor's CPU, {now / was - 1:.0%} above the kept {was:.2f}"


def go_apart(options):
    """Starts this program again in a network namespace that has nothing but loopback: some peers listen everywhere."""
    words = None if INSIDE in os.environ or options.open_ports else apart("net")
    if words:
        command = [*words, "sh", "-c", 'ip link set lo up && exec "$@"', "sh", sys.executable, *sys.argv]
        os.execvpe(command[0], command, {**os.environ, INSIDE: "1"})


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", metavar="NAME,…", help="workloads whose name contains one of these")
    parser.add_argument("--rounds", type=int, help="default 3, pairs of --beside 20")
    parser.add_argument("--seconds", type=float, default=1.5, help="of each round")
    parser.add_argument("--quick", action="store_true", help="one short round, to see that it works; compared with nothing")
    parser.add_argument("--peers", action="store_true", help="install other servers under build/peers and measure them too")
    parser.add_argument("--beside", metavar="BINARY", help="another build of this server, in pairs of rounds")
    parser.add_argument("--open-ports", action="store_true", help="start peers that listen on all addresses here, not apart")
    parser.add_argument("--growth", action="store_true", help="cost with more shards, records and connections")
    parser.add_argument("--records", type=int, default=10**7, help="how many --growth goes up to")
    parser.add_argument("--mixed", type=float, metavar="MINUTES", nargs="?", const=1.0, help="mixed load")
    parser.add_argument("--latency", action="store_true", help="how long a PutRecord takes, alone, beside others and synced")
    parser.add_argument("--soak", type=float, metavar="MINUTES", nargs="?", const=30.0, help="load while records expire")
    parser.add_argument("--keep", action="store_true", help="keep the result and write docs/internals/performance.md and .svg")
    parser.add_argument("--json", help="also write the figures to this file")
    options = parser.parse_args()
    options.rounds = options.rounds or (20 if options.beside else 3)
    if options.beside and options.keep:
        parser.error("--keep does not go with --beside: what is kept says nothing of other builds")
    if options.quick:
        options.rounds, options.seconds = min(options.rounds, 1), min(options.seconds, 0.3)
    return options


def measure(options, directory):
    """The sections that were asked for."""
    if options.beside:
        return {"beside": {**stamp(), "tables": [measure_beside(chosen(options), options.beside, options, directory)]}}
    if options.growth:
        return {"growth": {**stamp(), "tables": measure_growth(options, directory)}}
    if options.mixed:
        return {"mixed": {**stamp(), "tables": [measure_mixed(options, directory)]}}
    if options.latency:
        return {"latency": {**stamp(), "tables": [measure_latency(options, directory)]}}
    if options.soak:
        return {"soak": {**stamp(), "tables": [measure_soak(options, directory)]}}
    result = bench_all(options, directory)
    return {"peers": result} if options.peers else {"requests": result}


def main():
    options = parse()
    os.environ.setdefault("MILLRACE_BIN", str(ROOT / "build/release/millrace"))
    if options.peers:
        if INSIDE not in os.environ:
            install_all()
        go_apart(options)
    places = ROOT / "build/bench"  # On a disk, which the system's temporary directory may not be.
    places.mkdir(parents=True, exist_ok=True)
    try:
        with tempfile.TemporaryDirectory(dir=places) as directory:
            sections = measure(options, directory)
    except (RuntimeError, subprocess.SubprocessError) as error:
        sys.exit(f"bench: {error}")
    for kind, section in sections.items():
        for table in section["tables"] if "tables" in section else request_tables(section, with_peers=kind == "peers"):
            print("\n" + as_text(table))
    if options.json:
        pathlib.Path(options.json).write_text(json.dumps(sections, indent=1))
    if options.keep:
        keep(sections)
    elif not options.quick:
        worse = [line for section in sections.values() for line in worsened(section.get("workloads", []))]
        if worse:
            sys.exit("worse than what is kept (--keep takes it as the new measure):\n" + "\n".join(worse))


if __name__ == "__main__":
    main()
