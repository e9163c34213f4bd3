"""The fenced blocks of README and docs/, and how each is run."""

import pathlib
import re
import subprocess
import sys
from dataclasses import dataclass

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
TIMEOUT_S = 120


@dataclass(frozen=True)
class Block:
    page: str
    language: str
    text: str

    @property
    def first_line(self):
        return self.text.split("\n", 1)[0]

    def __str__(self):
        return f"{self.page}: {self.first_line[:50]}"


def all_blocks():
    return [Block(str(path.relative_to(ROOT)), match[1], match[2]) for path in PAGES for match in FENCE.finditer(path.read_text())]


def quick_start(language):
    """The block of that language in the quick start."""
    block, = [block for block in all_blocks() if block.page == "docs/quick-start.md" and block.language == language]
    return block


def at(server, text):
    """`text` for this server instead of the one on the usual port."""
    return text.replace("localhost:4567", f"127.0.0.1:{server.port}")


def run(command, folder, env, text=None):
    done = subprocess.run(command, cwd=folder, env=env, input=text, capture_output=True, text=True, timeout=TIMEOUT_S, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def run_sh(server, text, folder, env):
    """Runs a block as a user's shell does, but stops at the first command that fails."""
    return run(["bash", "-eu", "-o", "pipefail"], folder, env, at(server, text))


def run_python(server, text, folder, env):
    return run([sys.executable, "-"], folder, env, at(server, text))
