"""The top line tells which grants hold and for how long, and one key takes them back."""

from __future__ import annotations

from dataclasses import replace

from engine import Grant, RevokeGrant
from engine.model.events import GrantGiven, GrantRevoked
from engine.testing import NOON, ScriptedEngine
from tests.tui import plans
from tests.tui.pilots import picture, until
from tests.tui.stage import app, settle
from tui.presentation.task import granted

GRANT = Grant(id=2, task=12, revision=3, steps={"push": "d" * 64}, given_by="ben", given=NOON, expires=NOON + 540)


def test_the_first_to_end_is_told_in_minutes() -> None:
    assert granted([GRANT], NOON) == "grant 9 min"
    assert granted([GRANT], NOON + 61) == "grant 8 min"
    assert granted([GRANT, replace(GRANT, id=3, expires=NOON + 9000)], NOON + 539) == "2 grants 1 min"
    assert granted([GRANT, replace(GRANT, revoked=NOON)], NOON + 540) == ""


async def test_a_grant_is_shown_as_soon_as_it_is_given_and_taken_back_with_one_key() -> None:
    view = plans.to_review()
    engine = ScriptedEngine(view)
    async with app(engine).run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        assert "grant" not in picture(pilot).splitlines()[0]
        engine.views[12] = replace(view, grants=(GRANT,))
        engine.emit(GrantGiven(GRANT), task=12)
        await until(pilot, lambda: "grant 9 min" in picture(pilot).splitlines()[0])
        await pilot.press("U")
        await until(pilot, lambda: bool(engine.done))
        engine.views[12] = view
        engine.emit(GrantRevoked(replace(GRANT, revoked=NOON)), task=12)
        await until(pilot, lambda: "grant" not in picture(pilot).splitlines()[0])
    (command,) = engine.done
    assert isinstance(command, RevokeGrant)
    assert command.grant == 2
