"""What a person does to single steps of a review: read, hold, skip, speak, edit. Verdicts are everybody's at once.

None of it approves anything: a verdict or a note leaves by a command of its own, an edit is another revision to read.
"""

from __future__ import annotations

from textual import on, work

from engine import (
    InvalidPlan,
    Judge,
    Plan,
    ReadDocument,
    ReadPlan,
    Reply,
    ResolveComment,
    Revise,
    SignoffError,
    TaskView,
    Verdict,
    WriteComment,
    compare,
)
from tui.presentation.edits import closed
from tui.presentation.reading import missing
from tui.presentation.revisions import Since, meanwhile
from tui.presentation.threads import newest_thread
from tui.presentation.trouble import trouble
from tui.screens.review_modes import Mode, ReviewModes
from tui.widgets.step_list import StepList

_DRAFT = "Your text is kept: E opens it again; an empty text gives it up."


class ReviewSteps(ReviewModes):
    """A review whose steps can be judged, discussed and edited."""

    _about: tuple[str, int | None] = ("", None)
    """The step that words are written about, and the comment that they answer."""

    # Reading

    @on(StepList.Opened)
    def action_show(self) -> None:
        row = self.steps.chosen
        if row is not None and row.group is not None:
            self.steps.fold(row.group)
        else:
            self.operand.focus()

    def action_read_on(self) -> None:
        """A page on; at the end of the operand, to the next step that must be read."""
        view = self.operand
        self.notice()
        if not view.seen:
            view.action_page(1)
            return
        self.has_read()
        if self.reading and self.reading.unread:
            self.go_to(self.reading.unread[0])
        elif not view.at_end:
            view.action_page(1)
        elif self.reading:
            self.notice(missing(self.reading) or "Everything that asks was read. A signs.")

    def action_ok(self) -> None:
        """This step is read and fine; one that must be read counts only once its end was shown."""
        step, reading = self.shown, self.reading
        if step is None or reading is None:
            return
        if reading.must(step) and not self.operand.seen and step.id not in reading.read:
            self.notice(f"Read {step.id} to its end first: space reads on.")
            return
        self.has_read()
        self.notice()
        self.steps.action_move(1)

    def action_open_all(self) -> None:
        self.steps.fold_all()

    def action_step(self, by: int) -> None:
        """To another step, wherever the focus is."""
        self.notice()
        self.steps.action_move(by)

    def action_other_pane(self) -> None:
        steps, view = self.steps, self.operand
        (steps if view.has_focus else view).focus()

    def action_differences(self) -> None:
        """Show or hide what changed since the earlier revision."""
        if self.reading is None or self.reading.since is None:
            self.notice("This is the first revision: there is none to compare it with.")
            return
        self.differences = not self.differences
        self.show_page(again=True)

    # Verdicts

    def action_hold(self) -> None:
        """Let a step wait while the rest goes on; again to release it."""
        if (step := self._judged()) and self.reading:
            self._judge(step, Verdict.RELEASE if step in self.reading.held else Verdict.HOLD)

    def action_skip(self) -> None:
        """Leave a step out, with all that needs it; again to take it in."""
        if (step := self._judged()) and self.reading:
            self._judge(step, Verdict.TAKE_IN if step in self.reading.skipped else Verdict.SKIP)

    def _judged(self) -> str:
        """The step that a verdict is for; empty where none is in sight."""
        step, reading = self.shown, self.reading
        if not self.deliberate.settled or reading is None or self.mode is not Mode.READING:
            return ""
        if step is None:
            self.notice("enter shows the steps of this tier; s leaves one of them out, h holds it.")
            return ""
        if step.id in reading.lost:
            self.notice(f"{step.id} is skipped with {reading.lost[step.id]}: take that one in again.")
            return ""
        return step.id

    @work(group="judging")
    async def _judge(self, step: str, verdict: Verdict) -> None:
        revision = self.reading.plan.revision if self.reading else 0
        if await self.give(Judge(task=self._task_id, revision=revision, step=step, verdict=verdict)):
            self.notice()

    # Words

    def action_note(self) -> None:
        """Say something about the step in sight, or answer what was said; without a step, about the plan."""
        if self.view is None or self.mode is not Mode.READING or not self.deliberate.settled:
            return
        step = self.shown.id if self.shown else ""
        thread = newest_thread(self.view.comments, step)
        self._about = step, thread.id if thread else None
        self.notice()
        about = step or "the plan"
        self.enter(Mode.NOTING, f"Answer {thread.author} on {about}:" if thread else f"Say about {about}:")

    @work(group="speaking")
    async def write_note(self, text: str) -> None:
        step, answers = self._about
        revision = self.reading.plan.revision if self.reading else None
        if await self.give(WriteComment(task=self._task_id, text=text, step=step, answers=answers, revision=revision)):
            self.enter(Mode.READING)

    @work(group="speaking")
    async def action_resolve(self) -> None:
        """Close the newest open thread of the step in sight."""
        if self.view is None or self.mode is not Mode.READING or not self.deliberate.settled:
            return
        thread = newest_thread(self.view.comments, self.shown.id if self.shown else "")
        if thread is None:
            self.notice("Nothing is open here: c writes a note.")
        elif await self.give(ResolveComment(comment=thread.id)):
            self.notice(f"Resolved what {thread.author} wrote.")

    # Another revision

    def action_edit(self) -> None:
        """The step in sight as a form; what is saved is the next revision."""
        view = self._open_for_edits()
        if view is None:
            return
        if self.shown is None:
            self.notice("enter shows the steps of this tier; e edits one of them, E the whole plan file.")
            return
        from tui.screens.step_form import StepForm

        self.notice()
        self.app.push_screen(StepForm(view, self.shown.id), self._edited)

    def _edited(self, reply: Reply | None) -> None:
        if reply is not None:
            self.app.say(reply.text)

    def _open_for_edits(self) -> TaskView | None:
        """The view, where its plan can be edited; else the reason is told."""
        view = self.view
        if view is None or view.plan is None or self.mode is not Mode.READING or not self.deliberate.settled:
            return None
        if reason := closed(view.task):
            self.notice(reason)
            return None
        return view

    @work(group="editing", exclusive=True)
    async def action_edit_file(self) -> None:
        """The whole plan in the person's editor; a text of an earlier revision is opened only after a second key."""
        view = self._open_for_edits()
        if view is None or view.plan is None:
            return
        base, _ = self.app.drafts.get(view.task.id, (view.task.revision, ""))
        if base == view.task.revision:
            await self._edit_file(view)
            return
        try:
            before: Plan = await self.app.engine.read(ReadPlan(task=view.task.id, revision=base))
        except SignoffError as error:
            self.notice(trouble(error, _DRAFT))
            return
        self.notice(f"{meanwhile(compare(before, view.plan), view)} Your text was written on revision {base}.")
        self.enter(Mode.REOPENING, f"Open it, to replace revision {view.task.revision}?")

    @work(group="editing", exclusive=True)
    async def reopen(self) -> None:
        """Open the text that was refused, against the present revision."""
        if self.view is not None:
            await self._edit_file(self.view)

    async def _edit_file(self, view: TaskView) -> None:
        task, revision = view.task.id, view.task.revision
        _, draft = self.app.drafts.get(task, (revision, ""))
        try:
            present: str = await self.app.engine.read(ReadDocument(task=task))
            text = await self.app.edit(draft or present, f"plan-{task}.yaml")
        except SignoffError as error:
            self.notice(trouble(error, _DRAFT if draft else ""))
            return
        if text == present or not text.strip():
            self.app.drafts.pop(task, None)
            self.notice(f"Nothing was changed; revision {revision} stays.")
            return
        await self._revise(Revise(task=task, revision=revision, document=text, name=f"plan-{task}.yaml"))

    async def _revise(self, command: Revise) -> None:
        self.app.drafts[command.task] = command.revision, command.document
        try:
            reply = await self.app.engine.do(command)
        except InvalidPlan as error:
            faults = "; ".join(map(str, error.faults))
            self.notice(f"{faults}. {trouble(error, _DRAFT)}")
        except SignoffError as error:
            self.notice(trouble(error, _DRAFT))
            self.load()
        else:
            del self.app.drafts[command.task]
            self.app.say(reply.text)

    def news(self, view: TaskView, since: Since | None) -> str:
        """As every reader gets it, and what waits to be sent."""
        base, _ = self.app.drafts.get(view.task.id, (0, ""))
        kept = f"Your edit of revision {base} was not taken, and is kept: E opens it again." if base else ""
        return " ".join(filter(None, (super().news(view, since), kept)))
