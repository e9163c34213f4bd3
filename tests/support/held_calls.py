"""A device that does not answer, in front of the server: tests/tools/held_calls.cpp."""

import contextlib
import os
import pathlib

from support.faketime import hosted_binary
from support.server import ROOT, Server


def library():
    path = os.environ.get("MILLRACE_HELD_CALLS_LIB", str(ROOT / "build" / "release" / "tests" / "libheld_calls.so"))
    return path if hosted_binary() and pathlib.Path(path).exists() else None


class HeldServer(Server):
    """A server whose calls on files can be held; `switches` is an empty directory of its own.

    `preload` are more libraries to stand in front of it, `env` is what they are told.
    """

    def __init__(self, directory, switches, args=(), preload=(), env=None):
        libraries = ":".join([library(), *map(str, preload)])
        super().__init__(directory, args, env={"LD_PRELOAD": libraries, "MILLRACE_HELD_CALLS": str(switches), **(env or {})})
        self.binary = hosted_binary()
        self.switches = pathlib.Path(switches)

    @contextlib.contextmanager
    def held(self, call):
        """Within it, `call` ("write.log", "read.sst", "sync.log", ...) does not return."""
        switch = self.switches / call
        switch.touch()
        try:
            yield
        finally:
            switch.unlink()
