"""What test programs print at their end, as they print it, and what is read from it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.actions.tally import TAIL, tally
from engine.model.effect import TestSummary
from engine.process import run_quietly

MAVEN = """\
[INFO] Tests run: 4, Failures: 0, Errors: 0, Skipped: 1, Time elapsed: 0.12 s -- in a.ATest
[INFO] Results:
[INFO]
[WARNING] Tests run: 4, Failures: 0, Errors: 0, Skipped: 1
[INFO] Tests run: 3, Failures: 1, Errors: 1, Skipped: 0, Time elapsed: 0.12 s -- in b.BTest
[ERROR] Tests run: 3, Failures: 1, Errors: 1, Skipped: 0
[INFO] BUILD FAILURE
"""
GO = """\
=== RUN   TestA
--- PASS: TestA (0.00s)
=== RUN   TestB
=== RUN   TestB/one
    --- PASS: TestB/one (0.00s)
    --- SKIP: TestB/two (0.00s)
--- FAIL: TestB (0.01s)
FAIL
FAIL	example.com/a	0.012s
ok  	example.com/b	0.003s
"""
CARGO = """\
test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.05s

     Running tests/other.rs
test result: FAILED. 3 passed; 2 failed; 0 ignored; 0 measured; 4 filtered out; finished in 0.00s
"""
MOCHA = "  213 passing (2s)\n  2 pending\n  1 failing\n\n  1) a fails:\n     Error: 3 is not 4\n"
NODE = "ℹ tests 12\nℹ suites 2\nℹ pass 9\nℹ fail 2\nℹ cancelled 0\nℹ skipped 1\nℹ todo 0\nℹ duration_ms 61.2\n"  # noqa: RUF001
ENDS = {
    "pytest": (
        "== \x1b[31m1 failed\x1b[0m, \x1b[32m213 passed\x1b[0m, 3 skipped, 2 warnings in 72.03s (0:01:12) ==", 213, 1, 3
    ),
    "pytest -q": ("..F\n214 passed in 1.20s\n", 214, 0, 0),
    "pytest errors": ("==== 2 passed, 1 xfailed, 1 xpassed, 4 deselected, 2 errors in 0.31s ====", 3, 2, 1),
    "unittest": ("Ran 12 tests in 0.003s\n\nOK\n", 12, 0, 0),
    "unittest failed": (
        "Ran 12 tests in 0.003s\n\nFAILED (failures=1, errors=2, skipped=3, expected failures=1)\n", 5, 3, 4
    ),
    "cargo test": (CARGO, 15, 2, 1),
    "cargo nextest": ("     Summary [   0.512s] 12 tests run: 9 passed (1 slow), 3 failed, 2 skipped", 9, 3, 2),
    "go test -v": (GO, 2, 1, 1),
    "gotestsum": ("DONE 214 tests, 1 skipped, 2 failures in 1.203s", 211, 2, 1),
    "jest": ("\x1b[1mTests:\x1b[22m       \x1b[31m1 failed\x1b[39m, 2 skipped, 213 passed, 216 total", 213, 1, 2),
    "vitest": ("      Tests  1 failed | 213 passed | 2 todo (216)\n   Start at  10:00:00", 213, 1, 2),
    "mocha": (MOCHA, 213, 1, 2),
    "node --test": (NODE, 9, 2, 1),
    "TAP": ("1..4\nok 1 - a\nnot ok 2 - b\nok 3 # SKIP no network\nok 4\n", 2, 1, 1),
    "tape": ("ok 1 a\nok 2 b\n\n1..2\n# tests 2\n# pass  2\n\n# ok\n", 2, 0, 0),
    "maven": (MAVEN, 4, 2, 1),
    "gradle": ("10 tests completed, 1 failed, 2 skipped", 7, 1, 2),
    "dotnet": ("Failed!  - Failed:     1, Passed:    12, Skipped:     2, Total:    15, Duration: 1 s", 12, 1, 2),
    "ctest": ("90% tests passed, 1 tests failed out of 10\n\nTotal Test time (real) =   0.01 sec", 9, 1, 0),
    "rspec": ("12 examples, 1 failure, 2 pending", 9, 1, 2),
    "bats": ("12 tests, 0 failures", 12, 0, 0),
    "minitest": ("12 runs, 30 assertions, 1 failures, 1 errors, 2 skips", 8, 2, 2),
    "phpunit": ("OK (12 tests, 30 assertions)", 12, 0, 0),
    "phpunit failed": ("Tests: 12, Assertions: 30, Errors: 1, Failures: 2, Skipped: 1.", 8, 3, 1),
    "deno": ("ok | 12 passed | 0 failed (12ms)", 12, 0, 0),
}  # fmt: skip


@pytest.mark.parametrize("program", ENDS)
def test_each_program_is_read(program: str) -> None:
    text, passed, failed, skipped = ENDS[program]
    assert tally(text.encode(), whole=True) == TestSummary(passed=passed, failed=failed, skipped=skipped)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no tests ran in 0.01s",
        "0 examples, 0 failures",
        "ok  \texample.com/b\t0.003s\n",
        "Found 2 errors in 1 file (checked 3 source files)",
        "214 bottles in 3 boxes\nI passed 3 tests yesterday",
        "x" * 100_000 + " 1 passed in 1.0s",
    ],
)
def test_what_is_no_sum_has_no_counts(text: str) -> None:
    assert tally(text.encode(), whole=True) is None


@pytest.mark.parametrize("program", ["cargo test", "go test -v", "TAP", "maven", "dotnet"])
def test_a_sum_in_parts_is_not_told_where_the_beginning_is_missing(program: str) -> None:
    assert tally(ENDS[program][0].encode(), whole=False) is None


def test_the_last_sum_counts() -> None:
    assert tally(b"2 passed in 0.1s\n3 passed in 0.2s\n", whole=False) == TestSummary(passed=3)
    twice = b"Ran 2 tests in 0.1s\n\nFAILED (failures=1)\nRan 3 tests in 0.1s\n\nOK\n"
    assert tally(twice, whole=True) == TestSummary(passed=3)


async def test_the_unittest_of_this_python_is_read(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(
        "import unittest\nclass T(unittest.TestCase):\n    def test_a(self): pass\n    def test_b(self): self.fail()\n"
        "    @unittest.skip('no')\n    def test_c(self): pass\n"
    )
    ended = await run_quietly((sys.executable, "-m", "unittest"), tmp_path, 20)
    assert tally(ended.stderr, whole=True) == TestSummary(passed=1, failed=1, skipped=1)


LINES = st.lists(
    st.one_of(
        st.sampled_from([line for text, *_ in ENDS.values() for line in text.splitlines()]).map(str.encode),
        st.binary(max_size=60),
        st.from_regex(rb"[0-9]{1,12} [a-z]{1,9}[,:;|=( ]{0,3}", fullmatch=True),
    ),
    max_size=30,
)


@given(lines=LINES, end=st.sampled_from([b"\n", b"\r", b"\r\n", b"\0", b" "]), whole=st.booleans())
def test_any_bytes_have_counts_that_are_none_or_not_negative(lines: list[bytes], end: bytes, whole: bool) -> None:
    summary = tally(end.join(lines), whole=whole)
    assert summary is None or (min(vars(summary).values()) >= 0 and sum(vars(summary).values()) > 0)
    assert summary is None or f"{summary.passed:,} passed" in summary.text


@pytest.mark.parametrize("line", [b"1 ok\n", b"1 a, " * 60 + b"in ok\n", b"ok 1\n", b"Tests:" + b" " * 300 + b"\n"])
def test_hostile_output_is_read_once(line: bytes) -> None:
    assert tally((line * TAIL)[:TAIL], whole=False) is None
