"""Lint looks at what a change can break: the files changed and all that include them."""

import sources


def test_includers_are_reached_however_deep():
    includes = {"a.h": [], "b.h": ["a.h"], "c.cpp": ["b.h"], "d.cpp": ["e.h"], "e.h": []}

    assert sources.with_includers({"a.h"}, includes) == ["a.h", "b.h", "c.cpp"]
    assert sources.with_includers({"e.h", "README.md"}, includes) == ["d.cpp", "e.h"]
    assert sources.with_includers(set(), includes) == []


def test_a_header_is_proven_by_a_file_that_includes_it_before_anything_else():
    assert sources.first_include('// Words.\n\n#include "a.h"\n\n#include <string>\n') == "a.h"
    assert sources.first_include('#include <string>\n\n#include "a.h"\n') is None
    assert sources.first_include("int x;\n") is None


def test_headers_that_nobody_includes_first_are_left():
    assert sources.unproven(["base/clock.h", "base/clock.cpp", "base/error.h", "tests/fuzz/fuzz.h"]) == ["base/error.h"]
