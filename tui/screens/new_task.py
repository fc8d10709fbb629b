"""A new task: words, targets to tick, a recipe with its variables, or a plan file. Asks for a plan; runs nothing.

The only screen with a text editor, so the only one that imports it.
"""

from __future__ import annotations

import asyncio
import os
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

from textual import getters, on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.screen import Screen
from textual.suggester import Suggester
from textual.widgets import Input, TextArea

from engine import (
    Estimate,
    EstimatePlan,
    Fault,
    InvalidPlan,
    ListTargets,
    MakePlan,
    Phase,
    Reply,
    ShowTask,
    SignoffError,
    Target,
    TaskView,
)
from engine.errors import NothingFits
from tui.messages import Desk
from tui.presentation.calls import at_most
from tui.presentation.content import content
from tui.presentation.line import MUTED
from tui.presentation.page import Line, Page
from tui.presentation.safe import is_safe, safe
from tui.presentation.targets import faults, line, missing, nothing_fits, picked, picking, refused, unwritten
from tui.presentation.wrap import cells
from tui.screens.keys import KeysScreen
from tui.widgets.key_line import Key, KeyLine
from tui.widgets.lines import Lines
from tui.widgets.operand_view import OperandView
from tui.widgets.row_list import RowList
from tui.widgets.rule import Rule
from tui.widgets.spread_line import SpreadLine
from tui.widgets.variable_fields import VariableFields

_KEYS = (
    Key("ctrl+s", "plan", "submit"),
    Key("tab", "next field", "app.focus_next"),
    Key("space", "tick", "tick"),
    Key("→", "completes a path", "complete"),
    Key("esc", "back", "back"),
)
_LARGEST = 8 * 2**20 + 1
"""Bytes of a plan file that are read: one more than the engine accepts, so that it says no and not we."""
_LONGEST = 24
_ASKED = "In your words, as many lines as it takes; naming a target below is enough to pick it."


class Targets(RowList[Target]):
    """Targets with a box to tick."""

    class Ticked(Message):
        """Another set is ticked."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("space", "open", "Tick or untick", show=False)]

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.ticked: dict[Target, None] = {}
        """In the order in which they were ticked."""

    def draw(self, row: Target, width: int) -> Content:
        widest = min(_LONGEST, max((cells(safe(target.name)) for target in self.rows[:200]), default=0))
        return line(row, width, ticked=row in self.ticked, name_width=widest, ascii_only=self.ascii_only)

    def action_open(self) -> None:
        if self.chosen is None:
            return
        if self.chosen in self.ticked:
            del self.ticked[self.chosen]
        else:
            self.ticked[self.chosen] = None
        self.refresh()
        self.post_message(self.Ticked())


class FileNames(Suggester):
    """Completes paths below a directory; a name that cannot be shown as it is, is not offered."""

    def __init__(self, root: str) -> None:
        super().__init__(use_cache=False, case_sensitive=True)
        self._root = root

    async def get_suggestion(self, value: str) -> str | None:
        return await asyncio.to_thread(self._first, value) if value else None

    def _first(self, value: str) -> str | None:
        folder, _, start = value.rpartition("/")
        place = os.path.join(self._root, os.path.expanduser(folder + "/" if folder or value.startswith("/") else ""))
        try:
            with os.scandir(place) as entries:
                found = sorted(
                    (entry.name + ("/" if entry.is_dir() else "") for entry in entries if entry.name.startswith(start)),
                    key=lambda name: (not name.endswith((".yaml", ".yml", ".json", "/")), name),
                )
        except OSError:
            return None
        name = next((name for name in found if is_safe(name) and (start or not name.startswith("."))), None)
        return None if name is None else value[: len(value) - len(start)] + name


class NewTaskScreen(Screen[int | None]):
    """Ends with the id of the task that was made, or None.

    Args:
        root: absolute path of the directory that the steps shall run in.
    """

    app = getters.app(Desk)
    CSS_PATH = "new_task.tcss"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (110, "-wide")]  # noqa: RUF012
    AUTO_FOCUS = "#request"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "submit", "Make the plan", show=False, priority=True),
        Binding("escape,q", "back", "Back; twice when something was written", show=False),
        Binding("question_mark", "keys", "These keys", show=False),
    ]

    def __init__(self, root: str) -> None:
        super().__init__()
        self._root = root
        self._leaving = False
        self._busy = False

    def compose(self) -> ComposeResult:
        yield SpreadLine(id="title")
        yield Rule(id="ask", classes="label")
        yield TextArea(id="request", placeholder=_ASKED, highlight_cursor_line=False)
        yield Rule(id="offered", classes="label")
        yield Targets(id="targets")
        yield Rule(id="given", classes="label")
        yield VariableFields(id="variables")
        yield Rule(id="plan", classes="label")
        yield Input(
            id="file",
            placeholder="path of a plan file, instead of the above",
            suggester=FileNames(self._root),
            select_on_focus=False,
        )
        yield OperandView(id="faults")
        yield KeyLine(id="keys")

    def on_mount(self) -> None:
        for lines in self.query(Lines):
            lines.ascii_only = self.app.ascii_only
        self._variables.ascii_only = self.app.ascii_only
        bar = self.query_one("#title", SpreadLine)
        bar.left, bar.right = content("New task", "bold $accent"), content(f"in {self._root}", MUTED)
        self.query_one("#ask", Rule).left = content("What shall be done?", "bold")
        self.query_one("#offered", Rule).left = content("This repository offers", "bold")
        self.query_one("#plan", Rule).left = content("Or a plan of your own", "bold")
        self.query_one(KeyLine).keys = _KEYS
        self._find()
        self._estimate()

    @work(exclusive=True, group="find")
    async def _find(self) -> None:
        try:
            found: tuple[Target, ...] = await self.app.engine.read(ListTargets(root=self._root))
        except SignoffError as error:
            self._tell(refused(error))
            return
        self.query_one(Targets).show(found)
        self._count()

    @property
    def _variables(self) -> VariableFields:
        return self.query_one(VariableFields)

    def _count(self) -> None:
        targets = self.query_one(Targets)
        self.query_one("#offered", Rule).right = content(picked(len(targets.rows), targets.ticked), MUTED)

    @on(Targets.Ticked)
    async def _ticked(self) -> None:
        """Say how many, and offer what the ticked recipe takes."""
        self._count()
        taking = next((target for target in self.query_one(Targets).ticked if target.variables), None)
        await self._variables.show(taking.variables if taking else ())
        self.set_class(taking is not None, "-taking")
        named = taking.name if taking else ""
        self.query_one("#given", Rule).left = content(f"Variables of {named}", "bold")

    def on_descendant_focus(self) -> None:
        for rule, field in (("#ask", "#request"), ("#offered", "#targets"), ("#plan", "#file")):
            self.query_one(rule, Rule).lit = self.query_one(field).has_focus
        self.query_one("#given", Rule).lit = self._variables.has_focus_within

    def _tell(self, lines: list[Line]) -> None:
        """Show what went wrong below the fields; nothing for no lines."""
        view = self.query_one("#faults", OperandView)
        view.set_class(bool(lines), "-shown")
        view.show(Page(lines=lines))

    @on(KeyLine.Pressed)
    async def _pressed(self, message: KeyLine.Pressed) -> None:
        await self.run_action(message.key.action)

    def action_tick(self) -> None:
        self.query_one(Targets).action_open()

    def action_complete(self) -> None:
        field = self.query_one("#file", Input)
        field.focus()
        field.action_cursor_right()

    def action_keys(self) -> None:
        self.app.push_screen(KeysScreen.of(self))

    @on(TextArea.Changed)
    @on(Input.Changed)
    def _edited(self) -> None:
        self._leaving = False

    def action_back(self) -> None:
        """Nobody loses what they wrote by one key."""
        fields = self.query_one("#request", TextArea).text, self.query_one("#file", Input).value
        written = any(map(str.strip, fields)) or self._variables.values
        if written and not self._leaving:
            self._leaving = True
            self._tell([Line("careful", "esc again leaves and drops what you wrote.", "bold $text-warning")])
        elif not self._busy:
            self.dismiss(None)

    @on(Input.Submitted, "VariableFields Input")
    def _given(self) -> None:
        self.focus_next()

    @on(Input.Submitted, "#file")
    def action_submit(self) -> None:
        if not self._busy:
            self._make()

    @work(group="make")
    async def _make(self) -> None:
        request, path = self.query_one("#request", TextArea).text.strip(), self.query_one("#file", Input).value.strip()
        ticked = tuple(self.query_one(Targets).ticked)
        if not (request or path or ticked):
            self._tell(
                [Line("nothing", "Write what shall be done, tick a target, or name a plan file.", "bold $text-warning")]
            )
            return
        if (lacking := self._variables.missing) and not path:
            self._tell(missing(lacking))
            return
        self._busy = True
        try:
            document = await self._document(path) if path else None
            command = MakePlan(root=self._root, request=request, document=document, name=path or "plan")
            if ticked and not path:
                command = replace(command, **picking(ticked), variables=self._variables.values)
            reply: Reply = await self.app.engine.do(command)
        except SignoffError as error:
            self._explain(error)
        else:
            await self._made(reply.task)
        finally:
            self._busy = False

    async def _made(self, task: int | None) -> None:
        """Leave with the task; where a model writes its plan, look on, and stay where there is none in the end."""
        if task is not None and await self._is_written(task):
            from tui.screens.planning import PlanningScreen

            phase = await self.app.push_screen_wait(PlanningScreen(task))
            if phase is not None and phase.ended:
                view: TaskView = await self.app.engine.read(ShowTask(task=task))
                self._tell(unwritten(view.task))
                return
        self.dismiss(task)

    async def _is_written(self, task: int) -> bool:
        """Whether a model is writing its plan now."""
        view: TaskView = await self.app.engine.read(ShowTask(task=task))
        return view.task.phase is Phase.PLANNING and bool(view.task.planner)

    @work(exclusive=True, group="estimate")
    async def _estimate(self) -> None:
        """Say who would plan a request, and for how much; nothing where no model is configured."""
        try:
            expected: Estimate = await self.app.engine.read(EstimatePlan(root=self._root, request=""))
        except SignoffError:
            return
        price = at_most(expected.usage, ascii_only=self.app.ascii_only)
        self.query_one("#ask", Rule).right = content(f"{expected.model} plans it, {price}", MUTED)

    async def _document(self, path: str) -> str:
        try:
            data = await asyncio.to_thread(_read, self._root, path)
            return data.decode("utf-8")
        except OSError as error:
            raise InvalidPlan((Fault(f"cannot be read: {error.strerror}", file=path),)) from error
        except UnicodeDecodeError as error:
            raise InvalidPlan((Fault(f"byte {error.start} is not UTF-8; save it as UTF-8", file=path),)) from error

    def _explain(self, error: SignoffError) -> None:
        if isinstance(error, InvalidPlan):
            self._tell(faults(error.faults))
        elif isinstance(error, NothingFits):
            self._tell(nothing_fits(error, self.query_one(Targets).rows))
        else:
            self._tell(refused(error))


def _read(root: str, path: str) -> bytes:
    with Path(root, os.path.expanduser(path)).open("rb") as file:
        return file.read(_LARGEST)
