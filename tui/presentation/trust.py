"""What a directory brings, as text: its files with digests, their text to read, and how far it is trusted. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePath

from engine import DirectoryFile, DirectoryView, Novelty, Trusted
from tui.presentation.page import Line, Page

FOLDER = ".signoff"
_STYLES = {"changed": "bold $text-warning", "refused": "bold $text-error", "gone": "$text-warning"}
_NOVELTY = {Novelty.SAME: "same", Novelty.NEW: "new", Novelty.CHANGED: "changed"}


def brings(view: DirectoryView) -> str:
    """`a policy and 2 recipes`."""
    recipes = sum(bool(file.recipe) for file in view.files)
    parts = ["a policy"] * (recipes < len(view.files))
    parts += [f"{recipes} recipe{'s' if recipes != 1 else ''}"] * bool(recipes)
    return " and ".join(parts) or "nothing that can be used"


def standing(view: DirectoryView) -> str:
    """One sentence about what is not used; empty where there is nothing to say."""
    if not view.wants_trust:
        return ""
    before = view.trusted
    if view.refused:
        return f"{FOLDER} cannot be used: {view.refused[0]}"
    if before is None:
        return f"{FOLDER} brings {brings(view)}; nothing of it is used until you trust it"
    kept = "; the policy that was trusted still holds" * has_policy(before)
    return f"{FOLDER} is not what {before.actor} trusted; its recipes are not used until you trust it again{kept}"


def file_lines(view: DirectoryView) -> Iterator[tuple[str, str]]:
    """A word and a line for each file, and for what cannot be used: all of it raw text."""
    for file in view.files:
        count = len(file.text.splitlines())
        yield _NOVELTY[file.novelty], f"{file.path}  {file.sha256[:12]}  {count} line{'s' if count != 1 else ''}"
    for path in view.gone:
        yield "gone", path
    for problem in view.refused:
        yield "refused", problem


def heading(view: DirectoryView) -> str:
    """The question, raw text."""
    name = PurePath(view.root).name or view.root
    if view.refused:
        return f"{FOLDER} of {name} cannot be used as it is"
    return f"Trust what {name} brings?" if view.trusted is None else f"{FOLDER} of {name} changed. Trust it?"


def texts(view: DirectoryView) -> Page:
    """What a person reads before the answer: each new file under its name, and how each trusted one changed."""
    whole = "\n".join(f"##### {file.path}\n{file.text.rstrip(chr(10))}\n" for file in whole_files(view))
    by = view.trusted.actor if view.trusted else ""
    title = f"what changed since {by} trusted it: before (-) and now (+)"
    return Page(operand=whole or None, diff=difference(view), diff_title=title)


def whole_files(view: DirectoryView) -> list[DirectoryFile]:
    """The files that are to be read whole: the new ones, and those of which nobody kept what was trusted."""
    return [file for file in view.files if file.novelty is not Novelty.SAME and not file.diff]


def difference(view: DirectoryView) -> str:
    """How the other ones changed."""
    return "".join(file.diff for file in view.files) + view.gone_diff


def facts(view: DirectoryView) -> Page:
    """The files with their digests, and what follows from an answer."""
    lines = [Line(word, text, _STYLES.get(word, "")) for word, text in file_lines(view)]
    lines.insert(0, Line("in", view.root))
    if view.trusted is not None:
        lines.append(Line("before", f"{view.trusted.digest[:6]}, trusted by {view.trusted.actor}"))
    if not view.refused:
        lines.append(Line("if yes", "its recipes run by name, each signed as any plan; its policy only tightens yours"))
    unused = "none of it is used" if view.trusted is None else "no recipe is used, the policy of before still holds"
    lines.append(Line("if later", f"{unused}; ask again: signoff trust, or Trust this directory under :"))
    return Page(lines=lines)


def has_policy(trusted: Trusted) -> bool:
    """Whether what was trusted asks for something, whatever lies there now."""
    return any(file.path.endswith("policy.yaml") for file in trusted.files)


def trusted_line(trusted: Trusted) -> str:
    """`4f1c9a12b3c4  by ana  /srv/app`, raw text."""
    return f"{trusted.digest[:12]}  by {trusted.actor}  {trusted.root}"
