"""The crash loop, short: ./dev crash runs it for longer."""

import os

import pytest
from crash_loop import hosted_binary, run

KILLS = 200 if os.environ.get("MILLRACE_LONG") else 10


@pytest.mark.parametrize("fsync", ["interval", "always", "never"])
def test_nothing_acknowledged_is_lost_changed_or_reordered(fsync):
    figures = run(KILLS, seed=len(fsync), fsync=fsync, check_every=5)

    print(figures)
    assert figures["acknowledged"] > 20 * KILLS
    assert figures["reshards"] > 0
    assert figures["facts changed"] > 0
    assert figures["records pushed"] > 0
    assert figures["iterators kept over a kill"] > 0
    if hosted_binary():
        assert figures["lives an hour behind"] > 0
