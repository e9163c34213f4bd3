"""This build beside another one: what a request costs here as a multiple of what it costs there.

Both are asked in alternating rounds, so that what else the machine does meets both. Each pair of rounds gives one ratio;
shown are their geometric mean and its 95 % interval (Student's t over the logarithms).
"""

import math
import pathlib
import statistics
import tempfile

from measure import medians
from servers import OtherBuild, Ours


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


def pairs_of(workload, binary, options, directory):
    """The rounds of this build and of the other one, in pairs."""
    contenders = [Ours(), OtherBuild(binary=binary)]
    folders = [pathlib.Path(directory) / contender.name for contender in contenders]
    rounds = [[], []]
    try:
        for contender, folder in zip(contenders, folders, strict=True):
            folder.mkdir()
            contender.start(workload, folder)
        for number in range(options.rounds):
            for turn in (0, 1) if number % 2 == 0 else (1, 0):
                rounds[turn].append(contenders[turn].run_round(workload, folders[turn], options.seconds))
    finally:
        for contender in contenders:
            contender.stop()
    return rounds


def measure_beside(workloads, binary, options, directory):
    rows = []
    for workload in workloads:
        with tempfile.TemporaryDirectory(prefix="beside-", dir=directory) as place:
            ours, theirs = pairs_of(workload, binary, options, place)
        low, mean, high = interval([mine["cpu_us"] / max(other["cpu_us"], 0.01)
                                    for mine, other in zip(ours, theirs, strict=True)])
        rows.append([workload.name, f"{medians(ours)['cpu_us']:,.1f}", f"{medians(theirs)['cpu_us']:,.1f}",
                     f"{mean:.3f}", f"{low:.3f}", f"{high:.3f}"])
        print(f"{workload.name}: {mean:.3f} ({low:.3f} to {high:.3f})", flush=True)
    return {"title": f"Beside another build, {options.rounds} pairs of {options.seconds:g} s",
            "head": ["request", "CPU µs", "other build", "ratio", "95 % from", "to"], "rows": rows}
