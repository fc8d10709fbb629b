"""A private key leaves this machine neither whole nor in part, wherever it stands."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.policy.literal_secrets import without_secrets

BLOCK = "[here stands a private key]"
KINDS = ("", "RSA ", "EC ", "OPENSSH ", "ENCRYPTED ")


def body_of(data: bytes) -> list[str]:
    """As programs wrap it: 64 characters a line."""
    text = b64encode(data).decode()
    return [text[at : at + 64] for at in range(0, len(text), 64)]


def pem(kind: str, body: list[str]) -> str:
    return "\n".join((f"-----BEGIN {kind}PRIVATE KEY-----", *body, f"-----END {kind}PRIVATE KEY-----"))


def quoted(prefix: str) -> Callable[[str], str]:
    return lambda text: "\n".join(prefix + line for line in text.split("\n"))


PLACES: dict[str, Callable[[str], str]] = {
    "bare": str,
    "indented": quoted("    "),
    "yaml": lambda text: "key: |\n" + "\n".join(f"  {line}" for line in text.split("\n")),
    "answered": quoted("> "),
    "added": quoted("+"),
    "removed": quoted("-"),
    "numbered": quoted("12:"),
    "json": lambda text: json.dumps({"key": text}),
    "json in json": lambda text: json.dumps(json.dumps({"key": text})),
    "variable": lambda text: 'KEY="' + text.replace("\n", "\\n") + '"',
    "windows": lambda text: text.replace("\n", "\r\n"),
    "c string": lambda text: "\n".join(f'  "{line}\\n"' for line in text.split("\n")),
}


@pytest.mark.parametrize("place", PLACES)
@given(kind=st.sampled_from(KINDS), data=st.binary(min_size=48, max_size=400), cut=st.sampled_from("wbea"))
def test_no_line_of_a_private_key_stays(place: str, kind: str, data: bytes, cut: str) -> None:
    """The whole key, and a text that begins or ends amid it."""
    body = body_of(data)
    marked = pem(kind, body).split("\n")
    shown = {"w": marked, "b": marked[1:], "e": marked[:-1], "a": marked[2:]}[cut]

    told = without_secrets(PLACES[place]("\n".join(shown)))

    assert told.count(BLOCK) == 1
    assert not [line for line in body if len(line) > 7 and line in told] and "PRIVATE KEY" not in told


@pytest.mark.parametrize("place", PLACES)
def test_what_stands_around_a_private_key_is_told(place: str) -> None:
    told = without_secrets(f"before it, a sentence\n{PLACES[place](pem('RSA ', body_of(bytes(200))))}\nafter it")

    assert told.startswith("before it, a sentence\n") and told.endswith("\nafter it")


def test_what_precedes_a_key_whose_beginning_was_cut_off_is_told() -> None:
    rest = "\n".join(body_of(bytes(200)))

    told = without_secrets(f"a log: first line\n[… 1,200 characters left out …]\n{rest}\n-----END PRIVATE KEY-----\nok")

    assert told == f"a log: first line\n[… 1,200 characters left out …]\n{BLOCK}\nok"


def test_two_keys_are_two_blocks_with_what_is_between_them() -> None:
    key = pem("EC ", body_of(bytes(90)))

    assert without_secrets(f"a\n{key}\nbetween\n{key}\nz") == f"a\n{BLOCK}\nbetween\n{BLOCK}\nz"


def test_an_exported_pgp_key_is_a_private_key_as_well() -> None:
    key = "-----BEGIN PGP PRIVATE KEY BLOCK-----\n\nlQOYBGSECRET\n=abcd\n-----END PGP PRIVATE KEY BLOCK-----"

    assert without_secrets(f"a\n{key}\nz") == f"a\n{BLOCK}\nz"


def test_a_public_key_and_a_certificate_stay() -> None:
    text = pem("", body_of(bytes(90))).replace("PRIVATE", "PUBLIC")

    assert without_secrets(text) == text
