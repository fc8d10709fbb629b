"""Secrets that stand literally in a text. Only forms that are hardly ever anything else: a false alarm stops a plan.

Every quantifier is bounded, so that no text takes more than linear time.
"""

from __future__ import annotations

import re
from dataclasses import replace

from engine.model.prompt import Prompt

_KINDS: tuple[tuple[tuple[str, ...], str, re.Pattern[str]], ...] = tuple(
    (signs, kind, re.compile(pattern, re.ASCII))
    for signs, kind, pattern in (
        (("AKIA", "ASIA"), "an AWS access key", r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"),
        (
            ("ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_"),
            "a GitHub token",
            r"\b(?:gh[pousr]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9_]{60})",
        ),
        (("glpat-",), "a GitLab token", r"\bglpat-[A-Za-z0-9_-]{20}"),
        (("xox",), "a Slack token", r"\bxox[abeoprs]-[A-Za-z0-9-]{20}"),
        (("hooks.slack.com",), "a Slack webhook", r"hooks\.slack\.com/services/T[A-Z0-9]{6,12}/B[A-Z0-9]{6,12}/\w{20}"),
        (("sk-ant-",), "an Anthropic key", r"\bsk-ant-[A-Za-z0-9_-]{32}"),
        (("sk-",), "an OpenAI key", r"\bsk-(?:(?:proj|svcacct|admin)-[A-Za-z0-9_-]{40}|[A-Za-z0-9]{40})"),
        (("AIza",), "a Google key", r"\bAIza[0-9A-Za-z_-]{35}"),
        (("PRIVATE KEY",), "a private key", r"-----BEGIN (?:[A-Z0-9]{1,20} ){0,3}PRIVATE KEY(?: BLOCK)?-----"),
        (("://",), "a password in a URL", r"://[^\s/:@\"'$]{1,128}:[^\s/:@\"'$<{*]{3,256}@[\w.\[-]"),
        (
            ("://",),
            "a password in a URL",
            r"(?i:[?&](?:password|passwd|pwd|token|api_?key|secret|access_token)=)[^\s&\"'$<{*]{6}",
        ),
    )
)
"""Text that must occur for the pattern to be tried, what it finds, and the pattern."""
_SIGN = re.compile("|".join(sorted({re.escape(sign) for signs, _, _ in _KINDS for sign in signs})))

_KEY = "[here stands a private key]"
_EDGE = re.compile(r"-{1,5}(BEGIN|END) (?:[A-Z0-9]{1,20} ){0,3}PRIVATE KEY(?: BLOCK)?-----")
_BREAK = re.compile(r"\r?\n|\r|(?:\\r)?\\n|\\r")
"""Between the lines of a key, also where they are written in JSON or in a variable."""
_LONG = re.compile(r"[A-Za-z0-9+/]{40}|\b(?:Proc-Type|DEK-Info|Version|Comment):")
_WHOLE = re.compile(r"[A-Za-z0-9+/=]*")
_AROUND = " \t>|+-\"'\\#,:;*"
"""What quotes, indents and differences put around the lines of a key."""


def find_secret(text: str) -> str | None:
    """What kind of secret stands in the text, such as `a GitHub token`; None where none does."""
    if not _SIGN.search(text):
        return None
    return next((kind for signs, kind, pattern in _KINDS if _occur(signs, text) and pattern.search(text)), None)


def _occur(signs: tuple[str, ...], text: str) -> bool:
    return any(sign in text for sign in signs)


def without_secrets(text: str) -> str:
    """The text, each private key and each line that holds another secret replaced by a word about it."""
    text = _without_keys(text)
    if not find_secret(text):
        return text
    kept = ((line, find_secret(line)) for line in text.splitlines())
    return "\n".join(f"[this line holds {kind}]" if kind else line for line, kind in kept)


def without_secret_data(prompt: Prompt) -> Prompt:
    """The same question without the secrets in its data; before it is shortened: half a key is not known as one."""
    passages = (replace(passage, text=without_secrets(passage.text)) for passage in prompt.passages)
    return replace(prompt, passages=tuple(passages))


def _without_keys(text: str) -> str:
    """Each key from its BEGIN to its END, or to the edge of the text where one of them is cut off."""
    kept: list[str] = []
    done, begun = 0, None
    for edge in _EDGE.finditer(text) if "PRIVATE KEY" in text else ():
        if edge[1] == "BEGIN":
            begun = edge.start() if begun is None else begun
            continue
        start = _body(text, done, edge.start()) if begun is None else begun
        kept += (text[done:start], _KEY)
        done, begun = edge.end(), None
    if begun is not None:
        kept += (text[done:begun], _KEY)
        done = len(text)
    return "".join((*kept, text[done:]))


def _body(text: str, start: int, end: int) -> int:
    """Where the lines of a key begin whose END is at `end`: what precedes it, as long as it looks like a key."""
    breaks = [found.span() for found in _BREAK.finditer(text, start, end)]
    lines = list(zip([start, *(after for _, after in breaks)], [*(at for at, _ in breaks), end], strict=True))
    first = lines[-2:][0][0]  # what precedes the END on its line, and the last line, which may be short
    for begins, until in reversed(lines[:-2]):
        line = text[begins:until]
        if not _LONG.search(line) and not _WHOLE.fullmatch(line.strip(_AROUND)):
            break
        first = begins
    return first
