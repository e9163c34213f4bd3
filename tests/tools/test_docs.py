"""The documents are true: the generated ones are current, links lead somewhere, commands exist."""

import json
import os
import pathlib
import re
import subprocess

import pytest
from compatibility import page

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGES = sorted(path for path in ROOT.rglob("*.md") if "build" not in path.relative_to(ROOT).parts)


def described(what):
    return subprocess.run([os.environ["MILLRACE_DESCRIBE"], what], check=True, capture_output=True, text=True).stdout


def test_the_page_of_options_is_current():
    assert (ROOT / "docs/configuration.md").read_text() == described("configuration"), "run ./dev docs"


def test_the_page_of_operations_is_current():
    assert (ROOT / "docs/compatibility.md").read_text() == page(json.loads(described("operations"))), "run ./dev docs"


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(path):
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", path.read_text()):
        if "://" not in target:
            assert (path.parent / target).exists(), f"{path.name} links to {target}"


def test_the_words_of_dev_that_documents_name_exist():
    usage = subprocess.run([ROOT / "dev"], check=True, capture_output=True, text=True).stdout
    words = set(re.findall(r"^  ([a-z]+)(?:, ([a-z]+))?", usage, re.MULTILINE))
    known = {word for pair in words for word in pair if word}
    for path in PAGES:
        for word in re.findall(r"\./dev ([a-z]+)", path.read_text()):
            assert word in known, f"{path.name} names ./dev {word}"


def test_the_first_screen_of_the_readme_has_the_two_commands():
    first = "\n".join((ROOT / "README.md").read_text().splitlines()[:20])

    assert "./dev run" in first and "./dev test" in first


def test_the_project_stands_alone():
    """No path of a machine and no sibling of this repository is named in it."""
    patterns = [r"/home/\w+", r"/root/", r"/work/", r"\.\./sha" + "red"]
    for path in ROOT.rglob("*"):
        parts = path.relative_to(ROOT).parts
        if not path.is_file() or parts[0] in ("build", ".git") or "__pycache__" in parts or path.name == "test_docs.py":
            continue
        text = path.read_bytes().decode(errors="replace")
        for pattern in patterns:
            assert not re.search(pattern, text), f"{path} has {pattern}"
