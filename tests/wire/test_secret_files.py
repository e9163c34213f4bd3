"""Who may read and write the files of keys: a user's own, and those that containers mount."""

import os
import pathlib
import shutil
import signal
import tempfile

import pytest
from rawsocket import wait_until

from support.server import Server, binary

OTHER = 65532  # The user of the image.

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files to others")


@pytest.fixture(name="place", scope="module")
def a_place_for_all():
    """A folder that every user may enter, with the server in it."""
    place = pathlib.Path(tempfile.mkdtemp(prefix="secrets-"))
    place.chmod(0o755)
    shutil.copy(binary(), place / "millrace")
    (place / "millrace").chmod(0o755)
    yield place
    shutil.rmtree(place)


def start(place, keys, user):
    """What a start with these keys comes to: (whether it serves, its output)."""
    prefix = [] if user == os.geteuid() else ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups"]
    server = Server(args=["--auth", "verify", "--auth-keys", keys], prefix=prefix)
    server.binary = str(place / "millrace")
    server.spawn()
    try:
        wait_until(lambda: server.process.poll() is not None or server.is_ready())
        serves = server.process.poll() is None
    finally:
        if server.process.poll() is None:
            server.process.send_signal(signal.SIGTERM)
            server.process.wait(timeout=20)
    return serves, server.output()


def write(path, mode, owner=None, group=None):
    path.write_text("AKIDEXAMPLE secret\n")
    if owner is not None:
        os.chown(path, owner, owner if group is None else group)
    path.chmod(mode)
    return path


@needs_root
@pytest.mark.parametrize("owner, group, mode, warns", [
    (OTHER, OTHER, 0o600, False), (OTHER, OTHER, 0o400, False),
    (0, OTHER, 0o440, False), (0, OTHER, 0o640, False),  # Kubernetes with fsGroup.
    (0, 0, 0o444, True), (0, 0, 0o644, True)])           # A Docker secret; Kubernetes without fsGroup.
def test_secrets_as_they_are_mounted_are_taken(place, owner, group, mode, warns):
    keys = write(place / "keys", mode, owner, group)
    serves, output = start(place, keys, OTHER)

    assert serves, output
    assert (f"warning: {keys} holds a secret and every user may read it" in output) == warns
    assert output.count("every user may read it") == (1 if warns else 0)


@needs_root
def test_links_of_kubernetes_lead_to_the_secret(place):
    """keys -> ..data/keys, ..data -> ..2026_11_30/."""
    version = place / "..2026_11_30"
    version.mkdir()
    version.chmod(0o755)
    write(version / "keys-linked", 0o644, 0)
    (place / "..data").symlink_to(version.name)
    (place / "keys-linked").symlink_to("..data/keys-linked")

    serves, output = start(place, place / "keys-linked", OTHER)
    assert serves, output


@needs_root
@pytest.mark.parametrize("owner, mode, text", [
    (OTHER, 0o640, f"others than its owner may use the file (its mode is 0640 and its owner user {OTHER}); take that away with chmod 600"),
    (OTHER, 0o604, "chmod 600"), (OTHER, 0o620, "chmod 600"),
    (0, 0o664, "others may write to the file (its mode is 0664 and its owner user 0); take that away with chmod go-w"),
    (0, 0o446, "chmod go-w"),
    (1000, 0o644, f"the file belongs to another user (its mode is 0644 and its owner user 1000); it has to belong to root or to user {OTHER}")])
def test_secrets_that_others_could_change_or_read_are_refused(place, owner, mode, text):
    keys = write(place / "keys", mode, owner)
    serves, output = start(place, keys, OTHER)

    assert not serves
    assert f"access keys in {keys}: " in output and text in output


@pytest.mark.skipif(os.geteuid() == 0, reason="root's own files are those of mounts")
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620])
def test_a_users_own_file_is_for_nobody_else(place, mode):
    serves, output = start(place, write(place / "keys", mode), os.geteuid())

    assert not serves
    assert "chmod 600" in output
