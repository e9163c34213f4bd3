"""Other servers that speak Kinesis: how to install them under build/peers, and how they are started.

Each is installed by the client of its own registry and never into the tree. One that cannot be installed or started is
reported with the reason.
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys

from calls import ROOT
from servers import Contender, free_port

HOME = ROOT / "build/peers"
INSTALL_S = 3600


def tool(name):
    path = shutil.which(name)
    if not path:
        raise RuntimeError(f"no {name} on this machine")
    return path


def call(*command):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False, timeout=INSTALL_S)
    if done.returncode:
        raise RuntimeError(f"{pathlib.Path(str(command[0])).name}: {(done.stderr or done.stdout).strip().splitlines()[-1]}")


class Peer(Contender):
    """A server of others. It keeps everything in memory, and its delays are off where they can be."""

    version = ""
    binds_everywhere = False  # It listens on all addresses and has no option not to.
    can_be_full = False  # A million records can be put in a bearable time.

    @property
    def home(self):
        return HOME / f"{self.name}-{self.version}"

    def is_installed(self):
        return self.program().exists()

    def program(self):
        raise NotImplementedError

    def install(self):
        raise NotImplementedError

    def command(self):
        raise NotImplementedError

    def environment(self):
        return {}

    def folder(self):
        """Where it must be started, if that matters to it."""
        return None

    def start(self, workload, directory):
        self.spawn([str(word) for word in self.command()], directory / "log", cwd=self.folder() or directory,
                   env={**os.environ, **self.environment()})
        workload.prepare(self, directory)

    def reason_against(self, workload):
        """Why a workload is not for this server, or None."""
        if workload.is_full and not self.can_be_full:
            return "not asked: putting a million records takes too long"
        return None


class Ferrokinesis(Peer):
    """Puts and gets at the same time stop its memory mode for good: no workload mixes them."""

    name, version, can_be_full = "ferrokinesis", "0.7.0", True
    binds_everywhere = True

    def program(self):
        return self.home / "bin/ferrokinesis"

    def install(self):
        call(tool("cargo"), "install", "--quiet", "--locked", "--root", self.home, "--version", self.version, "ferrokinesis")

    def command(self):
        return [self.program(), "--port", self.port, "--create-stream-ms", 0, "--delete-stream-ms", 0,
                "--shard-limit", 20000, "--log-level", "error"]


class NodePeer(Peer):
    binds_everywhere = True

    def install(self):
        tool("node")
        call(tool("npm"), "install", "--silent", "--no-audit", "--no-fund", "--prefix", self.home, f"{self.name}@{self.version}")


class Kinesalite(NodePeer):
    name, version = "kinesalite", "3.3.3"
    rounds_max = 3

    def program(self):
        return self.home / "node_modules/kinesalite/cli.js"

    def command(self):
        return ["node", self.program(), "--port", self.port, "--createStreamMs", 0, "--deleteStreamMs", 0, "--shardLimit", 20000]


class KinesisLocal(NodePeer):
    """A few PutRecords of 500 a second: one round, whatever is asked for. Its first seconds are ten times as slow."""

    name, version = "kinesis-local", "0.6.2"
    rounds_max, warm_up_s = 1, 3

    def program(self):
        return self.home / "node_modules/kinesis-local/main.js"

    def command(self):
        return ["node", self.program()]

    def folder(self):
        return self.program().parent

    def environment(self):
        return {"KINESIS_MOCK_PLAIN_PORT": str(self.port), "KINESIS_MOCK_TLS_PORT": str(free_port()), "SHARD_LIMIT": "20000",
                "CREATE_STREAM_DURATION": "0ms", "DELETE_STREAM_DURATION": "0ms", "LOG_LEVEL": "ERROR"}


class Moto(Peer):
    name, version = "moto", "5.2.5"
    rounds_max, warm_up_s = 1, 0

    def program(self):
        return self.home / "bin/moto_server"

    def install(self):
        call(sys.executable, "-m", "venv", self.home)
        call(self.home / "bin/pip", "install", "--quiet", "--disable-pip-version-check", f"moto[server]=={self.version}")

    def command(self):
        return [self.program(), "-H", "127.0.0.1", "-p", self.port]


PEERS = (Ferrokinesis, Kinesalite, KinesisLocal, Moto)


def without_paths(reason):
    """A reason as it may stand in a document: of the paths of this machine only the last parts."""
    return re.sub(r"(?<!\w)/[^\s'\"]*/", "", str(reason))


def install_all():
    """Installs what is missing; what went wrong is left in a file beside it for those who start it."""
    HOME.mkdir(parents=True, exist_ok=True)
    for peer in (kind() for kind in PEERS):
        if peer.is_installed():
            continue
        print(f"installing {peer.name} {peer.version}", flush=True)
        reason = HOME / f"{peer.name}.reason"
        reason.unlink(missing_ok=True)
        try:
            peer.install()
        except (OSError, RuntimeError, subprocess.TimeoutExpired) as error:
            reason.write_text(without_paths(error))


def why_missing(peer, may_bind_everywhere):
    """Why a peer cannot take part at all, or None."""
    if not peer.is_installed():
        reason = HOME / f"{peer.name}.reason"
        return reason.read_text() if reason.exists() else "not installed"
    if peer.binds_everywhere and not may_bind_everywhere:
        return "it listens on all addresses, and this machine has no network namespace for it (--open-ports starts it all the same)"
    return None
