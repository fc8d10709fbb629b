"""The text of signed files: all of it, or a plain word why not."""

from __future__ import annotations

import pytest

from engine import PlannedStep, SignedFile
from engine.model.plan import Execute
from tui.presentation.files import FileText, file_texts, signed_digests

DIGEST = "ab" * 32


def _file(data: bytes | None, size: int = 0) -> FileText:
    (told,) = file_texts(_step(SignedFile(path="run.sh", sha256=DIGEST, size=size)), {DIGEST: data})
    return told


def _step(*files: SignedFile) -> PlannedStep:
    return PlannedStep(step=Execute(id="a", command="bash run.sh"), files=files)


def test_a_script_is_shown_whole_with_digest_and_lines() -> None:
    told = _file(b"set -eu\nrm -rf build\n")
    assert (told.path, told.about) == ("run.sh", "sha256 abababababab, 2 lines")
    assert (told.text, told.note) == ("set -eu\nrm -rf build\n", "")
    assert _file(b"make").about.endswith(" 1 line")


@pytest.mark.parametrize("size", [0, 3_100_000])
def test_a_file_that_was_not_kept_says_so_with_size_and_whole_digest(size: int) -> None:
    told = _file(None, size)
    assert told.text == ""
    assert told.warns
    assert "not shown" in told.note and DIGEST in told.note
    assert ("3.1 MB" in told.about) is (size > 0)


def test_of_a_binary_the_head_is_shown_and_how_much_is_missing() -> None:
    told = _file(b"\x7fELF" + bytes(range(256)) * 40)
    assert told.warns
    assert "Binary" in told.note and "first 256 of its 10,244 bytes" in told.note
    assert told.text.startswith("\x7fELF\0\x01")


@pytest.mark.parametrize(
    "data",
    [
        b"#!/bin/bash\n#\0\nrm -rf ~\n",
        "echo é → 日本\n".encode(),
        "# Résumé\nrm -rf ~\n".encode("latin-1"),
        b"echo a\r\necho b\r\n",
        b"printf '\x1b[31mred\x1b[0m'\n",
    ],
)
def test_a_stray_byte_hides_no_script(data: bytes) -> None:
    told = _file(data)
    assert not told.warns
    assert told.text.encode("utf-8", "surrogateescape") == data


def test_an_empty_file_says_so() -> None:
    assert _file(b"").note == "It is empty."


def test_what_an_earlier_step_makes_names_that_step() -> None:
    (told,) = file_texts(_step(SignedFile(path="out.sql", produced_by="dump")), {})
    assert (told.about, told.text) == ("made by dump", "")
    assert "nobody can read it" in told.note


def test_what_was_not_read_yet_is_never_called_empty() -> None:
    (told,) = file_texts(_step(SignedFile(path="run.sh", sha256=DIGEST)), {})
    assert told.note.startswith("reading")


def test_the_same_bytes_are_asked_for_once() -> None:
    planned = _step(
        SignedFile(path="a", sha256=DIGEST),
        SignedFile(path="b", sha256=DIGEST),
        SignedFile(path="c", produced_by="dump"),
    )
    assert signed_digests(planned) == [DIGEST]
