"""What a directory brings is shown before it is used: what trusts it, and what never does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from textual import events
from textual.pilot import Pilot

from engine import DirectoryFile, DirectoryView, MakePlan, Novelty, Target, Trust, Trusted, TrustedFile
from engine.errors import Refused
from engine.testing import ScriptedEngine
from tests.hostile import HOSTILE, is_control
from tests.tui import plans
from tests.tui.pilots import picture, until
from tests.tui.screens.test_workbench_hostile import poisoned
from tests.tui.stage import LARGE, SMALL, TRICKS, Clock, Restless, app, gone, opened, press, said, settle, show
from tui.screens.new_task import NewTaskScreen
from tui.screens.trust import TrustScreen

Compare = Callable[..., bool]
RECIPE = """\
request: Deploy the site to ${vars.env}
vars: {env: null}
steps:
  - id: build
    action: execute
    command: make site
  - id: push
    action: execute
    command: rsync -a site/ web1:/srv/${vars.env}/
    network: true
    needs: [build]
"""
RULES = "refuse: [curl, wget]\nallow_yes: false\n"


def _file(path: str, text: str, recipe: str = "", novelty: Novelty = Novelty.NEW) -> DirectoryFile:
    return DirectoryFile(path=f".signoff/{path}", sha256="4f1c9a" * 10, text=text, recipe=recipe, novelty=novelty)


SHORT = DirectoryView(root="/home/ana/api", digest="4f1c9a" + "0" * 58, files=(_file("policy.yaml", RULES),))
LONG = replace(SHORT, files=(*SHORT.files, *(_file(f"recipes/r{n}.yaml", RECIPE, f"r{n}") for n in range(4))))
BEFORE = Trusted(
    root="/home/ana/api",
    digest="beef" * 16,
    files=(TrustedFile(path=".signoff/policy.yaml", sha256="4f1c9a" * 10),),
    actor="ben",
    time=0.0,
)
_DIFF = (
    "--- .signoff/recipes/deploy.yaml (trusted)\n+++ .signoff/recipes/deploy.yaml (now)\n@@ -8,3 +8,3 @@\n"
    "     action: execute\n-    command: rsync -a site/ web1:/srv/\n"
    "+    command: rsync -a site/ web1:/srv/${vars.env}/\n     network: true\n"
)
CHANGED = replace(
    SHORT,
    files=(
        _file("policy.yaml", RULES, novelty=Novelty.SAME),
        replace(_file("recipes/deploy.yaml", RECIPE, "deploy", Novelty.CHANGED), diff=_DIFF),
        _file("recipes/other.yaml", "request: Another one\nsteps: []\n", "other"),
    ),
    gone=(".signoff/recipes/old.yaml",),
    gone_diff="--- .signoff/recipes/old.yaml (trusted)\n+++ .signoff/recipes/old.yaml (now)\n-request: Old\n",
    trusted=BEFORE,
)
REFUSED = replace(SHORT, refused=(".signoff/recipes/deploy.yaml is a link; links are not followed here",))


def _engine(view: DirectoryView) -> ScriptedEngine:
    engine = ScriptedEngine()
    engine.directory = replace(view, files=(), recipes=())  # the app itself asks about nothing
    return engine


def _one(engine: ScriptedEngine) -> Trust:
    (command,) = engine.done
    assert isinstance(command, Trust)
    return command


async def test_a_yes_trusts_the_digest_that_was_shown() -> None:
    engine, clock = _engine(SHORT), Clock()
    screen = TrustScreen(SHORT, now=clock)
    async with opened(engine, screen) as pilot:
        assert "refuse: [curl, wget]" in picture(pilot)
        assert "4f1c9a4f1c9a" in picture(pilot)
        await press(pilot, clock, "T")
        await gone(pilot, screen)
    assert (_one(engine).root, _one(engine).digest) == ("/home/ana/api", SHORT.digest)


async def test_of_a_changed_file_the_difference_is_read_and_of_a_new_one_the_whole_text() -> None:
    engine, clock = _engine(CHANGED), Clock()
    screen = TrustScreen(CHANGED, now=clock)
    async with opened(engine, screen) as pilot:
        await press(pilot, clock, "T")
        assert engine.done == [] and "Read the files to their end first" in picture(pilot)
        read = picture(pilot)
        while not screen.texts.at_end:
            await press(pilot, clock, "space")
            read += picture(pilot)
        assert "request: Another one" in read and "what changed since ben trusted it" in read
        assert "-    command: rsync -a site/ web1:/srv/" in read and "+    command: rsync" in read
        assert "-request: Old" in read
        assert "refuse: [curl, wget]" not in read and "make site" not in read
        await press(pilot, clock, "T")
        await gone(pilot, screen)
    assert _one(engine).digest == CHANGED.digest


async def test_a_change_whose_trusted_text_nobody_kept_is_read_whole() -> None:
    files = tuple(replace(file, diff="") for file in CHANGED.files)
    async with opened(_engine(CHANGED), TrustScreen(replace(CHANGED, files=files), now=Clock()), LARGE) as pilot:
        assert "make site" in picture(pilot)


async def test_a_yes_waits_until_the_end_of_the_files_was_shown() -> None:
    engine, clock = _engine(LONG), Clock()
    screen = TrustScreen(LONG, now=clock)
    async with opened(engine, screen) as pilot:
        await press(pilot, clock, "T")
        assert engine.done == []
        assert "Read the files to their end first" in picture(pilot)
        await press(pilot, clock, *["space"] * 12, "T")
        await gone(pilot, screen)
    assert _one(engine).digest == LONG.digest


async def test_later_has_the_focus_and_trusts_nothing() -> None:
    for key in ("enter", "escape", "q"):
        engine, clock = _engine(SHORT), Clock()
        screen = TrustScreen(SHORT, now=clock)
        async with opened(engine, screen) as pilot:
            await press(pilot, clock, key)
            await gone(pilot, screen)
        assert engine.done == []


@pytest.mark.parametrize("key", ["T", "t", "escape", "enter", "y"])
async def test_nothing_is_heard_in_the_first_300_ms(key: str) -> None:
    engine, clock = _engine(SHORT), Clock()
    screen = TrustScreen(SHORT, now=clock)
    async with opened(engine, screen) as pilot:
        clock.at = 0.29
        await pilot.press(key)
        await settle(pilot)
        assert engine.done == []
        assert screen in pilot.app.screen_stack


async def test_pasted_text_trusts_nothing() -> None:
    engine, clock = _engine(SHORT), Clock()
    screen = TrustScreen(SHORT, now=clock)
    async with opened(engine, screen) as pilot:
        clock.at = 5.0
        pilot.app.post_message(events.Paste("T\nT\n"))
        await settle(pilot)
        await pilot.press("x", "T")
        await settle(pilot)
        assert "too quickly" in picture(pilot)
    assert engine.done == []


async def test_files_that_changed_meanwhile_are_shown_again() -> None:
    engine, clock = _engine(SHORT), Clock()
    screen = TrustScreen(SHORT, now=clock)
    async with opened(engine, screen) as pilot:
        engine.refusal = Refused(problem="It is not what was shown any more; nothing was trusted")
        engine.directory = replace(LONG, digest="beef" * 16)
        await press(pilot, clock, "T")
        assert "not what was shown any more" in " ".join(picture(pilot).split())
        await press(pilot, clock, "T")
        assert engine.done == []
        await press(pilot, clock, *["space"] * 12, "T")
        await gone(pilot, screen)
    assert _one(engine).digest == "beef" * 16


async def test_what_cannot_be_used_cannot_be_trusted() -> None:
    engine, clock = _engine(REFUSED), Clock()
    screen = TrustScreen(REFUSED, now=clock)
    async with opened(engine, screen) as pilot:
        assert "is a link" in picture(pilot)
        await press(pilot, clock, "T")
        assert "cannot be trusted" in picture(pilot)
    assert engine.done == []


# When it opens


async def test_the_workbench_opens_with_it_and_with_nothing_where_there_is_nothing_to_ask() -> None:
    engine = ScriptedEngine(plans.to_review())
    for view, asks in ((SHORT, True), (CHANGED, True), (REFUSED, True), (None, False)):
        engine.directory = view
        async with app(engine).run_test(size=SMALL) as pilot:
            await settle(pilot)
            assert isinstance(pilot.app.screen, TrustScreen) is asks
    engine.directory = replace(SHORT, trusted=replace(BEFORE, digest=SHORT.digest))
    async with app(engine).run_test(size=SMALL) as pilot:
        await settle(pilot)
        assert not isinstance(pilot.app.screen, TrustScreen)


async def test_later_says_how_it_is_asked_again_and_the_palette_asks() -> None:
    engine = ScriptedEngine(plans.to_review())
    engine.directory = SHORT
    async with app(engine).run_test(size=SMALL) as pilot:
        await settle(pilot)
        first = pilot.app.screen
        assert isinstance(first, TrustScreen)
        first.dismiss(False)
        await until(pilot, lambda: said(pilot) == ["not trusted: Trust this directory under : asks again"])
        await pilot.app.run_action("trust")
        await until(pilot, lambda: isinstance(pilot.app.screen, TrustScreen))


async def test_a_recipe_is_ticked_alone() -> None:
    engine = ScriptedEngine()
    engine.targets = (
        Target(name="deploy", tool="recipe", command="signoff run deploy", file=".signoff/recipes/deploy.yaml"),
        Target(name="deploy", tool="make", command="make deploy", file="Makefile", line=3),
    )
    screen = NewTaskScreen("/home/ana/api")
    async with opened(engine, screen) as pilot:
        await pilot.press("tab", "space", "j", "space", "ctrl+s")
        await settle(pilot)
        assert "The recipe deploy is a whole plan" in " ".join(picture(pilot).split())
        await pilot.press("space", "ctrl+s")
        await gone(pilot, screen)
    (command,) = engine.done
    assert isinstance(command, MakePlan)
    assert (command.recipe, command.targets) == ("deploy", ())


@pytest.mark.parametrize("tricks", TRICKS, ids="+".join)
async def test_hostile_text_in_every_field_reaches_no_terminal(tricks: tuple[str, ...]) -> None:
    text = "".join(HOSTILE[trick] for trick in tricks)
    for view in (CHANGED, REFUSED):
        poison: DirectoryView = poisoned(view, text)
        async with opened(_engine(SHORT), TrustScreen(poison, now=Restless()), LARGE) as pilot:
            pilot.app._filters.clear()
            for key in ("space", "space", "T"):
                await pilot.press(key)
                assert not any(map(is_control, picture(pilot).replace("\n", "")))


PICTURES: dict[str, tuple[DirectoryView, tuple[str, ...]]] = {
    "new": (replace(SHORT, files=(*SHORT.files, _file("recipes/deploy.yaml", RECIPE, "deploy"))), ()),
    "unread": (LONG, ("T",)),
    "changed": (CHANGED, ("space", "space")),
    "refused": (REFUSED, ()),
}


@pytest.mark.parametrize("name", PICTURES)
@pytest.mark.parametrize("size", [SMALL, LARGE], ids=["small", "large"])
def test_picture(snap_compare: Compare, name: str, size: tuple[int, int]) -> None:
    view, keys = PICTURES[name]

    async def run(pilot: Pilot[Any]) -> None:
        clock = Clock()
        await show(pilot, TrustScreen(view, now=clock))
        await press(pilot, clock, *keys)

    assert snap_compare(app(_engine(view)), terminal_size=size, run_before=run)
