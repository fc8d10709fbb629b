"""The tour with its screens: the real program, and one line of guidance above whatever is shown.

The acts follow what really happens in the engine, so a person who does something else is not lost: the line waits.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from pathlib import PurePath
from typing import ClassVar

from textual import events
from textual.widgets import Input, Static

from engine import (
    Answer,
    EngineClient,
    Event,
    PlanSigned,
    QuestionAnswered,
    QuestionAsked,
    QuestionChanged,
    QuestionKind,
    RunCancelled,
    TaskEnded,
)
from tui.app import Options, SignoffApp
from tui.presentation.content import assemble
from tui.screens.review import ReviewScreen
from tui.tour.scene import Scene


class Act(IntEnum):
    """Where the tour is."""

    READ = 1
    SIGN = 2
    TAMPER = 3
    DENY = 4
    CANCEL = 5
    LEAVE = 6
    END = 7


LINES: Mapping[Act, tuple[str, str]] = {
    Act.READ: ("read", "space shows the two risky steps, each to its end"),
    Act.SIGN: ("sign", "A, then y: exactly these bytes may run"),
    Act.TAMPER: ("tamper", "t changes deploy.sh, then answer Y (i: the question)"),
    Act.DENY: ("deny", "refused. i, space: what changed; then D, a reason, enter"),
    Act.CANCEL: ("cancel", "watch ignores SIGTERM: XX, X again; 4 has the receipt"),
    Act.LEAVE: ("leave", "a task of the tour runs on: q leaves, enter comes back"),
    Act.END: ("the end", "still there. q, then: cd your-repository && signoff"),
}


LOOK = 0.2
"""Seconds between two looks at which screen is up: the line follows the person."""


class Guide(Static):
    """The line of the present act, above a screen."""

    DEFAULT_CSS = "Guide { dock: top; height: 1; background: $primary; color: $text; text-style: bold; }"

    act: Act | None = None

    def show(self, act: Act) -> None:
        if act is self.act:
            return
        self.act = act
        name, line = LINES[act]
        number = f" tour {act} of 6 " if act is not Act.END else " tour "
        self.update(assemble((number, "reverse"), (f" {name}", ""), (f" · {line}", "")))


class Tour(SignoffApp):
    """The program on its stage.

    Args:
        act: where to go on, after the person has left and come back.
    """

    CSS_PATH: ClassVar[list[str | PurePath]] = ["../app.tcss", "../screens/workbench.tcss"]

    def __init__(self, engine: EngineClient, options: Options, scene: Scene, act: Act = Act.READ) -> None:
        super().__init__(engine, options)
        self.act = act
        self._scene = scene

    async def on_mount(self) -> None:  # That of the app is called as well: Textual goes through the classes.
        self.run_worker(self._watch_acts(), group="acts")
        if self.act is Act.READ:
            self.push_screen(ReviewScreen(1))
        self.set_interval(LOOK, self._guide)

    async def _watch_acts(self) -> None:
        async for item in self.engine.events():
            if isinstance(item, Event) and (act := self._after(item)) is not None:
                self._turn(act)

    def _after(self, event: Event) -> Act | None:
        """The act that an event leads to."""
        match event.fact:
            case PlanSigned() if self.act < Act.TAMPER:
                return Act.TAMPER
            case QuestionAsked(question=question) | QuestionChanged(question=question) if (
                question.kind is QuestionKind.DRIFT
            ):
                return Act.DENY
            case QuestionAnswered(question=question) if question.answer is Answer.DENY:
                return Act.CANCEL
            case RunCancelled(receipt=receipt):
                left = f"{len(receipt.survivors)} left alive" if receipt.survivors else "none left alive"
                self.say(f"receipt: {len(receipt.ends)} processes ended in {receipt.seconds:.1f} s, {left}")
            case TaskEnded(task=task) if task.id == 1 and self.act < Act.LEAVE:
                return Act.LEAVE
        return None

    def _turn(self, act: Act) -> None:
        self.act = max(self.act, act)
        self._guide()

    async def on_event(self, event: events.Event) -> None:
        # A modal hides the keys of the app; the hand that tampers is not bound by modals.
        if isinstance(event, events.Key) and event.key == "t" and not isinstance(self.focused, Input):
            self._tamper()
            return
        await super().on_event(event)

    def _guide(self) -> None:
        screen = self.screen
        if self.act is Act.READ and isinstance(screen, ReviewScreen) and screen.reading and not screen.reading.unread:
            self.act = Act.SIGN
        guides = screen.query(Guide)
        if guides:
            guides.first().show(self.act)
        else:
            screen.mount(Guide(markup=False))

    def _tamper(self) -> None:
        """Change the signed script, as somebody else might."""
        if self.act < Act.TAMPER:
            self.say("sign first, then tamper")
            return
        self._scene.tamper()
        self.say("deploy.sh now removes every release, not only the old one")
