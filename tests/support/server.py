"""Starts, stops and kills a server process for the black-box tests."""

import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

import boto3
from botocore.config import Config

ROOT = pathlib.Path(__file__).resolve().parents[2]
READY_TIMEOUT_S = 20.0


def binary() -> str:
    """The server under test: MILLRACE_BIN, else the release build."""
    return os.environ.get("MILLRACE_BIN", str(ROOT / "build" / "release" / "millrace"))


def environment():
    """This process's environment without what concerns the tests: the server takes MILLRACE_* for its own."""
    return {name: value for name, value in os.environ.items() if not name.startswith("MILLRACE_")}


def is_static() -> bool:
    """Whether the server under test runs without any library beside it."""
    linked = subprocess.run(["ldd", binary()], capture_output=True, text=True, check=False)
    return "statically linked" in linked.stdout or "not a dynamic executable" in linked.stderr


def is_sanitized() -> bool:
    """Whether the build under test watches its memory, and so takes several times as much of it."""
    return bool(os.environ.get("MILLRACE_SANITIZE"))


def apart(*kinds):
    """Words in front of a command that runs it in namespaces of its own ("mount", "net"), as root there.

    None where this machine does not allow it.
    """
    words = ["unshare", *([] if os.geteuid() == 0 else ["--user", "--map-root-user"]), *(f"--{kind}" for kind in kinds)]
    if not shutil.which("unshare") or subprocess.run([*words, "true"], capture_output=True, check=False).returncode:
        return None
    return words


def is_listening(port) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
        return True
    except OSError:
        return False


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """One server process on a port of its own. Restarts keep port and data directory.

    `directory` is the data directory; without one the server keeps everything in memory.
    Its output goes to `log`, a file in the system's temporary directory, named on failure.
    """

    def __init__(self, directory=None, args=(), env=None, prefix=()):
        self.directory = directory
        self.args = [str(arg) for arg in args]
        self.env = env or {}
        self.prefix = [str(word) for word in prefix]
        self.binary = None  # Another build than the one under test.
        self.port = free_port()
        self.process = None
        handle, self.log = tempfile.mkstemp(prefix="server-", suffix=".log")
        os.close(handle)

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def spawn(self):
        """Starts the process without waiting for it to be ready."""
        storage = ["--data-dir", str(self.directory)] if self.directory else ["--ephemeral"]
        command = [*self.prefix, self.binary or binary(), "serve", "--port", str(self.port), *storage, *self.args]
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                command, stdout=log, stderr=log, stdin=subprocess.DEVNULL,
                env={**environment(), **self.env})
        return self

    def start(self):
        """Starts the process and returns once it answers that it is ready."""
        self.spawn()
        deadline = time.monotonic() + READY_TIMEOUT_S
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise RuntimeError(f"exited with {self.process.returncode}: {self.output()}")
            if self.is_ready() and self.process.poll() is None:
                return self
            time.sleep(0.005)
        raise RuntimeError(f"not ready after {READY_TIMEOUT_S} s: {self.output()}")

    def is_ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.endpoint}/_millrace/health", timeout=2) as answer:
                return answer.status == 200
        except (OSError, urllib.error.URLError):
            return False

    def kill(self):
        """Ends the process at once, as kill -9 does."""
        self.process.kill()
        self.process.wait()

    def stop(self, timeout_s=15.0) -> int:
        """Asks the process to end (SIGTERM) and returns its exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=timeout_s)

    def output(self) -> str:
        return pathlib.Path(self.log).read_text(errors="replace")

    def client(self, **overrides):
        return client(self.endpoint, **overrides)

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        if self.process and self.process.poll() is None:
            self.stop()
        os.unlink(self.log)


def client(endpoint, region="us-east-1", access_key="AKIDEXAMPLE", retries=0, **config):
    """A boto3 Kinesis client; without retries unless told, so that a test sees every answer."""
    return boto3.client(
        "kinesis", endpoint_url=endpoint, region_name=region,
        aws_access_key_id=access_key, aws_secret_access_key="secret",
        config=Config(retries={"total_max_attempts": 1 + retries, "mode": "standard"},
                      **{"connect_timeout": 5, "read_timeout": 30, **config}))
