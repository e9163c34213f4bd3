"""This build beside another one: what a request costs here as a multiple of what it costs there.

Both are asked in alternating rounds, so that what else the machine does meets both. Where code and memory happen to lie
is a matter of a process, and worth some per cent: both start anew after a few pairs of rounds. The pairs between two
starts give one ratio; shown are the geometric mean of these and its 95 % interval (Student's t over the logarithms).
"""

import math
import pathlib
import statistics
import tempfile

from measure import medians
from servers import OtherBuild, Ours

PAIRS_A_LIFE = 2


def student_95(freedom):
    """The 97.5 % quantile of Student's t for so many degrees of freedom, good to 0.01 from 4 on.

    Source: the expansion of Cornish and Fisher, Abramowitz and Stegun 26.7.5.
    """
    z = statistics.NormalDist().inv_cdf(0.975)
    terms = (z, (z**3 + z) / 4, (5 * z**5 + 16 * z**3 + 3 * z) / 96,
             (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384)
    return sum(term / freedom**power for power, term in enumerate(terms))


def interval(ratios):
    """(low, mean, high) of some ratios; without bounds if there are fewer than five."""
    logs = [math.log(ratio) for ratio in ratios]
    mean = statistics.fmean(logs)
    if len(logs) < 5:
        return 0.0, math.exp(mean), math.inf
    reach = student_95(len(logs) - 1) * statistics.stdev(logs) / math.sqrt(len(logs))
    return math.exp(mean - reach), math.exp(mean), math.exp(mean + reach)


def turns(number):
    """Who comes first this time: 0, this build, or 1, the other one."""
    return (0, 1) if number % 2 == 0 else (1, 0)


def pairs_of(workload, binary, options, life, count, directory):
    """So many rounds of this build and of the other one, in pairs, each with a process of its own."""
    contenders = [Ours(), OtherBuild(binary=binary)]
    folders = [pathlib.Path(directory) / contender.name for contender in contenders]
    rounds = [[], []]
    try:
        for turn in turns(life):
            folders[turn].mkdir()
            contenders[turn].start(workload, folders[turn])
        for number in range(count):
            for turn in turns(life + number):
                rounds[turn].append(contenders[turn].run_round(workload, folders[turn], options.seconds))
    finally:
        for contender in contenders:
            contender.stop()
    return rounds


def ratio_of(ours, theirs):
    """The geometric mean of the ratios of some pairs."""
    return math.exp(statistics.fmean(math.log(mine["cpu_us"] / max(other["cpu_us"], 0.01))
                                     for mine, other in zip(ours, theirs, strict=True)))


def measure_beside(workloads, binary, options, directory):
    rows = []
    for workload in workloads:
        ours, theirs, ratios = [], [], []
        while (left := options.rounds - len(ours)) > 0:
            with tempfile.TemporaryDirectory(prefix="beside-", dir=directory) as place:
                pairs = pairs_of(workload, binary, options, len(ratios), min(left, PAIRS_A_LIFE), place)
            ratios.append(ratio_of(*pairs))
            ours += pairs[0]
            theirs += pairs[1]
        low, mean, high = interval(ratios)
        rows.append([workload.name, f"{medians(ours)['cpu_us']:,.1f}", f"{medians(theirs)['cpu_us']:,.1f}",
                     f"{mean:.3f}", f"{low:.3f}", f"{high:.3f}"])
        print(f"{workload.name}: {mean:.3f} ({low:.3f} to {high:.3f})", flush=True)
    return {"title": f"Beside another build, {options.rounds} pairs of {options.seconds:g} s, {PAIRS_A_LIFE} for each start",
            "head": ["request", "CPU µs", "other build", "ratio", "95 % from", "to"], "rows": rows}
