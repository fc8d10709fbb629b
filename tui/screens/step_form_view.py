"""The form of one step as it is seen: its fields, what is typed in them, what is told beside each. Decides nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from textual import getters
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.suggester import Suggester
from textual.widget import Widget
from textual.widgets import Input, Static, TextArea

from engine import OPERANDS, PlannedStep, Reply, TaskView
from tui.messages import Desk
from tui.presentation.content import assemble, content
from tui.presentation.edits import ACTIONS, BLANK, NO, WHENS, YES, Texts, Told, editable, texts_of, tiers
from tui.presentation.line import MUTED
from tui.presentation.reading import GLANCE
from tui.widgets.key_line import Key, KeyLine
from tui.widgets.lines import Lines
from tui.widgets.options import Options
from tui.widgets.rule import Rule
from tui.widgets.spread_line import SpreadLine

_KEYS = (Key("ctrl+s", "save", "save"), Key("tab", "next", "app.focus_next"), Key("→", "complete", "complete"))
_OF_STEP = (Key("ctrl+n", "new after", "add"), Key("ctrl+r", "drop", "drop"))
_BACK = Key("esc", "back", "back")
_SOCKETS = ("ssh-agent", "docker")
_HINTS = {
    "needs": "nothing",
    "network": "none; any, or the hosts that are meant",
    "writes": "nothing outside of its directory",
    "secrets": "none; names of variables",
    "sockets": f"none; {', '.join(_SOCKETS)}",
}
_UNSEEN = "It holds characters that cannot be seen here: E edits it, in the plan file."


class Names(Suggester):
    """Completes the last one of several names."""

    def __init__(self, names: Sequence[str]) -> None:
        super().__init__(use_cache=False, case_sensitive=True)
        self._names = names

    async def get_suggestion(self, value: str) -> str | None:
        *before, start = value.replace(",", " ").split(" ")
        fits = (name for name in self._names if name.startswith(start) and name not in before)
        name = next(fits, None) if start else None
        return None if name is None else value[: len(value) - len(start)] + name


class StepFormView(ModalScreen[Reply | None]):
    """Shows one step to somebody who edits it; `after` shows an empty one that would stand behind it."""

    app = getters.app(Desk)
    CSS_PATH = "step_form.tcss"
    AUTO_FOCUS = None

    def __init__(self, view: TaskView, step: str, after: bool) -> None:
        super().__init__()
        self._view, self._step, self._after = view, step, after
        planned = self.planned
        self.was: Texts = texts_of(planned) if planned and not after else {**BLANK, "needs": step}
        """What stood in the fields before anything was typed."""

    @property
    def planned(self) -> PlannedStep | None:
        """The step that the form is about, as the revision has it."""
        steps = self._view.plan.steps if self._view.plan else ()
        return next((each for each in steps if each.id == self._step), None)

    def compose(self) -> ComposeResult:
        was = self.was
        with Vertical(id="sheet"):
            yield SpreadLine(id="title")
            if self._after:
                yield from _field(
                    "id", Input(id="id", placeholder="a name that no step had before", select_on_focus=False)
                )
                yield from _field("action", Options(ACTIONS, was["action"], id="action"))
            yield Rule(id="what")
            yield Static(classes="fault", id="operand-fault", markup=False)
            yield TextArea(was["operand"], id="operand", highlight_cursor_line=False)
            with VerticalScroll(id="fields", can_focus=False):
                for name, hint in _HINTS.items():
                    entry = Input(
                        was[name], id=name, placeholder=hint, suggester=self._names(name), select_on_focus=False
                    )
                    yield from _field(name, entry)
                words = {"when": WHENS, "tty": (NO, YES), "tier": tiers(None if self._after else self.planned)}
                for name, values in words.items():
                    yield from _field(name, Options(values, was[name], id=name))
            yield Static(id="notice", markup=False)
            yield KeyLine(id="keys")

    def _names(self, name: str) -> Names | None:
        if name == "needs" and self._view.plan:
            return Names([each.id for each in self._view.plan.steps if each.id != self.was["id"]])
        return Names(_SOCKETS) if name == "sockets" else None

    def on_mount(self) -> None:
        for lines in self.query(Lines):
            lines.ascii_only = self.app.ascii_only
        self.query_one(KeyLine).keys = (*_KEYS, *(() if self._after else _OF_STEP), _BACK)
        self.show_head()
        self._open_operand()
        self._to_the_end()
        self.query_one("#id" if self._after else "#operand").focus()

    def show_head(self) -> None:
        bar = self.query_one("#title", SpreadLine)
        verb = "New step after " if self._after else "Edit "
        bar.left = assemble((verb, "bold $accent"), (self._step[:GLANCE], "bold"))
        bar.right = content(f"revision {self._view.task.revision} of task {self._view.task.id}", MUTED)
        self.query_one("#what", Rule).left = content(OPERANDS[self.typed()["action"]], "bold")

    def on_descendant_focus(self) -> None:
        self.query_one("#what", Rule).lit = self.query_one("#operand").has_focus

    def typed(self) -> Texts:
        """What stands in the fields now."""
        area = self.query_one("#operand", TextArea)
        fields = {field.id: field.value for field in self.query(Input) if field.id}
        words = {field.id: field.value for field in self.query(Options) if field.id}
        return {**self.was, "operand": self.was["operand"] if area.read_only else area.text, **fields, **words}

    def put(self, texts: Texts) -> None:
        """Put texts into the fields."""
        self.query_one("#operand", TextArea).text = texts["operand"]
        self._open_operand()
        for entry in self.query(Input):
            entry.value = texts[entry.id or ""]
        for options in self.query(Options):
            words = tiers(self.planned) if options.id == "tier" else options.words
            options.offer(words, texts[options.id or ""])

    def _to_the_end(self) -> None:
        """Where the cursor of every other field stands."""
        area = self.query_one("#operand", TextArea)
        area.move_cursor(area.document.end)

    def _open_operand(self) -> None:
        """What the field cannot show as it is, is edited elsewhere."""
        area, operand = self.query_one("#operand", TextArea), self.was["operand"]
        area.read_only = area.text == operand and not editable(operand)
        if area.read_only:
            self._beside("operand", [_UNSEEN])

    def tell(self, text: str = "", found: Told | None = None) -> None:
        """What came of it: beside each field, and below them all; goes to the first field that is wrong."""
        faults = found.fields if found else {}
        for line in self.query(".fault"):
            name = (line.id or "").removesuffix("-fault")
            self._beside(name, faults.get(name, ()))
        notice = [*(found.rest if found else ()), *([text] if text else ())]
        below = self.query_one("#notice", Static)
        below.update(_lines(notice))
        below.set_class(bool(notice), "-shown")
        if first := next((name for name in self.was if name in faults), None):
            self.query_one(f"#{first}").focus()

    def _beside(self, name: str, faults: Sequence[str]) -> None:
        mark = "x" if self.app.ascii_only else "✗"
        line = self.query_one(f"#{name}-fault", Static)
        line.update(_lines([f"{mark} {fault}" for fault in faults]))
        line.set_class(bool(faults), "-shown")


def _field(name: str, entry: Widget) -> Iterator[Widget]:
    """A label, what is typed, and below it what is wrong with that."""
    yield Horizontal(Static(name, classes="label"), entry, classes="field")
    yield Static(classes="fault", id=f"{name}-fault", markup=False)


def _lines(texts: Sequence[str]) -> Content:
    return Content("\n").join(content(text) for text in texts)
