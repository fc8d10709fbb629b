"""Numbers as people read them: times, bytes, counts, shares. All lengths of time are in seconds."""

from __future__ import annotations

_EIGHTHS = " ▏▎▍▌▋▊▉"
_BYTES = ("B", "kB", "MB", "GB", "TB", "PB")


def clock(seconds: float) -> str:
    """Time passed or expected: `0:31`, `2:40`, `1:02:03`; whole seconds, rounded down as a clock shows them."""
    whole = max(0, int(seconds))
    hours, minutes = divmod(whole // 60, 60)
    return f"{hours}:{minutes:02}:{whole % 60:02}" if hours else f"{minutes}:{whole % 60:02}"


def about_clock(seconds: float, *, ascii_only: bool = False) -> str:
    """An estimate beside a clock: `≈9:40`."""
    return f"{'~' if ascii_only else '≈'}{clock(seconds)}"


def about(seconds: float, *, ascii_only: bool = False) -> str:
    """An estimate in words: `≈40 s`, `≈9 min`, `≈2 h`."""
    sign = "~" if ascii_only else "≈"
    for least, unit in ((5400, "h"), (90, "min")):
        if seconds >= least:
            return f"{sign}{round(seconds / (3600 if unit == 'h' else 60))} {unit}"
    return f"{sign}{max(1, round(seconds))} s"


def ago(seconds: float) -> str:
    """How long since: `just now`, `40 s ago`, `5 min ago`, `3 h ago`, `2 days ago`."""
    whole = max(0, int(seconds))
    if whole < 10:
        return "just now"
    if whole < 60:
        return f"{whole} s ago"
    if whole < 3600:
        return f"{whole // 60} min ago"
    if whole < 86_400:
        return f"{whole // 3600} h ago"
    return "1 day ago" if whole < 2 * 86_400 else f"{whole // 86_400} days ago"


def size(count: int) -> str:
    """Bytes in powers of a thousand: `812 B`, `1.2 kB`, `14 MB`."""
    value = float(count)
    for unit in _BYTES:
        if value < 999.5 or unit == _BYTES[-1]:
            break
        value /= 1000
    return f"{value:.1f} {unit}" if value < 9.95 and unit != "B" else f"{value:,.0f} {unit}"


def number(count: int) -> str:
    """A count with thousands separators: `1,204`."""
    return f"{count:,}"


def bar(share: float, width: int, *, ascii_only: bool = False) -> str:
    """A progress bar of exactly `width` cells. Only a share of 1 fills it, only 0 leaves it empty."""
    share = min(1.0, max(0.0, share))
    steps = width if ascii_only else width * 8
    filled = round(share * steps)
    if 0 < share < 1 and steps > 1:
        filled = min(max(filled, 1), steps - 1)
    if ascii_only:
        return "#" * filled + "." * (width - filled)
    full, part = divmod(filled, 8)
    head = "█" * full + (_EIGHTHS[part] if part else "")
    return head + "░" * (width - len(head))
