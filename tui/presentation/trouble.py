"""What went wrong as a person should read it: what happened, what was kept, what to do next. Pure."""

from __future__ import annotations

from engine import SignoffError, Stalled
from tui.presentation.safe import safe


def trouble(error: SignoffError, kept: str) -> str:
    """One paragraph of raw text; `kept` is a whole sentence of the screen that asked."""
    happened = str(error).rstrip(".")
    hint = error.hint.rstrip(".")
    parts = [f"{happened[:1].upper()}{happened[1:]}.", kept, f"Next: {hint}." if hint else ""]
    return " ".join(part for part in parts if part)


def disk(stalled: Stalled) -> str:
    """What the disk does not take now, or takes again, as one line."""
    where = f"task {stalled.task}: " if stalled.task else ""
    if stalled.fault:
        return f"{where}{safe(stalled.fault)}. {safe(stalled.hint[:1].upper() + stalled.hint[1:])}"
    what = f"{safe(stalled.step)} waits" if stalled.step else "the engine waits"
    return f"{where}{what} for the disk no longer"
