"""Real containers without a daemon: podman with runc, and an image of the last stage of the Dockerfile.

Nothing is pulled: that stage begins from nothing, and what it copies from the stage before is laid out here by the same
script, docker/image-files.
"""

import contextlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

from support.server import ROOT, free_port

IMAGE = "millrace"
TIMEOUT_S = 120
# runc, since crun wants another layout of control groups than many machines have; limits that a container's own root
# may set; files for events where no journal runs.
SETTINGS = """[containers]
default_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
"""


class Podman:
    """A store of images and containers of its own, gone with the folder it lies in."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        (self.folder / "containers.conf").write_text(SETTINGS)
        self.env = {**os.environ, "CONTAINERS_CONF": str(self.folder / "containers.conf")}
        self.words = ["podman", "--root", str(self.folder / "root"), "--runroot", str(self.folder / "run"),
                      "--storage-driver", "vfs", "--runtime", "runc"]

    def __call__(self, *words, check=True):
        done = subprocess.run([*self.words, *map(str, words)], capture_output=True, text=True, timeout=TIMEOUT_S, check=False,
                              env=self.env, stdin=subprocess.DEVNULL)
        if check and done.returncode:
            raise RuntimeError(f"podman {' '.join(map(str, words))}: {done.stderr}")
        return done

    def build(self, binary):
        context = self.folder / "context"
        subprocess.run([ROOT / "docker" / "image-files", binary, context], check=True, timeout=TIMEOUT_S)
        last = (ROOT / "Dockerfile").read_text().split("\nFROM scratch\n")[1]
        # The stage before is this folder.
        text = re.sub(r"^(COPY) --from=build (.*?)/image/", r"\1 \2", last, flags=re.MULTILINE)
        assert "--from" not in text
        (context / "Dockerfile").write_text("FROM scratch\n" + text)
        self("build", "--pull-never", "--format", "docker", "-t", IMAGE, context)

    @contextlib.contextmanager
    def run(self, *words, options=(), port=4567, publish=True):
        """A container of the image, which `words` follow; it ends and goes at the end."""
        host_port = free_port()
        published = ["-p", f"127.0.0.1:{host_port}:{port}"] if publish else []
        name = self("run", "-d", *published, *options, IMAGE, *words).stdout.strip()
        container = Container(self, name, host_port)
        try:
            yield container
        finally:
            self("rm", "-f", "-v", "-t", "0", name, check=False)

    @contextlib.contextmanager
    def socket(self):
        """The address of an engine that clients of Docker's API may use."""
        path = self.folder / "docker.sock"
        service = subprocess.Popen([*self.words, "system", "service", "--time", "0", f"unix://{path}"], env=self.env,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            wait_for(path.exists)
            yield f"unix://{path}"
        finally:
            service.terminate()
            service.wait(timeout=TIMEOUT_S)


class Container:
    def __init__(self, podman, name, port):
        self.podman, self.name, self.port = podman, name, port

    def state(self):
        return json.loads(self.podman("inspect", self.name).stdout)[0]["State"]

    def is_running(self):
        return self.state()["Running"]

    def logs(self):
        done = self.podman("logs", self.name)
        return done.stdout + done.stderr

    def health(self):
        """The check that the image declares, run once: whether it is content, and what it says."""
        done = self.podman("healthcheck", "run", self.name, check=False)
        return done.returncode == 0, done.stdout + done.stderr

    def exec(self, *words):
        return self.podman("exec", self.name, *words, check=False)

    def answers(self, scheme="http"):
        """Whether the published port says that the server is ready."""
        import ssl
        context = ssl._create_unverified_context() if scheme == "https" else None
        try:
            with urllib.request.urlopen(f"{scheme}://127.0.0.1:{self.port}/_millrace/health", timeout=2, context=context) as answer:
                return answer.status == 200
        except (OSError, urllib.error.URLError):
            return False

    def wait_until_ready(self, scheme="http"):
        try:
            wait_for(lambda: self.answers(scheme))
        except TimeoutError:
            raise TimeoutError(f"not ready: {self.logs()}") from None
        return self

    def stop(self):
        """Stops it as `docker stop` does; (exit status, seconds it took)."""
        began = time.monotonic()
        self.podman("stop", "-t", "10", self.name)
        return self.state()["ExitCode"], time.monotonic() - began


def wait_for(condition, timeout_s=20):
    deadline = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError("waited in vain")
        time.sleep(0.05)


@contextlib.contextmanager
def podman_with_image(binary):
    folder = tempfile.mkdtemp(prefix="containers-")
    podman = Podman(folder)
    try:
        podman.build(binary)
        yield podman
    finally:
        podman("rm", "-fa", "-t", "0", check=False)
        podman("rmi", "-fa", check=False)
        podman("network", "prune", "-f", check=False)
        shutil.rmtree(folder, ignore_errors=True)
