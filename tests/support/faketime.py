"""Another clock in front of the server, by libfaketime."""

import glob
import os
import pathlib

from support.server import ROOT, is_sanitized


def hosted_binary():
    """The server linked to the machine's C library, which libfaketime needs; None if it is not there.

    A sanitizer and libfaketime both stand in front of the same functions, so it is one or the other.
    """
    if is_sanitized():
        return None
    path = os.environ.get("MILLRACE_HOSTED_BIN", str(ROOT / "build" / "release" / "tests" / "millrace_hosted"))
    return path if pathlib.Path(path).exists() and _library() else None


def faked_environment(setting):
    """What a process's environment needs for `setting`, as in faketime(1): "-1h", "@2030-01-01 12:00:00 x10".

    Preloaded by hand: the command of that name stays between us and the process we want to kill.
    """
    return {"LD_PRELOAD": _library(), "FAKETIME": setting, "FAKETIME_DONT_FAKE_MONOTONIC": "1", "TZ": "UTC"}


def faked_clock(start, speed=1):
    """The same for a clock that shows `start` (UTC) when the process starts and runs `speed` times as fast."""
    return faked_environment(f"@{start:%Y-%m-%d %H:%M:%S}" + (f" x{speed}" if speed != 1 else ""))


def _library():
    return next(iter(glob.glob("/usr/lib/*/faketime/libfaketimeMT.so.1")), None)
