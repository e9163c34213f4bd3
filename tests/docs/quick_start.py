"""The quick start in the languages whose tools take long to install: part of `./dev clients`, after the client programs.

    python -m pytest tests/docs/quick_start.py

Uses what these have installed under build/clients. A toolchain that is missing skips its example.
"""

import os
import pathlib
import re
import shutil

import pytest
from fenced import ROOT, all_blocks, at, quick_start, run, run_sh

from support.server import Server, environment

CLIENTS = ROOT / "build" / "clients"


@pytest.fixture(scope="module")
def server():
    with Server(args=["--streams", "orders:1"]) as running:
        yield running


@pytest.fixture
def env():
    return {name: value for name, value in environment().items() if not name.startswith("AWS_")}


def needs(*programs):
    for program in programs:
        if not shutil.which(program):
            pytest.skip(f"{program} is not installed")


@pytest.mark.parametrize("page", ["README.md", "docs/quick-start.md"])
def test_aws_cli_2(server, tmp_path, env, page):
    cli = pathlib.Path("/usr/bin/aws")
    if not cli.exists():
        pytest.skip("AWS CLI 2 is not installed")
    block, = [block for block in all_blocks() if block.page == page and "put-record" in block.text]
    commands = tmp_path / "bin"
    commands.mkdir()
    (commands / "aws").symlink_to(cli)
    output = run_sh(server, block.text, tmp_path, {**env, "PATH": f"{commands}:{os.environ['PATH']}", "HOME": str(tmp_path)})

    assert output.endswith("hello\n" if page == "README.md" else "hello from the CLI\n")


def test_node(server, env):
    needs("node")
    folder = CLIENTS / "js_v3"
    (folder / "orders.mjs").write_text(at(server, quick_start("js").text))

    assert run(["node", "orders.mjs"], folder, env).endswith("hello from Node.js\n")


def test_go(server, env):
    needs("go")
    folder = CLIENTS / "go_v2" / "quickstart"
    folder.mkdir(exist_ok=True)
    (folder / "main.go").write_text(at(server, quick_start("go").text))

    assert run(["go", "run", "./quickstart"], folder.parent, env).endswith("hello from Go\n")


def test_java(server, env, tmp_path):
    needs("java", "javac", "mvn")
    jar = CLIENTS / "java_v2" / "target" / "round.jar"
    text = at(server, quick_start("java").text)
    name = re.search(r"public class (\w+)", text)[1]
    (tmp_path / f"{name}.java").write_text(text)
    run(["javac", "-cp", str(jar), f"{name}.java"], tmp_path, env)

    assert run(["java", "-cp", f"{jar}:{tmp_path}", name], tmp_path, env).endswith("hello from Java\n")
