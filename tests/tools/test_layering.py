"""Who may include whom: each folder itself, those named here and what they may; libraries' headers stay in their room."""

import pathlib
import re

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BELOW = {
    "base": [],
    "storage": ["base"],
    "net": ["base"],
    "streams": ["storage"],
    "world": ["streams"],
    "api": ["base"],
    "api/cloudwatch": ["api", "world"],
    "api/kinesis": ["api", "world"],
    "api/sts": ["api", "world"],
    "aws": ["api", "net"],
    "server": ["aws", "api/cloudwatch", "api/kinesis", "api/sts"],
    "app": ["server"],
}
# Where a header may be included, by the beginning of its path and of theirs.
ROOMS = {
    "storage/rocksdb/": ["storage/rocksdb/", "app/", "tests/", "bench/"],
    "rocksdb/": ["storage/rocksdb/", "bench/rocksdb_limit", "tests/storage/fault_file_system.cpp", "tests/storage/checkpoint_test.cpp"],
    "boost/": ["net/", "app/", "bench/", "tests/canary/", "tests/fuzz/served", "tests/net/"],
    "nghttp2/": ["net/", "bench/"],
    "openssl/": ["base/digest", "base/random", "net/tls", "bench/transport"],
    "nlohmann/": ["api/", "server/admin.cpp", "server/control/", "app/ready_file.cpp", "tests/tools/describe.cpp"],
    "CLI/": ["app/command_line.cpp", "app/config.cpp", "bench/"],
    "spdlog/": ["server/", "app/", "tests/server/"],
}
# RocksDB's headers in a header would show through to whoever includes it; these are for storage/rocksdb/*.cpp only.
ROCKSDB_HEADERS = {f"storage/rocksdb/{name}.h" for name in ("rocksdb_store", "epochs", "reclaim", "room", "round_writer")}
# The only folders with coroutines, and the only files outside them with threads.
COROUTINES = ["net", "server", "app"]
THREADS = ("base/alarm_thread", "storage/rocksdb/syncer", "storage/rocksdb/reclaim")


def may_include(folder):
    """All folders that `folder` may include."""
    found = {folder}
    for below in BELOW[folder]:
        found |= may_include(below)
    return found


def folder_of(path):
    """The folder of the table that a file stands in; None outside of it."""
    return max((folder for folder in BELOW if path.startswith(folder + "/")), key=len, default=None)


def includes_of(path, text=None):
    text = path.read_text() if text is None else text
    return re.findall(r'^#include ["<]([^">]+)[">]', text, re.MULTILINE)


def faults(relative, includes):
    """What is wrong with the includes of one of our files, as sentences."""
    folder = folder_of(relative)
    for include in includes:
        target = folder_of(include)
        if folder and target and target not in may_include(folder):
            yield f"{relative} includes {include}, which is not below it"
        if folder and include.split("/")[0] in ("tests", "bench"):
            yield f"{relative} includes {include}"
        for library, rooms in ROOMS.items():
            if include.startswith(library) and not any(relative.startswith(room) for room in rooms):
                yield f"{relative} includes {include}, which belongs to {', '.join(rooms)}"
        if include.startswith("rocksdb/") and relative.endswith(".h") and relative not in ROCKSDB_HEADERS:
            yield f"{relative} shows {include} to whoever includes it"
        if include in ROCKSDB_HEADERS and folder and not relative.startswith("storage/rocksdb/"):
            yield f"{relative} includes {include}, which shows RocksDB's headers"


def sources():
    for folder in sorted({folder.split("/")[0] for folder in BELOW}) + ["tests", "bench"]:
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in (".h", ".cpp"):
                yield path


def test_includes_go_one_way():
    found = [fault for path in sources() for fault in faults(str(path.relative_to(ROOT)), includes_of(path))]

    assert not found, "\n".join(found)


@pytest.mark.parametrize("relative, include", [
    ("base/clock.h", "storage/engine.h"), ("streams/stream.cpp", "api/json.h"), ("api/decode.h", "net/http.h"),
    ("net/http.h", "storage/engine.h"), ("net/http1_session.cpp", "aws/sigv4.h"), ("aws/sigv4.h", "server/protocol.h"),
    ("server/dispatcher.cpp", "app/config.h"), ("api/json.cpp", "streams/errors.h"), ("api/context.h", "world/world.h"),
    ("api/operation.cpp", "api/kinesis/arn.h"), ("api/sts/shapes.h", "api/kinesis/arn.h"), ("aws/protocol.h", "world/world.h"), ("streams/stream.cpp", "storage/rocksdb/keys.h"), ("net/http.cpp", "spdlog/logger.h"),
    ("app/store.cpp", "storage/rocksdb/rocksdb_store.h"), ("server/admin.cpp", "boost/asio/ip/tcp.hpp"),
    ("streams/stream.cpp", "rocksdb/db.h"), ("api/json.cpp", "boost/asio/io_context.hpp"),
    ("net/http.cpp", "nlohmann/json.hpp"), ("storage/engine.h", "rocksdb/db.h"), ("base/bytes.cpp", "tests/fuzz/fuzz.h")])
def test_a_wrong_include_is_found(relative, include):
    assert list(faults(relative, [include]))


def test_nothing_is_left_out():
    assert len(list(sources())) > 150


def test_coroutines_and_threads_stay_in_their_rooms():
    for path in sources():
        relative = str(path.relative_to(ROOT))
        text = path.read_text()
        folder = folder_of(relative)
        if folder and folder not in COROUTINES:
            assert "co_await" not in text, relative
            if "std::thread" in text or "std::jthread" in text:
                assert relative.startswith(THREADS), relative


def test_files_stay_short():
    """400 lines are a smell."""
    for path in sources():
        relative = str(path.relative_to(ROOT))
        if relative.startswith("tests/"):
            continue
        lines = len(path.read_text().splitlines())
        assert lines <= 420, f"{relative} has {lines} lines"
