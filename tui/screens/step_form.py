"""One step of a plan as a form: saved, it is the next revision, which people read and sign like any other.

Nothing typed is lost: what the engine refuses comes back beside its field, and a revision that came meanwhile is told
before anything is put onto it. Approves nothing.
"""

from __future__ import annotations

from typing import ClassVar

from textual import events, on, work
from textual.binding import Binding, BindingType
from textual.widgets import Input, TextArea

from engine import (
    InvalidPlan,
    Plan,
    ReadPlan,
    Reply,
    Revise,
    ShowTask,
    SignoffError,
    TaskView,
    compare,
    plan_document,
)
from engine.errors import StaleRevision
from tui.presentation.edits import (
    dropping,
    edited,
    made,
    texts_of,
    told,
    with_step,
    with_step_after,
    without_step,
)
from tui.presentation.revisions import meanwhile
from tui.presentation.trouble import trouble
from tui.screens.keys import KeysScreen
from tui.screens.step_form_view import StepFormView
from tui.widgets.key_line import KeyLine
from tui.widgets.options import Options

_KEPT = "What you wrote is still here."


class StepForm(StepFormView):
    """Ends with what the engine answered to the revision, or None.

    Args:
        view: the task, with the plan that is edited.
        step: the id of the step to edit; with `after`, a new one is made behind it.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "save", "Save: the next revision", show=False, priority=True),
        Binding("ctrl+n", "add", "Add a step after this one", show=False, priority=True),
        Binding("ctrl+r", "drop", "Drop this step; the first press says what follows", show=False, priority=True),
        Binding("escape", "back", "Back; twice when something was written", show=False),
        Binding("f1", "keys", "These keys", show=False),
    ]

    def __init__(self, view: TaskView, step: str, *, after: bool = False) -> None:
        super().__init__(view, step, after)
        self._asked = ""
        """What the next press of the same key would do."""
        self._busy = False

    @on(TextArea.Changed)
    @on(Input.Changed)
    @on(Options.Changed)
    def _changed(self) -> None:
        self._asked = ""
        self.show_head()

    def on_key(self, event: events.Key) -> None:
        if event.key != "escape":
            self._asked = ""

    @on(KeyLine.Pressed)
    async def _pressed(self, message: KeyLine.Pressed) -> None:
        await self.run_action(message.key.action)

    def action_keys(self) -> None:
        self.app.push_screen(KeysScreen.of(self))

    def action_complete(self) -> None:
        if isinstance(self.focused, Input):
            self.focused.action_cursor_right()

    def action_back(self) -> None:
        """Nobody loses what they wrote by one key."""
        if not self._busy and self._twice("back", self.typed() == self.was):
            self.dismiss(None)
        elif not self._busy:
            self.tell("esc again leaves and drops what you wrote.")

    def action_add(self) -> None:
        """A form for another step, above this one."""
        if self._after or self._busy:
            return
        if self.typed() != self.was:
            self.tell("ctrl+s saves this step first: a new one is another revision.")
        else:
            self.app.push_screen(StepForm(self._view, self._step, after=True), self._added)

    def _added(self, reply: Reply | None) -> None:
        if reply is not None:
            self.dismiss(reply)

    def action_drop(self) -> None:
        plan = self._view.plan
        if self._after or self._busy or plan is None or self.planned is None:
            return
        if self._twice("drop"):
            self._save(without_step(plan, self._step))
        else:
            self.tell(f"{dropping(plan, self._step)} ctrl+r again makes the revision without it.")

    def _twice(self, what: str, once: bool = False) -> bool:
        """Whether a press may act: the second of its kind in a row, or one that does no harm."""
        again, self._asked = self._asked == what, what
        return again or once

    @on(Input.Submitted)
    def action_save(self) -> None:
        plan, now, planned = self._view.plan, self.typed(), self.planned
        if self._busy or plan is None:
            return
        try:
            if self._after:
                self._save(with_step_after(plan, made(now), self._step))
            elif planned is None:
                self.tell(f"Revision {plan.revision} has no step {self._step} to put it onto. {_KEPT}")
            elif (step := edited(planned.step, self.was, now)) == planned.step:
                self.tell(f"Nothing was changed; revision {plan.revision} stays.")
            else:
                self._save(with_step(plan, step))
        except InvalidPlan as error:
            self.tell(_KEPT, told(error.faults, plan, now["id"]))

    @work(group="saving", exclusive=True)
    async def _save(self, plan: Plan) -> None:
        """Hand the revision in; leave with it, or stay with what is wrong."""
        self._busy = True
        task = self._view.task
        try:
            document = plan_document(plan)
            reply = await self.app.engine.do(
                Revise(task=task.id, revision=task.revision, document=document, name=f"plan-{task.id}.yaml")
            )
        except InvalidPlan as error:
            self.tell(trouble(error, _KEPT), told(error.faults, plan, self.typed()["id"]))
        except StaleRevision:
            await self._catch_up()
        except SignoffError as error:
            self.tell(trouble(error, _KEPT))
        else:
            self.dismiss(reply)
        finally:
            self._busy = False

    async def _catch_up(self) -> None:
        """Another revision came: say what it changed, and put what was typed onto it only when asked again."""
        try:
            view: TaskView = await self.app.engine.read(ShowTask(task=self._view.task.id))
            before: Plan = await self.app.engine.read(ReadPlan(task=view.task.id, revision=self._view.task.revision))
        except SignoffError as error:
            self.tell(trouble(error, _KEPT))
            return
        now, was = self.typed(), self.was
        self._view = view
        if self.planned is not None and not self._after:
            self.was = texts_of(self.planned)
            self.put({name: self.was[name] if now[name] == was[name] else now[name] for name in now})
        self.show_head()
        came = meanwhile(compare(before, view.plan), view) if view.plan else ""
        self.tell(f"{came} {_KEPT} ctrl+s puts it onto revision {view.task.revision}.")
