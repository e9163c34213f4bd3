"""Waits for a moment of product time go by Clock::wake_at: whoever has another timer is listed here, with what it waits for."""

import pathlib
import re

import pytest
from sources import all_files

ROOT = pathlib.Path(__file__).resolve().parents[2]
TIMER = re.compile(r"\b(?:net::)?Timer\b|_timer\b|\bsleep_(?:for|until)\b|\bwait_(?:for|until)\s*\(|\bn?anosleep\b|\busleep\b|\balarm\s*\(|\bpoll\s*\(")
OTHERS = {
    "net/": "peers: how long they may be silent",
    "base/alarm_thread": "it rings the alarms of product time, at a moment of the machine's clock",
    "storage/rocksdb/syncer": "the device: the interval of --fsync interval",
    "storage/rocksdb/reclaim": "the device: when room is looked for again",
    "storage/rocksdb/commit_queue": "the device: how long a commit waits for another round",
    "server/log_writer": "lines that are gathered before they are written",
    "server/dispatcher": "the device: when a busy store is asked again",
    "app/server": "the process: its memory, what is refused, its stop",
}
SOURCES = [name for name in all_files() if not name.startswith(("bench/", "tests/"))]


def code_of(path):
    return re.sub(r'//[^\n]*|"(?:[^"\\\n]|\\.)*"', "", (ROOT / path).read_text())


@pytest.mark.parametrize("path", SOURCES)
def test_product_time_is_waited_for_by_its_clock(path):
    code = re.sub(r"\b(?:context\.|void )wait_for\(", "", code_of(path))  # Of a ticket, which api::Context notes.
    found = TIMER.search(code)
    assert not found or any(path.startswith(allowed) for allowed in OTHERS), found


@pytest.mark.parametrize("allowed", OTHERS)
def test_what_is_listed_has_a_timer(allowed):
    assert any(TIMER.search(code_of(path)) for path in SOURCES if path.startswith(allowed))


def test_the_pattern_finds_timers():
    for text in ("net::Timer timer(executor);", "std::this_thread::sleep_for(kStep);", "wake_.wait_for(lock, pause_);", "steady_timer t;"):
        assert TIMER.search(text)
