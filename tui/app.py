"""The app: theme, global keys, the bridge, and what screens may ask for. It draws nothing and decides nothing.

The engine is handed in; whether it is embedded or behind a socket makes no difference here.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, ClassVar

from textual import events, work
from textual.binding import BindingType
from textual.command import Provider
from textual.dom import DOMNode
from textual.filter import LineFilter, NoColor
from textual.widgets import Input

from engine import (
    Command,
    DirectoryView,
    EngineClient,
    Question,
    QuestionKind,
    ShowDirectory,
    ShowTask,
    SignoffError,
    StepState,
    dataclass,
)
from engine.errors import NotAllowed, Unforeseen
from tui import crash
from tui.ascii_net import AsciiNet
from tui.bridge import Bridge
from tui.commands import COMMANDS, Place, bindings
from tui.messages import Desk
from tui.palette import Commands
from tui.presentation.attention import Attention, attention
from tui.presentation.ownerless import is_interrupted
from tui.presentation.safe import safe, safe_lines
from tui.presentation.task import farewell, orphaned
from tui.renderer_net import Net
from tui.screens.workbench import Workbench
from tui.theme import THEMES, TURNED, Colours, colours_of

if TYPE_CHECKING:
    from rich.console import RenderableType

SEEN = 0.5
"""Seconds after which what was told has been seen, and goes with the next key."""
QUIET = 2.0
"""Seconds without a key after which a person is not typing."""


@dataclass(frozen=True, kw_only=True)
class Options:
    """What the command line knows and the engine does not."""

    root: str
    user: str
    state: Path
    """The state directory; what nobody foresaw is written down below it."""
    again: str = "signoff"
    """The command that comes back to this engine."""
    ascii_only: bool = False
    colours: Colours | None = None
    """None to find out from the environment."""
    clock: Callable[[], float] = time.time
    attention: Attention = Attention.BELL
    """How the terminal tells that its person is needed."""
    away: Callable[[], Awaitable[None]] | None = None
    """Hands the terminal back to the shell and returns when it comes again; None where nobody can."""
    lost: Callable[[], None] | None = None
    """Told when the terminal turns out to be somebody else's; None where nobody waits for that."""


class SignoffApp(Desk):
    """The screens over one engine."""

    TITLE = "signoff"
    CSS_PATH: ClassVar[list[str | PurePath]] = ["app.tcss", "screens/workbench.tcss"]
    COMMANDS: ClassVar[set[type[Provider] | Callable[[], type[Provider]]]] = {Commands}
    BINDINGS: ClassVar[list[BindingType]] = bindings(Place.APP)

    def __init__(self, engine: EngineClient, options: Options) -> None:
        super().__init__()
        self.engine, self.root, self.user = engine, options.root, options.user
        self.ascii_only, self.clock = options.ascii_only, options.clock
        self._away, self._lost = options.away, options.lost
        self.marked: dict[int, tuple[str, frozenset[str]]] = {}
        self.drafts: dict[int, tuple[int, str]] = {}
        self._bridge = Bridge(self, engine, self._engine_closed)
        self._state, self._again, self._attention = options.state, options.again, options.attention
        self._crashed = ""
        """The last words, when it ends by an error."""
        self._last_key = float("-inf")
        self._typed: deque[events.Key | events.Paste] = deque()
        self._under_way = False
        """Whether something typed has not come to its end yet."""
        self._mouse = True
        colours = options.colours or colours_of()
        nets: list[LineFilter] = [AsciiNet(), Net()] if self.ascii_only else [Net()]
        self._filters[:0] = nets
        if colours is Colours.NONE:
            self._filters.append(NoColor())
        for theme in THEMES:
            self.register_theme(theme)
        self.theme = colours

    def get_default_screen(self) -> Workbench:
        return Workbench()

    def refresh_css(self, animate: bool = True) -> None:
        """As ever; but before there is a screen a theme is only taken over, or all would be parsed twice."""
        if self.screen_stack:
            super().refresh_css(animate)
        else:
            self.stylesheet.set_variables(self.get_css_variables())

    async def on_mount(self) -> None:
        if self._away is not None:
            # The driver would stop the whole process, and take a terminal again that is gone; only `away` may.
            signal.signal(signal.SIGTSTP, signal.SIG_IGN)
            signal.signal(signal.SIGCONT, signal.SIG_IGN)
        self._bridge.start()
        self._look_around()

    async def on_unmount(self) -> None:
        await self._bridge.stop()

    async def on_event(self, event: events.Event) -> None:
        if isinstance(event, events.Key | events.Paste) and not event.is_forwarded:
            self._typed.append(event)
            if not self._under_way:
                await self._next_typed()
        else:
            await super().on_event(event)

    # What is typed takes effect in order: a key may lead elsewhere, and what comes behind it is for there

    async def _next_typed(self) -> None:
        """Send typed keys on their way, each when the one before has come to the end of its own."""
        self._under_way = False
        while self._typed and not self._under_way:
            event = self._typed.popleft()
            if isinstance(event, events.Key):
                self._last_key = time.monotonic()
                self._put_away()
                if isinstance(self.screen, Workbench):
                    self.screen.key_pressed(event.character or event.key)
            way: list[DOMNode] = list((self.focused or self.screen).ancestors_with_self)
            await super().on_event(event)
            if event.is_forwarded:
                self._under_way = True
                self._follow(way)

    def _put_away(self) -> None:
        """What was told lies over what is read: a key takes it away."""
        for told in tuple(self._notifications):
            if time.time() - told.raised_at >= SEEN:
                self._unnotify(told)

    def _follow(self, way: list[DOMNode]) -> None:
        """Go the way of a key, right behind it: from what has the focus up to this app, and behind what it began there.

        A `focus` takes effect in a message of its own to this app.
        """
        while way:
            if way.pop(0).call_later(self._follow, way):
                return
        self.call_later(self._next_typed)

    # What screens ask for

    def carry_out(self, command: Command, *, done: str = "") -> None:
        self.run_worker(self._carry_out(command, done), group="commands")

    async def _carry_out(self, command: Command, done: str) -> None:
        try:
            reply = await self.engine.do(command)
        except SignoffError as error:
            self.explain_error(error)
        else:
            self.say(reply.text or done)

    def explain_error(self, error: SignoffError) -> None:
        hint = crash.keep(error.__cause__ or error, self._state) if isinstance(error, Unforeseen) else error.hint
        text = f"{safe(str(error))}\n{safe(hint)}" if hint else safe(str(error))
        self.notify(text, severity="error", timeout=8, markup=False)

    def trouble(self, text: str, *, over: bool) -> None:
        self.bell()
        self.notify(text, severity="information" if over else "error", timeout=5 if over else 15, markup=False)

    def say(self, text: str) -> None:
        if text:
            self.notify(safe(text), timeout=3, markup=False)

    def attend(self, title: str) -> None:
        if self._driver is not None and (told := attention(title, self._attention, os.environ)):
            self._driver.write(told)

    def asked(self, question: Question) -> None:
        self.attend(f"task {question.task}: {question.step or 'its budget'} waits for you")
        typing = isinstance(self.focused, Input) or time.monotonic() - self._last_key < QUIET
        if not typing and isinstance(self.screen, Workbench):
            self.ask(question)

    def ask(self, question: Question) -> None:
        self.run_worker(self._ask(question), group="asking", exclusive=True)

    async def _ask(self, question: Question) -> None:
        if question.kind is QuestionKind.BUDGET:
            from tui.screens.budget import BudgetScreen

            self.push_screen(BudgetScreen(question.task))
            return
        from tui.screens.confirm import ConfirmScreen

        try:
            view = await self.engine.read(ShowTask(task=question.task))
        except SignoffError as error:
            self.explain_error(error)
            return
        self.push_screen(ConfirmScreen(question, view))

    def notified(self, task: int, message: str) -> None:
        self.attend(f"task {task} says: {message}")
        self.notify("\n".join([f"task {task} says:", *safe_lines(message)]), timeout=8, markup=False)

    def copy(self, text: str, what: str) -> None:
        self.run_worker(self._copy(text, what), group="copying")

    async def _copy(self, text: str, what: str) -> None:
        from tui.clipboard import take_along

        try:
            where = await take_along(text, self.copy_to_clipboard, self._state, os.environ)
        except OSError as error:
            self.say(f"{what} could not be copied: {error.strerror}")
        else:
            self.say(f"copied {what}, {len(text)} characters, to {where}")

    def hand_over(self, task: int, step: str) -> None:
        self.run_worker(self._hand_over(task, step), group="away", exclusive=True)

    async def _hand_over(self, task: int, step: str) -> None:
        from tui.handover import hand_over

        with self._lent(f"{step} could not have this terminal"), _terminal() as file:
            status = await hand_over(self.engine, task, step, file)
            self.say(f"{step} goes on in its terminal: T takes it again" if status is None else f"{step} has ended")

    def page(self, run: int) -> None:
        self.run_worker(self._page(run), group="away", exclusive=True)

    async def _page(self, run: int) -> None:
        from tui.pager import page

        pager = os.environ.get("PAGER", "").strip() or "less"
        with self._lent(f"{pager} could not be started"):
            try:
                await page(lambda offset, n: self.engine.read_log(run, offset, n), pager)
            except ValueError as error:
                self.say(f"$PAGER is no command line: {error}")

    async def edit(self, text: str, name: str) -> str:
        from tui.editor import edited, editor_of

        with self._screen_away():
            return await edited(text, name, editor_of(os.environ))

    @contextlib.contextmanager
    def _lent(self, failed: str) -> Iterator[None]:
        """The terminal is somebody else's for a while; what goes wrong meanwhile is told when the screen is back.

        Args:
            failed: what to say when the system refused something, before its reason.
        """
        try:
            with self._screen_away():
                yield
        except OSError as error:
            self.say(f"{failed}: {error.strerror}")
        except SignoffError as error:
            self.explain_error(error)

    @contextlib.contextmanager
    def _screen_away(self) -> Iterator[None]:
        """The terminal belongs to someone else; the engine and this loop run on, and nothing is drawn."""
        with self.batch_update(), self.suspend():
            yield
        self.refresh(layout=True)

    @work(group="trust", exclusive=True)
    async def _look_around(self, *, asked_for: bool = False) -> None:
        """Ask about what the directory brings, before anything of it is used; or say that there is nothing to ask."""
        await self.painted()
        try:
            view: DirectoryView = await self.engine.read(ShowDirectory(root=self.root))
        except SignoffError as error:
            if asked_for or not isinstance(error, NotAllowed):
                self.explain_error(error)
            return
        if view.wants_trust and not isinstance(self.screen, Workbench):
            from tui.presentation.trust import standing

            self.say(standing(view))  # somebody is busy elsewhere
        elif view.wants_trust:
            from tui.screens.trust import TrustScreen

            self.push_screen(TrustScreen(view), self._looked_around)
        elif asked_for:
            self.say("trusted, and unchanged" if view.holds else "this directory brings no recipes and no policy")

    def _looked_around(self, trusted: bool | None) -> None:
        self.say("trusted: n offers its recipes" if trusted else "not trusted: Trust this directory under : asks again")

    # Keys heard everywhere

    async def action_command(self, index: int) -> None:
        """Run an entry of the palette."""
        command = COMMANDS[index]
        if isinstance(self.screen, Workbench):
            await self.screen.run_command(command.place, command.action)
        elif command.place is Place.APP:
            await self.run_action(command.action, self)

    def action_help(self) -> None:
        from tui.screens.help import HelpScreen

        place = self.screen.keys.place if isinstance(self.screen, Workbench) else Place.WORKBENCH
        self.push_screen(HelpScreen(place, ascii_only=self.ascii_only))

    def action_mouse(self) -> None:
        self._mouse = not self._mouse
        if switch := getattr(self._driver, f"_{'enable' if self._mouse else 'disable'}_mouse_support", None):
            switch()
        self.say("the mouse is ours again" if self._mouse else "the mouse is the terminal's: select, then m")

    def action_copy_or_hint(self) -> None:
        if selection := self.screen.get_selected_text():
            self.copy(selection, "the selection")
        else:
            self.say("nothing is selected: q leaves, xx cancels, y copies")

    def action_trust(self) -> None:
        self._look_around(asked_for=True)

    def action_theme(self) -> None:
        self.theme = TURNED[Colours(self.theme)]

    @work(group="away", exclusive=True)
    async def action_away(self) -> None:
        if self._away is None:
            self.say("this terminal cannot be handed back: q leaves, and work goes on")
            return
        with self._screen_away():
            await self._away()

    def action_leave(self) -> None:
        """From what is on the screen: leaving never waits for anything."""
        first = self.screen_stack[0]
        assert isinstance(first, Workbench)
        info, view = first.status_bar.info, first.view
        here = sum(status.state is StepState.RUNNING for status in view.steps) if view else 0
        self.exit(farewell(max(here, info.running if info else 0), len(first.questions), self._again))

    def _engine_closed(self) -> None:
        first = self.screen_stack[0] if self.screen_stack else None
        rows = [row.task for row in first.window.rows] if isinstance(first, Workbench) else []
        self.exit(orphaned([task.id for task in rows if is_interrupted(task)], self._again))

    def panic(self, *renderables: RenderableType) -> None:
        """The keys cannot be read any more: a shell has the terminal. Its traceback would lie in that shell."""
        if self._lost is None:
            super().panic(*renderables)
        else:
            self._lost()

    # What nobody foresaw: a person gets a sentence, not the traceback that Textual would print

    def _fatal_error(self) -> None:
        error = sys.exc_info()[1]
        if error is not None and not self._crashed:
            kept = crash.keep(error, self._state)
            told = f"signoff: the screen failed ({type(error).__name__}); what runs goes on and {kept}."
            self._crashed = safe(f"{told} Come back with: {self._again}")
        self._close_messages_no_wait()

    def _print_error_renderables(self) -> None:
        super()._print_error_renderables()
        told, self._crashed = self._crashed, ""
        if told:
            sys.stderr.write(f"{told}\n")


@contextlib.contextmanager
def _terminal() -> Iterator[int]:
    """The terminal of this process, open for reading and writing."""
    file = os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC)
    try:
        yield file
    finally:
        os.close(file)
