"""AWS's published vectors for Signature Version 4, step by step and byte by byte.

They come with the source distribution of botocore, which is kept under build/ once it was fetched.
"""

import os
import pathlib
import subprocess
import sys
import tarfile
import tempfile

import botocore
import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
SOURCE = ROOT / "build" / "vectors" / f"botocore-{botocore.__version__}.tar.gz"
FOLDER = f"botocore-{botocore.__version__}/tests/unit/auth/aws4_testsuite/"
SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
COUNT = 34
STEPS = [("canonical-request", "creq"), ("string-to-sign", "sts"), ("authorization", "authz")]


def fetch():
    SOURCE.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=SOURCE.parent) as fresh:
        subprocess.run([sys.executable, "-m", "pip", "download", "-q", "--disable-pip-version-check", "--no-deps",
                        "--no-binary", "botocore", "-d", fresh, f"botocore=={botocore.__version__}"], check=True)
        (pathlib.Path(fresh) / SOURCE.name).replace(SOURCE)


@pytest.fixture(scope="module")
def vectors():
    """{name: {suffix: text}} of every vector."""
    if not SOURCE.exists():
        fetch()
    found = {}
    with tarfile.open(SOURCE) as source:
        for member in source:
            name, _, suffix = member.name.removeprefix(FOLDER).rpartition(".")
            if member.isfile() and member.name.startswith(FOLDER) and suffix in ("req", "sreq", "creq", "sts", "authz"):
                found.setdefault(name.rpartition("/")[0], {})[suffix] = source.extractfile(member).read().replace(b"\r", b"")
    return found


def printed(step, request):
    return subprocess.run([os.environ["MILLRACE_SIGV4"], step, SECRET], input=request, check=True,
                          capture_output=True).stdout


def test_all_vectors_are_there(vectors):
    assert len(vectors) == COUNT
    assert all(set(files) == {"req", "sreq", "creq", "sts", "authz"} for files in vectors.values())


@pytest.mark.parametrize("step, suffix", STEPS)
def test_each_step_is_that_of_the_vectors(vectors, step, suffix):
    ours = {name: printed(step, files["sreq"]) for name, files in vectors.items()}

    assert ours == {name: files[suffix] for name, files in vectors.items()}


def test_the_signed_requests_are_the_plain_ones(vectors):
    """Only Authorization, and a session token where there is one, come on top."""
    for name, files in vectors.items():
        added = [line for line in files["sreq"].splitlines() if line not in files["req"].splitlines()]
        assert {line.split(b":")[0].lower() for line in added} <= {b"authorization", b"x-amz-security-token"}, name
