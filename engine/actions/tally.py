"""What a test program counted, read from the end of what it printed (B6.3). Pure: any bytes in, a summary or none out.

A program is known by the line in which it sums up; the last such line counts. Programs that sum up in parts (a crate, a
module, one test at a time) are counted only where the whole output was read: half a sum would be a lie.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from enum import Enum
from typing import NamedTuple

from engine.model.effect import TestSummary

TAIL = 1 << 17
"""Bytes of the end of an output that are enough."""
_WIDEST = 400
"""Characters of a line: no line that sums up is longer."""
_N = r"\d{1,9}"
_MORE = rf"(?:, {_N} [a-z]+){{0,9}}"


class _Sum(Enum):
    """How the lines of one program make its counts."""

    LAST = "last"
    """The last one says all."""
    LINES = "lines"
    """Each of several says other counts; a count that comes again begins anew."""
    PARTS = "parts"
    """Each says a part of all counts."""


class _Form(NamedTuple):
    """A line in which a program sums up; groups name a count, `one` thing that counts, or where the `counts` are."""

    program: str
    how: _Sum
    pattern: re.Pattern[str]


_FORMS = tuple(
    _Form(program, how, re.compile(pattern, re.ASCII))
    for program, how, pattern in (
        ("pytest", _Sum.LAST, rf"=*\s?{_N} [a-z]+{_MORE} in \d[\d.]*s\b.*"),
        ("unittest", _Sum.LINES, rf"ran (?P<total>{_N}) tests? in .*"),
        ("unittest", _Sum.LINES, rf"(?:ok|failed) \((?:[a-z ]{{1,30}}={_N}(?:, )?){{1,6}}\)"),
        ("cargo test", _Sum.PARTS, rf"test result: \w+\. {_N} passed; {_N} failed; .*"),
        ("cargo nextest", _Sum.LAST, rf"\s*summary \[.{{1,30}}\] {_N} tests? run: (?P<counts>{_N} .*)"),
        ("go test", _Sum.PARTS, r"\s*--- (?P<one>pass|fail|skip): .*"),
        ("gotestsum", _Sum.LAST, rf"done {_N} tests?{_MORE} in .*"),
        ("jest", _Sum.LAST, rf"tests: +(?P<counts>(?:{_N} [a-z]+, ){{1,4}}{_N} total)"),
        ("vitest", _Sum.LAST, rf"\s*tests  {_N} [a-z]+(?: \| {_N} [a-z]+){{0,4}}(?: \({_N}\))?"),
        ("mocha", _Sum.LINES, rf"\s+{_N} (?:passing|failing|pending)(?: \(.*\))?"),
        ("TAP", _Sum.PARTS, rf"(?P<one>ok|not ok) {_N}\b.*"),
        ("TAP at its end", _Sum.LINES, rf"[#ℹ] (?:tests (?P<total>{_N})|pass (?P<passed>{_N}))"),  # noqa: RUF001
        ("TAP at its end", _Sum.LINES, rf"[#ℹ] (?:fail (?P<failed>{_N})|skip(?:ped)? (?P<skipped>{_N}))"),  # noqa: RUF001
        ("maven", _Sum.PARTS, rf"(?:\[\w+\] )?tests run: {_N}, failures: {_N}, errors: {_N}, skipped: {_N}"),
        ("gradle", _Sum.LAST, rf"{_N} tests? completed{_MORE}"),
        ("dotnet", _Sum.PARTS, rf"(?:passed|failed)! +- failed: +{_N}, passed: +{_N}, skipped: +{_N}, total: .*"),
        ("ctest", _Sum.LAST, rf"\d{{1,3}}% tests passed, (?P<failed>{_N}) tests? failed out of (?P<total>{_N})"),
        ("rspec, ExUnit, bats", _Sum.LAST, rf"{_N} (?:examples?|tests?), {_N} failures?{_MORE}"),
        ("minitest", _Sum.LAST, rf"{_N} runs, {_N} assertions{_MORE}"),
        ("phpunit", _Sum.LAST, rf"ok \({_N} tests?, {_N} assertions?\)"),
        ("phpunit", _Sum.LAST, rf"tests: {_N}, assertions: {_N}(?:, [a-z]+: {_N}){{0,6}}\."),
        ("deno", _Sum.LAST, rf"(?:ok|failed) \| {_N} passed .*"),
    )
)
_WORDS = {
    "passed": "passed passing pass ok xpassed",
    "failed": "failed failing fail failure failures error errors cancelled successes",
    "skipped": "skipped skip skips pending todo ignored incomplete xfailed",
    "total": "tests test total run runs examples example",
}
"""What programs call each count; the successes are the unexpected ones of unittest."""
_COUNT = {word: count for count, words in _WORDS.items() for word in words.split()} | {"not ok": "failed"}
_PAIR = re.compile(r"(\d{1,9}) ?([a-z]+)|([a-z]+) ?[:=] *(\d{1,9})", re.ASCII)
"""`3 failed`, `failures=3`, `failures: 3`."""
_ESCAPE = re.compile(r"\x1b\[[0-9;:?]*[ -/]*[@-~]")
_SIGN = re.compile("pass|fail|test|skip|ok|runs|ran |pending|examples")
"""Is in each line that sums up: most lines are not looked at any closer."""


def tally(output: bytes, *, whole: bool) -> TestSummary | None:
    """The counts that the last sum in an output says; None where there is no sum, or nothing was counted.

    Args:
        output: the end of what was printed, colours included.
        whole: whether that is all there was.
    """
    sums: dict[str, Counter[str]] = {}
    last: _Form | None = None
    for line in _lines(output):
        for form in _FORMS:
            if (match := form.pattern.fullmatch(line)) and (counts := _counts(match)):
                sums[form.program] = _together(form.how, sums.get(form.program, Counter()), counts)
                last = form
                break
    if last is None or (last.how is _Sum.PARTS and not whole):
        return None
    return _summary(sums[last.program])


def _lines(output: bytes) -> Iterator[str]:
    for line in _ESCAPE.sub("", output.decode(errors="replace")).splitlines():
        if len(line) <= _WIDEST:
            line = line.rstrip().lower()
            if _SIGN.search(line):
                yield line


def _counts(match: re.Match[str]) -> Counter[str]:
    """The counts of one line, by what they count."""
    named = {name: text for name, text in match.groupdict().items() if text is not None}
    if one := named.pop("one", None):
        return Counter({"skipped" if "# skip" in match[0] else _COUNT[one]: 1})
    said = named.pop("counts", match[0]).replace("expected failures", "xfailed")
    if named:
        return Counter({count: int(number) for count, number in named.items()})
    counts = Counter[str]()
    for number, unit, word, amount in _PAIR.findall(said):
        if count := _COUNT.get(unit or word):
            counts[count] += int(number or amount)
    return counts


def _together(how: _Sum, before: Counter[str], now: Counter[str]) -> Counter[str]:
    if how is _Sum.PARTS:
        return before + now
    return now if how is _Sum.LAST or before.keys() & now.keys() else before | now


def _summary(counts: Counter[str]) -> TestSummary | None:
    failed, skipped = counts["failed"], counts["skipped"]
    passed = counts["passed"] or max(0, counts["total"] - failed - skipped)
    return TestSummary(passed=passed, failed=failed, skipped=skipped) if passed or failed or skipped else None
