"""Secrets that stand literally in a text. Only forms that are hardly ever anything else: a false alarm stops a plan.

Every quantifier is bounded, so that no text takes more than linear time.
"""

from __future__ import annotations

import re

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
        (("PRIVATE KEY-----",), "a private key", r"-----BEGIN (?:[A-Z0-9]{1,20} ){0,3}PRIVATE KEY-----"),
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


def find_secret(text: str) -> str | None:
    """What kind of secret stands in the text, such as `a GitHub token`; None where none does."""
    if not _SIGN.search(text):
        return None
    return next((kind for signs, kind, pattern in _KINDS if _occur(signs, text) and pattern.search(text)), None)


def _occur(signs: tuple[str, ...], text: str) -> bool:
    return any(sign in text for sign in signs)


def without_secrets(text: str) -> str:
    """The text, each line that holds a secret replaced by a word about it."""
    if not find_secret(text):
        return text
    kept = ((line, find_secret(line)) for line in text.splitlines())
    return "\n".join(f"[this line holds {kind}]" if kind else line for line, kind in kept)
