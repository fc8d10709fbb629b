"""A page in rows: what must be read is all there, in order, and counted."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.hostile import HOSTILE, is_control
from tui.presentation.changes import changed_lines
from tui.presentation.files import FileText
from tui.presentation.page import Line, Page
from tui.presentation.sheet import Numbered, Sheet, draw

SCRIPT = FileText("tools/deploy.sh", "sha256 4f1c9a", "\n".join(f"echo {number}" for number in range(1, 31)))
NOTE = FileText("dump.sql", "31 MB", note="Its text is not shown", warns=True)


def _text(sheet: Sheet, *, ascii_only: bool = False) -> list[str]:
    drawn = []
    for entry in sheet.rows:
        match entry:
            case Numbered():
                drawn.append(draw(entry, ascii_only=ascii_only).plain)
            case FileText():
                drawn.append(entry.path)
            case _:
                drawn.append(entry.plain)
    return drawn


def test_operand_diff_files_and_facts_stand_in_this_order() -> None:
    page = Page("bash tools/deploy.sh", diff="+a\n-b", files=[SCRIPT, NOTE], lines=[Line("in", "/srv")])
    text = _text(Sheet.of(page, 60))
    wanted = ["bash tools", "+a", "tools/deploy.sh", "  1  echo 1", " 30  echo 30", "dump.sql", "not shown", "/srv"]
    found = [next(place for place, row in enumerate(text) if part in row) for part in wanted[:2]]
    found.append(text.index("tools/deploy.sh"))
    found += [next(place for place, row in enumerate(text) if part in row) for part in wanted[3:]]
    assert found == sorted(found)


def test_files_are_a_part_of_what_must_be_read_unless_the_page_says_no() -> None:
    facts = [Line("in", "/srv"), Line("needs", "nothing")]
    assert Sheet.of(Page("bash x", files=[SCRIPT, NOTE], lines=facts), 60).must == 1 + 31 + 2
    assert Sheet.of(Page("bash x", files=[SCRIPT], lines=facts, files_count=False), 60).must == 1


@pytest.mark.parametrize(
    ("top", "where"),
    [
        (0, "deploy.sh 1-8 of 30"),
        (2, "deploy.sh 1-10 of 30"),
        (20, "deploy.sh 19-28 of 30"),
        (33, "deploy.sh 30 of 30"),
    ],
)
def test_it_tells_which_lines_are_in_sight(top: int, where: str) -> None:
    assert Sheet.of(Page("bash tools/deploy.sh", files=[SCRIPT, NOTE]), 60).where(top, 10) == where


def test_an_operand_without_files_needs_no_name() -> None:
    assert Sheet.of(Page("a\nb\nc"), 60).where(1, 2) == "2-3 of 3"
    assert Sheet.of(Page(lines=[Line("in", "/srv")]), 60).where(0, 5) == ""


@given(st.sampled_from(list(HOSTILE.values())), st.integers(20, 100), st.booleans())
def test_hostile_text_in_a_file_is_shown_and_never_obeyed(text: str, width: int, plain: bool) -> None:
    page = Page(text, files=[FileText("x", "y", text, note=text)], lines=[Line("in", text)])
    for row in _text(Sheet.of(page, width, ascii_only=plain), ascii_only=plain)[: -1 or None]:
        assert not any(map(is_control, row))


BEFORE = "set -e\nalembic upgrade head\n\npsql -c 'DROP TABLE sessions_old'\nmake docs\necho done\n"
AFTER = "set -e\nalembic upgrade head\necho three\npsql -c 'DROP TABLE sessions'\necho done\necho more\n"


def test_what_changed_stands_among_the_lines_of_the_operand() -> None:
    page = Page(AFTER, {4: "bold"}, before=BEFORE, changed=[Line("~ network", "none → any")], changed_since="rev 2")
    sheet = Sheet.of(page, 60)
    assert _text(sheet) == [
        "    1  set -e",
        "    2  alembic upgrade head",
        "  - 3  ",
        "  - 4  psql -c 'DROP TABLE sessions_old'",
        "  - 5  make docs",
        "  + 3  echo three",
        "▲ + 4  psql -c 'DROP TABLE sessions'",
        "    5  echo done",
        "  + 6  echo more",
        " changed since rev 2",
        " ~ network  none → any",
    ]
    assert sheet.must == 11
    assert sheet.where(0, 4) == "1-2 of 6"
    assert sheet.where(3, 3) == "3 of 6"


def test_words_of_a_changed_line_are_marked_and_styled() -> None:
    page = Page("psql -c 'DROP TABLE sessions'", before="psql -c 'DROP TABLE sessions_old'")
    (entry,) = Sheet.of(page, 60).rows
    assert isinstance(entry, Numbered)
    drawn = draw(entry)
    assert drawn.plain == "  ~ 1  psql -c 'DROP TABLE [-sessions_old-]{+sessions+}'"
    words = {drawn.plain[span.start : span.end]: span.style for span in drawn.spans}
    assert (words["[-sessions_old-]"], words["{+sessions+}"]) == ("$text-error", "bold $text-success")


def test_a_changed_line_that_is_long_goes_on_below() -> None:
    page = Page("echo " + "a " * 30 + "end", before="echo " + "a " * 30 + "END")
    rows = _text(Sheet.of(page, 40))
    assert rows[0].startswith("  ~ 1  echo a a") and rows[1].startswith("       ↳")
    assert "".join(row[7:].lstrip("↳") for row in rows) == "echo " + "a " * 30 + "[-END-]{+end+}"


MARKED = st.sampled_from(
    ["make", "a b c d", "a b x d", "\u202ea b", "a \x1b[2J c", "x[-1-]", "{+a+} b c", " " * 60 + "b", "界" * 30]
)


@given(st.lists(MARKED, max_size=6), st.lists(MARKED, max_size=6), st.integers(24, 80), st.booleans())
def test_a_comparison_hides_nothing_and_nobody_can_forge_its_marks(
    old: list[str], new: list[str], width: int, plain: bool
) -> None:
    sheet = Sheet.of(Page("\n".join(new), before="\n".join(old)), width, ascii_only=plain)
    rows = [entry for entry in sheet.rows if isinstance(entry, Numbered)]
    assert len(rows) == len(sheet.rows) == sheet.must
    for entry in rows:
        drawn = draw(entry, ascii_only=plain)
        assert not any(map(is_control, drawn.plain)) and "\u202e" not in drawn.plain
        assert drawn.cell_length <= width
        assert entry.mark == "~" or entry.text is None
    for line in changed_lines("\n".join(old), "\n".join(new)):
        assert line.mark != "~" or not any(mark in text for _, text in line.pieces for mark in ("[-", "-]", "{+", "+}"))
