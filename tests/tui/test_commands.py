"""The one list of commands: what it promises to fingers, to the help screen and to the palette."""

from __future__ import annotations

from tui.app import SignoffApp
from tui.commands import COMMANDS, Place, bindings, of
from tui.palette import _offered
from tui.screens.help import lines
from tui.screens.workbench import Workbench
from tui.widgets.log_view import LogView
from tui.widgets.step_graph import StepGraph
from tui.widgets.task_strip import Tasks
from tui.widgets.text_view import TextView

HEARERS = {
    Place.APP: SignoffApp,
    Place.WORKBENCH: Workbench,
    Place.TASKS: Tasks,
    Place.GRAPH: StepGraph,
    Place.LOG: LogView,
    Place.TEXT: TextView,
}
DECIDING = ("sign", "confirm", "deny", "accept", "kill", "remove", "resume", "reject")


def test_every_command_is_heard_where_it_says() -> None:
    for command in COMMANDS:
        name = f"action_{command.action.partition('(')[0]}"
        assert hasattr(HEARERS[command.place], name), f"{command.place} has no {name}"


def test_nothing_that_decides_is_on_one_key() -> None:
    for command in COMMANDS:
        if command.action.partition("(")[0] in DECIDING:
            assert not command.key


def test_a_key_means_one_thing_in_a_place() -> None:
    for place in Place:
        keys = [key for command in of(place) for key in command.key.split(",") if key]
        assert len(keys) == len(set(keys))
        assert len(bindings(place)) == len([command for command in of(place) if command.key])


def test_the_help_fits_eighty_columns_and_the_palette_offers_all() -> None:
    for place in Place:
        assert all(line.cell_length < 80 for line in lines(place))
    assert {command.title for command in _offered()} == {command.title for command in COMMANDS}
