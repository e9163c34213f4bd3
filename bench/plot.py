"""The figures as a picture: CPU per request of each server, as bars on a logarithmic scale (SVG)."""

import math
from xml.sax.saxutils import escape

WIDTH, LEFT, RIGHT, TOP = 880, 236, 90, 62
BAR, GAP, BETWEEN = 13, 2, 16
# Light and dark colours; the order is that of the bars.
COLOURS = {"floor": ("#8b929c", "#7d8590"), "millrace": ("#0b6bcb", "#4aa3ff"), "ferrokinesis": ("#c2571a", "#f08a4b"),
           "kinesalite": ("#6b46c1", "#a78bfa"), "kinesis-local": ("#2f7d4f", "#5cc58a"), "moto": ("#a8324a", "#f2788f")}
STYLE = """
  text { font: 12px system-ui, sans-serif; fill: #24292f }
  .title { font-size: 15px; font-weight: 600 } .small { font-size: 11px }
  .grid { stroke: #d0d7de; stroke-width: 1 } .back { fill: #ffffff }
"""


def style():
    light = "".join(f"  .{name} {{ fill: {colour} }}\n" for name, (colour, _) in COLOURS.items())
    dark = "".join(f"    .{name} {{ fill: {colour} }}\n" for name, (_, colour) in COLOURS.items())
    night = "text { fill: #e6edf3 } .grid { stroke: #30363d } .back { fill: #0d1117 }"
    return f"<style>{STYLE}{light}  @media (prefers-color-scheme: dark) {{\n    {night}\n{dark}  }}\n</style>"


def text(x, y, words, kind="", anchor="start"):
    return f'<text x="{x:.0f}" y="{y:.0f}" class="{kind}" text-anchor="{anchor}">{escape(words)}</text>'


def in_words(micros):
    """A time in the unit that suits it, to about three digits."""
    for unit, size in (("s", 1e6), ("ms", 1e3), ("µs", 1)):
        if micros >= size:
            break
    return f"{micros / size:.{0 if micros / size >= 100 else 1}f} {unit}"


def groups_of(section):
    """(workload, [(server, µs)]) of those that have figures."""
    for result in section["workloads"]:
        yield result["name"], [(name, result["figures"][name]["cpu_us"]) for name in COLOURS
                               if result["figures"].get(name, {}).get("cpu_us")]


def legend(names):
    x = LEFT
    for name in names:
        yield f'<rect x="{x}" y="34" width="11" height="11" rx="2" class="{name}"/>' + text(x + 16, 44, name, "small")
        x += 34 + 7 * len(name)


def plot(section):
    groups = list(groups_of(section))
    values = [value for _, bars in groups for _, value in bars]
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    low -= low == math.log10(min(values))  # The shortest bar has some length.

    def across(value):
        return (math.log10(value) - low) / max(high - low, 1) * (WIDTH - LEFT - RIGHT)

    height = TOP + sum(len(bars) * (BAR + GAP) + BETWEEN for _, bars in groups) + 26
    size = f'width="{WIDTH}" height="{height}"'
    lines = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" {size} role="img">',
             "<title>CPU time of the server per request</title>", style(), f'<rect class="back" {size}/>',
             text(16, 22, "CPU time of the server per request: shorter is better, each line is ten times the one before", "title"),
             *legend([name for name in COLOURS if any(name == one for _, bars in groups for one, _ in bars)])]
    for power in range(low, high + 1):
        x = LEFT + across(10**power)
        lines += [f'<line class="grid" x1="{x:.0f}" x2="{x:.0f}" y1="{TOP - 8}" y2="{height - 22}"/>',
                  text(x, height - 7, in_words(10**power).replace(".0 ", " "), "small", "middle")]
    y = TOP
    for workload, bars in groups:
        lines.append(text(LEFT - 10, y + len(bars) * (BAR + GAP) / 2 + 4, workload, "", "end"))
        for name, value in bars:
            lines += [f'<rect class="{name}" x="{LEFT}" y="{y}" width="{max(across(value), 1):.1f}" height="{BAR}" rx="2"/>',
                      text(LEFT + across(value) + 6, y + BAR - 2, in_words(value), "small")]
            y += BAR + GAP
        y += BETWEEN
    return "\n".join([*lines, "</svg>", ""])
