"""The bench: its requests are well-formed, what it wrote into the documents is current, and it notices what got worse."""

import argparse
import pathlib
import random
import sys
import xml.etree.ElementTree

import cbor2
import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "bench"))

import beside  # noqa: E402
import page  # noqa: E402
import run  # noqa: E402
from beside import interval, student_95  # noqa: E402
from calls import as_bytes, as_cbor, as_json, record  # noqa: E402
from peers import without_paths  # noqa: E402
from workloads import workloads  # noqa: E402


@pytest.mark.parametrize("value", [
    0, 23, 24, 255, 256, 65535, 65536, 2**32 - 1, 2**32, "", "a" * 23, "a" * 24, "é" * 300, b"", b"\xff" * 70_000,
    [], [1, [2]], {}, {"Records": [{"PartitionKey": "a", "Data": b"\0"}] * 500}], ids=lambda value: str(value)[:20])
def test_cbor_is_what_others_read(value):
    assert cbor2.loads(as_cbor(value)) == value


def test_bytes_are_base64_in_json():
    assert as_json({"Data": b"aaa"}) == b'{"Data": "YWFh"}'


def test_a_request_says_how_long_it_is():
    head, _, body = as_bytes("PutRecord", record(random.Random(1), 100)).partition(b"\r\n\r\n")

    assert f"Content-Length: {len(body)}".encode() in head


def test_names_of_workloads_are_told_apart():
    names = [workload.name for workload in workloads()]

    assert len(set(names)) == len(names)


def test_what_is_kept_is_what_the_page_shows():
    kept = page.read_kept()

    assert page.PAGE.read_text() == page.page_with(page.PAGE.read_text(), page.body(kept))
    assert page.SHORT_PAGE.read_text() == page.page_with(page.SHORT_PAGE.read_text(), page.short_body(kept))
    assert page.PLOT.read_text() == page.plot(kept.get("peers") or kept["requests"])


def test_the_plot_is_well_formed_and_has_each_workload():
    root = xml.etree.ElementTree.fromstring(page.PLOT.read_text())

    words = {element.text for element in root.iter("{http://www.w3.org/2000/svg}text")}
    kept = page.read_kept()
    assert {result["name"] for result in (kept.get("peers") or kept["requests"])["workloads"]} <= words


@pytest.mark.parametrize("now, is_worse", [(1.0, False), (2.29, False), (2.31, True)])
def test_a_ratio_that_rises_too_far_is_told(monkeypatch, now, is_worse):
    monkeypatch.setattr(run, "kept_ratios", lambda: {"put": 2.0})

    told = list(run.worsened([{"name": "put", "ratios": {"floor": now}}, {"name": "new", "ratios": {"floor": 99}}]))

    assert bool(told) == is_worse
    assert all("put: 2.31 times the floor's CPU, 16% above the kept 2.00" in line for line in told)


@pytest.mark.parametrize("freedom, quantile", [(4, 2.776), (9, 2.262), (19, 2.093), (59, 2.001), (10**6, 1.960)])
def test_students_t_is_as_in_tables(freedom, quantile):
    assert student_95(freedom) == pytest.approx(quantile, abs=0.011)


def test_the_interval_of_ratios_is_theirs_and_geometric():
    low, mean, high = interval([0.5, 2.0] * 10)
    assert mean == pytest.approx(1.0)
    assert low * high == pytest.approx(1.0)
    assert high == pytest.approx(2.0 ** (2.093 * (20 / 19) ** 0.5 / 20**0.5), rel=0.001)

    assert interval([0.9] * 20) == pytest.approx((0.9, 0.9, 0.9))
    assert interval([0.9] * 4) == (0.0, pytest.approx(0.9), float("inf"))


def test_the_second_start_of_two_builds_mirrors_the_first(monkeypatch, tmp_path):
    events = []

    class Fake:
        def __init__(self, binary=None):
            self.name = "other" if binary else "this"

        def start(self, workload, folder):
            events.append((self.name, f"start {workload.name}", folder.exists()))

        def run_round(self, workload, folder, seconds):
            events.append((self.name, workload.name, seconds))
            return {"cpu_us": 3.0 if self.name == "other" else 6.0}

        def stop(self):
            pass

    monkeypatch.setattr(beside, "Ours", Fake)
    monkeypatch.setattr(beside, "OtherBuild", Fake)
    options = argparse.Namespace(rounds=2 * beside.PAIRS_A_LIFE, seconds=0.5)
    workload = argparse.Namespace(name="put")

    table = beside.measure_beside([workload], "binary", options, tmp_path)

    first, second = events[:len(events) // 2], events[len(events) // 2:]
    mirrored = {"this": "other", "other": "this"}
    assert len(events) == 2 * (2 + 2 * beside.PAIRS_A_LIFE)
    assert second == [(mirrored[name], *rest) for name, *rest in first]
    assert table["rows"][0][:4] == ["put", "6.0", "3.0", "2.000"]


@pytest.mark.parametrize("only, count", [("", 13), ("put_record 100 B", 4), ("describe,put_record 1 KiB", 2), ("TLS, CBOR", 4)])
def test_only_takes_several_parts_of_names(only, count):
    assert len(run.chosen(argparse.Namespace(only=only))) == count


def test_a_name_that_no_workload_has_ends_the_run():
    with pytest.raises(SystemExit, match="no workload"):
        run.chosen(argparse.Namespace(only="nothing"))


def test_a_run_of_some_workloads_leaves_the_others():
    old = {"date": "then", "workloads": [{"name": "a", "is": 1}, {"name": "b", "is": 1}]}

    new = page.merged(old, {"date": "now", "workloads": [{"name": "b", "is": 2}]})

    assert new == {"date": "now", "workloads": [{"name": "a", "is": 1}, {"name": "b", "is": 2}]}


def test_reasons_have_no_paths_of_this_machine():
    assert without_paths("cannot open '/opt/one/two' nor /srv/three/four: 1/2") == "cannot open 'two' nor four: 1/2"
