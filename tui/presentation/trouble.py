"""An error as a person should read it: what happened, what was kept, what to do next. Pure."""

from __future__ import annotations

from engine import SignoffError


def trouble(error: SignoffError, kept: str) -> str:
    """One paragraph of raw text; `kept` is a whole sentence of the screen that asked."""
    happened = str(error).rstrip(".")
    hint = error.hint.rstrip(".")
    parts = [f"{happened[:1].upper()}{happened[1:]}.", kept, f"Next: {hint}." if hint else ""]
    return " ".join(part for part in parts if part)
