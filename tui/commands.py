"""Each command of the workbench, declared once: its key becomes a binding, a hint in the footer, a line of the help
screen and an entry of the palette.

No behaviour lives here: `action` names a method of the app, of the screen or of the pane in `place`. What decides about
work (sign, confirm, deny, cancel, accept) is never on a single key.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum

from textual.binding import Binding, BindingType

from engine import dataclass


class Place(StrEnum):
    """Where a key is heard; the values of panes are the ids of their widgets."""

    APP = "app"
    WORKBENCH = "workbench"
    TASKS = "tasks"
    GRAPH = "graph"
    LOG = "log"
    TEXT = "text"


@dataclass(frozen=True, kw_only=True)
class Command:
    """One thing a person can do."""

    key: str
    """Keys as Textual names them, separated by commas; empty for what only the palette offers."""
    shown: str
    """The keys as people read them."""
    action: str
    title: str
    help: str
    place: Place
    hint: str = ""
    """One word for the footer; empty to leave it out."""
    priority: bool = False


def _app(key: str, shown: str, action: str, title: str, told: str, hint: str = "", priority: bool = False) -> Command:
    return Command(
        key=key, shown=shown, action=action, title=title, help=told, place=Place.APP, hint=hint, priority=priority
    )


def _in(place: Place, key: str, shown: str, action: str, title: str, told: str, hint: str = "") -> Command:
    return Command(key=key, shown=shown, action=action, title=title, help=told, place=place, hint=hint)


_W, _T, _G, _L, _X = Place.WORKBENCH, Place.TASKS, Place.GRAPH, Place.LOG, Place.TEXT

COMMANDS: tuple[Command, ...] = (
    _in(_W, "n", "n", "new_task", "New task", "A request, or what the repository offers", "new"),
    _in(_W, "r", "r", "review", "Review the plan", "Read it, then sign it", "review"),
    _in(_W, "i", "i", "answer", "Answer what waits", "The question, or the inbox for several"),
    _in(_W, "T", "T", "terminal", "Take the terminal", "Of a step; ctrl+] comes back"),
    _in(_W, "I", "I", "inbox", "Inbox", "All that waits for a person"),
    _in(_W, "", "", "budget", "Budget", "What was spent, and what may be"),
    _in(_W, "U", "U", "ungrant", "Take grants back", "What asks is asked about again"),
    _in(_W, "x", "xx", "cancel", "Cancel what has focus", "Twice; the first names what dies", "cancel"),
    _in(_W, "X", "XX", "cancel_task", "Cancel the task", "Twice: fires its cancellation token"),
    _in(_W, "p", "p", "pause", "Pause or go on", "What runs goes on, no step starts"),
    _in(_W, "", "", "resume", "Try again", "Another attempt; what is done is kept"),
    _in(_W, "", "", "resume_from", "Try again from step", "Resets the step and its dependents"),
    _in(_W, "", "", "kill", "Kill what is left", "No more grace for a cancelled task"),
    _in(_W, "", "", "accept", "Accept the result", "For tasks that end with a person's word"),
    _in(_W, "", "", "remove", "Forget the task", "An ended one; its events stay"),
    _in(_W, "full_stop", ".", "jump('running')", "Next running step", "From any pane", ""),
    _in(_W, "exclamation_mark", "!", "jump('waiting')", "Next waiting step", "From any pane"),
    _in(_W, "E", "E", "jump('failed')", "Next failed step", "From any pane"),
    _in(_W, "F", "F", "follow_running", "Follow what runs", "The selection goes where work starts"),
    _in(_W, "slash", "/", "find", "Find in the log", "Then n and N; small letters match both", "find"),
    _in(_W, "left_square_bracket", "[", "tab(-1)", "Previous tab", "log, detail, diff, notes"),
    _in(_W, "right_square_bracket", "]", "tab(1)", "Next tab", "log, detail, diff, notes"),
    _in(_W, "1", "1", "pane('tasks')", "Tasks", "Focus the tasks"),
    _in(_W, "2", "2", "pane('graph')", "Graph", "Focus the graph"),
    _in(_W, "3", "3", "pane('log')", "Log", "Focus the log"),
    _in(_W, "4", "4", "pane('detail')", "Detail", "What exactly runs, and its tier"),
    _in(_W, "tab", "tab", "next_pane(1)", "Next pane", "Round the panes"),
    _in(_W, "shift+tab", "shift+tab", "next_pane(-1)", "Previous pane", "Round the panes, backwards"),
    _in(_W, "escape", "esc", "back", "Back", "To the graph; ends a search"),
    _in(_W, "v", "v", "pager", "Open in $PAGER", "The whole log, made safe to show"),
    _in(_W, "y", "y", "copy", "Copy", "The visible log, or the operand"),
    _in(_T, "l,right,j,down", "→ j", "move(1)", "Next task", "Older ones follow"),
    _in(_T, "h,left,k,up", "← k", "move(-1)", "Previous task", "Newer ones stand first"),
    _in(_T, "ctrl+d,pagedown", "ctrl+d", "move(10)", "Ten tasks on", "Also page down"),
    _in(_T, "ctrl+u,pageup", "ctrl+u", "move(-10)", "Ten tasks back", "Also page up"),
    _in(_T, "g,home", "g", "first", "Newest task", "Also home"),
    _in(_T, "G,end", "G", "last", "Oldest task", "Also end"),
    _in(_T, "enter", "enter", "open", "Open the task", "Focus its graph"),
    _in(_G, "l,right", "→ l", "step('right')", "To a dependent", "Along an edge"),
    _in(_G, "h,left", "← h", "step('left')", "To a need", "Along an edge, backwards"),
    _in(_G, "j,down", "↓ j", "step('down')", "Next sibling", "In the list: the next step"),
    _in(_G, "k,up", "↑ k", "step('up')", "Previous sibling", "In the list: the previous step"),
    _in(_G, "g,home", "g", "step('first')", "First step", "Also home"),
    _in(_G, "G,end", "G", "step('last')", "Last step", "Also end"),
    _in(_G, "z", "z", "fold", "Fold or unfold", "A chain, or a whole stage"),
    _in(_G, "w", "w", "list", "List or graph", "One line a step, with its needs", "list"),
    _in(_G, "ctrl+d,pagedown", "ctrl+d", "scroll(1)", "Half a page down", "Also page down"),
    _in(_G, "ctrl+u,pageup", "ctrl+u", "scroll(-1)", "Half a page up", "Also page up"),
    _in(_G, "enter", "enter", "open", "Open the step", "Its log, or what is folded"),
    _in(_L, "f", "f", "follow", "Follow the end", "On, or off", "follow"),
    _in(_L, "n", "n", "find_next(1)", "Next match", "After a search"),
    _in(_L, "N", "N", "find_next(-1)", "Previous match", "After a search"),
    *(
        command
        for place in (_L, _X)
        for command in (
            _in(place, "j,down", "↓ j", "scroll(1)", "Line down", "The wheel goes three"),
            _in(place, "k,up", "↑ k", "scroll(-1)", "Line up", "The wheel goes three"),
            _in(place, "l,right", "→ l", "sideways(1)", "Right", "Log lines are cut, never wrapped"),
            _in(place, "h,left", "← h", "sideways(-1)", "Left", "Half a screen at a time"),
            _in(place, "ctrl+d,pagedown", "ctrl+d", "page(1)", "Page down", "Also page down"),
            _in(place, "ctrl+u,pageup", "ctrl+u", "page(-1)", "Page up", "Also page up"),
            _in(place, "space", "space", "page(1)", "Read on", "To the end, page by page"),
            _in(place, "g,home", "g", "top", "Beginning", "Also home"),
            _in(place, "G,end", "G", "bottom", "End", "Also end"),
        )
    ),
    _app("colon,ctrl+p", ":", "command_palette", "All commands", "Search every command by name", "all"),
    _app("question_mark", "?", "help", "Help", "What the focused pane understands", "help"),
    _app("m", "m", "mouse", "Release the mouse", "For the terminal's own selection"),
    _app("ctrl+z", "ctrl+z", "away", "Screen away", "Back to the shell; the engine runs on", priority=True),
    _app("ctrl+c", "ctrl+c", "copy_or_hint", "Copy the selection", "Without one, says how to leave", priority=True),
    _app("q", "q", "leave", "Leave", "Work goes on; signoff comes back", "leave"),
    _app("ctrl+q", "ctrl+q", "leave", "Leave", "The same from anywhere", priority=True),
    _app("", "", "trust", "Trust this directory", "Its recipes and policy, after reading them"),
    _app("", "", "theme", "Light or dark", "Turns the theme over"),
)


def of(*places: Place) -> Iterator[Command]:
    """The commands that are heard in these places, in the order of their declaration."""
    return (command for command in COMMANDS if command.place in places)


def bindings(*places: Place) -> list[BindingType]:
    """The bindings of these places."""
    return [
        Binding(command.key, command.action, command.title, show=False, priority=command.priority)
        for command in of(*places)
        if command.key
    ]
