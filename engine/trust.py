"""Trusting a directory: nothing that it brings is used before a person trusted it, by digest (B3.5).

What is trusted is what was shown: another digest by now is refused. Its policy is kept as it was read then, and its
texts, to show later what changed.
"""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from engine.commands import Reply, RevokeTrust, Trust
from engine.errors import InvalidPlan, Refused, UsageError
from engine.model.difference import unified
from engine.model.policy import Policy
from engine.model.trust import Novelty, Trusted, TrustedFile
from engine.planning.recipes import POLICY, Folder, read_folder, recipe_name
from engine.policies import Policies
from engine.storage.reader import Reader
from engine.storage.store import Store
from engine.views import DirectoryFile, DirectoryView, Target, Variable

_REQUEST = re.compile(r"^request:[ \t]*([^>|\n].*)$", re.MULTILINE)
"""What a recipe is for; good enough for a row of a list."""


async def look(reader: Reader, root: str) -> DirectoryView:
    """What a directory brings now, beside what was trusted of it last."""
    place = place_of(root)
    trusted = await reader.trusted(place)
    view = await asyncio.to_thread(_view, place, trusted)
    if trusted is None or view.holds:
        return view
    texts = {file.path: await reader.content(file.sha256) for file in trusted.files}
    return await asyncio.to_thread(_compared, view, texts)


def place_of(root: str) -> str:
    """The absolute path of a directory, its links resolved: how it is known."""
    return os.path.realpath(root)


def recipe_target(file: DirectoryFile) -> Target:
    """A recipe as a row of what a directory offers; nameless for the policy."""
    found = _REQUEST.search(file.text)
    return Target(
        name=file.recipe,
        tool="recipe",
        command=f"signoff run {file.recipe}",
        file=file.path,
        description=found[1].strip(" '\"") if found else "",
        variables=_variables(file),
    )


def _variables(file: DirectoryFile) -> tuple[Variable, ...]:
    """What a recipe declares under `vars`; nothing where it cannot be read, which planning will say."""
    if "vars" not in file.text:
        return ()
    from engine.planning.reading import read_value
    from engine.planning.variables import declared

    try:
        document, _ = read_value(file.text, file.path)
    except InvalidPlan:
        return ()
    return tuple(Variable(name=name, default=default) for name, default in declared(document))


class Trusting:
    """Records what people trust."""

    def __init__(self, store: Store, clock: Callable[[], float], policies: Policies) -> None:
        self._store = store
        self._clock = clock
        self._policies = policies

    async def trust(self, command: Trust, actor: str) -> Reply:
        """Trust what a directory brings, if it is still what was shown.

        Raises:
            UsageError: there is nothing to trust.
            Refused: something there cannot be used, or it is not what was shown.
        """
        root = place_of(command.root)
        folder = await asyncio.to_thread(read_folder, Path(root))
        policy, refused = _understood(folder)
        if refused:
            raise Refused(problem=f"{refused[0]}; nothing of {root} was trusted", hint="signoff trust shows all of it")
        if not folder.digest:
            raise UsageError(problem=f"{root} brings no recipes and no policy: there is nothing to trust")
        if folder.digest != command.digest:
            raise Refused(
                problem=f"What {root} brings is not what was shown any more; nothing was trusted",
                hint="look at it again: signoff trust",
            )
        files = tuple(TrustedFile(path=file.path, sha256=file.sha256) for file in folder.files)
        trusted = Trusted(root=root, digest=folder.digest, files=files, policy=policy, actor=actor, time=self._clock())
        seq = await self._store.trust(trusted, [(file.sha256, file.text.encode()) for file in folder.files])
        self._policies.keep(trusted)
        return Reply(seq=seq, text=f"trusted {folder.digest[:6]} of {root}")

    async def revoke(self, command: RevokeTrust, actor: str) -> Reply:
        """Use nothing of a directory any more; its policy holds no longer either.

        Raises:
            UsageError: it was not trusted.
        """
        root = place_of(command.root)
        trusted = await self._store.read.trusted(root)
        if trusted is None:
            raise UsageError(problem=f"{root} is not trusted", hint="signoff trust --list shows what is")
        seq = await self._store.revoke_trust(trusted, actor)
        self._policies.drop(root)
        return Reply(seq=seq, text=f"{root} is not trusted any more")


def _understood(folder: Folder) -> tuple[Policy, tuple[str, ...]]:
    """The policy in a folder, and everything because of which it cannot be trusted."""
    if folder.policy is None:
        return Policy(), folder.refused
    from engine.planning.repository_policy import parse_policy

    try:
        return parse_policy(folder.policy.text, POLICY), folder.refused
    except InvalidPlan as error:
        return Policy(), (*folder.refused, *map(str, error.faults))


def _view(root: str, trusted: Trusted | None) -> DirectoryView:
    folder = read_folder(Path(root))
    _, refused = _understood(folder)
    known = {file.path: file.sha256 for file in trusted.files} if trusted else {}
    files = tuple(
        DirectoryFile(
            path=file.path,
            sha256=file.sha256,
            text=file.text,
            recipe=recipe_name(file.path),
            novelty=_novelty(known.get(file.path), file.sha256),
        )
        for file in folder.files
    )
    gone = tuple(path for path in known if path not in {file.path for file in files})
    return DirectoryView(
        root=root,
        digest=folder.digest,
        files=files,
        recipes=folder.names,
        refused=refused,
        gone=gone,
        trusted=trusted,
    )


def _compared(view: DirectoryView, trusted: Mapping[str, bytes | None]) -> DirectoryView:
    """With the differences to the texts that were trusted, by path; None where one was not kept."""
    now = {file.path: file.text.encode() for file in view.files}
    diffs = {
        path: unified(before, now.get(path, b""), f"{path} (trusted)", f"{path} (now)")
        for path, before in trusted.items()
        if before is not None
    }
    files = tuple(replace(file, diff=diffs.get(file.path, "")) for file in view.files)
    return replace(view, files=files, gone_diff="".join(diffs.get(path, "") for path in view.gone))


def _novelty(before: str | None, now: str) -> Novelty:
    if before is None:
        return Novelty.NEW
    return Novelty.SAME if before == now else Novelty.CHANGED
