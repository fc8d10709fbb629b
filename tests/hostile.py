"""Text that attacks a terminal, a layout or a reader: what may come in any field that somebody else writes.

One corpus for every room; a new trick is added here and is then tried everywhere.
"""

from __future__ import annotations

HOSTILE: dict[str, str] = {
    "escape": "\x1b[2J\x1b[H\x1b]0;owned\x07",
    "osc52": "\x1b]52;c;cm0gLXJmIH4=\x07",
    "osc8": "\x1b]8;;https://example.org\x1b\\click\x1b]8;;\x1b\\",
    "dcs": "\x1bP+q544e\x1b\\\x1b_Gi=1\x1b\\\x1b^pm\x1b\\",
    "eight-bit": "\x9b31m\x9d0;t\x9c\x90q\x9c\x85\x84",
    "controls": "".join(map(chr, range(32))) + "\x7f",
    "carriage-return": "safe command\rrm -rf ~ #",
    "backspace": "rm -rf ~" + "\b" * 8 + "ls      ",
    "bidi": "access\u202e\u2066// check admin\u2069\u2066 begin\u202c\u200f",
    "isolates": "\u2066\u2067\u2068\u2069\u061c\u200e\u200f\u202a\u202b\u202d",
    "zero-width": "pay\u200bpal\u200c.\u200dcom\ufeff\u2060\u180e\u00ad",
    "tags": "ok" + "".join(chr(0xE0000 + ord(c)) for c in "run rm -rf"),
    "variation": "a\ufe0f\ufe0e\U000e0100",
    "fillers": "\u115f\u1160\u3164\uffa0\u2800",
    "spaces": "\u00a0\u2002\u2003\u3000\u205f\u1680\u2028\u2029",
    "padding": "ls" + " " * 4000 + "; rm -rf ~",
    "zalgo": "z" + "\u0300\u0301\u0302\u0303\u0489" * 40,
    "surrogates": "a\ud800b\udcffc\udc1b",
    "private": "\ue000\U000f0000\U0010fffd\ufffe\ufff9",
    "markup": "[/x][bold][red on blue]x[/][/bold][[",
    "action": "[@click=app.quit]press[/] [link=file:///etc/passwd]l[/link]",
    "brackets": "]]][[[/]\\[ [$accent] [not bold",
    "long": "x" * 20_000,
    "wide": "界" * 5_000,
    "newlines": "first\nsecond\n\n\nlast\r\n",
    "rtl": "שלום עולם مرحبا بالعالم",
    "emoji": "👩‍👩‍👧‍👦 🏳️‍🌈 👍🏽 🇩🇪",
    "homoglyph": "gіthub.com раураl.com ｇｉｔ",  # noqa: RUF001
    "format": "%s %n {0} {x!r} ${HOME} $(id) `id`",
    "empty": "",
}
"""By the name of the trick."""

BENIGN: tuple[str, ...] = (
    "plain ascii, with punctuation: a-b_c/d.e",
    "Grüße aus Köln, déjà vu, naïve, Łódź",
    "Привет, мир",
    "日本語のテキスト",
    "한국어 텍스트",
    "नमस्ते दुनिया",
    "✓ ● → ≈ §",
)
"""What must be shown unchanged."""


def is_control(character: str) -> bool:
    """Whether a terminal could obey it: C0, DEL, C1."""
    code = ord(character)
    return code < 0x20 or 0x7F <= code < 0xA0
