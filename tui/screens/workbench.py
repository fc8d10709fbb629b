"""The workbench: what its keys do. Every deed becomes one command of the engine; what cannot be undone takes two keys,
and the first one names what it would end.
"""

from __future__ import annotations

from typing import ClassVar

from textual import events, on
from textual.binding import BindingType
from textual.widget import Widget

from engine import (
    AcceptResult,
    Cancel,
    Kill,
    Notified,
    Pause,
    Phase,
    PhaseChanged,
    PlanWritten,
    QuestionAsked,
    Remove,
    Resume,
    RevokeGrant,
    StepState,
    TaskEnded,
    dataclass,
)
from engine import Command as Verb
from tui.commands import Place, bindings
from tui.messages import DiskRefused, Happened
from tui.presentation.content import content
from tui.presentation.status import PHASES
from tui.presentation.task import WAITING, dies
from tui.presentation.trouble import disk
from tui.screens.workbench_view import PANES, WorkbenchView
from tui.widgets.find_bar import FindBar
from tui.widgets.key_bar import KeyBar
from tui.widgets.step_graph import StepGraph
from tui.widgets.tab_rule import TabRule
from tui.widgets.task_strip import Tasks

_JUMPS = {"running": frozenset({StepState.RUNNING}), "waiting": WAITING, "failed": frozenset({StepState.FAILED})}


@dataclass(frozen=True)
class Armed:
    """What the same key does when it is pressed again."""

    key: str
    verb: Verb
    done: str


class Workbench(WorkbenchView):
    """The first screen, and the one that all others return to."""

    CSS_PATH = "workbench.tcss"
    AUTO_FOCUS = "#graph"
    BINDINGS: ClassVar[list[BindingType]] = bindings(Place.WORKBENCH)
    _armed: Armed | None = None

    # Two keys

    def action_cancel(self) -> None:
        """Cancel the step in focus, or the task when the tasks have it."""
        self._cancel("x", None if isinstance(self.focused, Tasks) or self.tab == "notes" else self.step)

    def action_cancel_task(self) -> None:
        self._cancel("X", None)

    def _cancel(self, key: str, step: str | None) -> None:
        view = self.view
        if view is None:
            return
        armed, self._armed = self._armed, None
        if armed is not None and armed.key == key:
            self.show_banner()
            self.app.carry_out(armed.verb, done=armed.done)
            return
        status = self.status_of(step) if step else None
        cleaning = [each.id for each in view.steps if not each.state.ended] if view.task.phase.ended else []
        if cleaning and status is None:
            kill = Kill(task=view.task.id)
            self._arm(Armed(key, kill, "killed without more grace"), f"kills the cleanup too: {', '.join(cleaning)}")
            return
        if view.task.phase.ended or (status is not None and status.state.ended):
            self.app.say(f"{step if status else 'task ' + str(view.task.id)} has ended: nothing to cancel")
            return
        what = f"step {step}" if status else f"task {view.task.id}"
        verb = Cancel(task=view.task.id, step=step if status else None)
        self._arm(Armed(key, verb, f"cancelling {what}"), f"cancels {dies(view, step if status else None)}")

    def _arm(self, armed: Armed, named: str) -> None:
        """Let the same key do it when it is pressed again, and name what it would end."""
        self._armed = armed
        self.keys.banner = content(f" {armed.key} again {named} ", "bold reverse $text-error")

    def key_pressed(self, key: str) -> None:
        """Any other key lets go of a half-typed cancellation."""
        if self._armed is not None and key != self._armed.key:
            self._armed = None
            self.show_banner()

    # One key, or from the palette

    def action_pause(self) -> None:
        if self.view is None:
            return
        task = self.view.task
        if task.phase is Phase.PAUSED:
            self.app.carry_out(Resume(task=task.id), done=f"task {task.id} goes on")
        elif task.phase.active:
            self.app.carry_out(Pause(task=task.id), done=f"task {task.id} pauses: what runs goes on to its end")
        else:
            self.app.say(f"task {task.id} does not run; another attempt is in the palette (:)")

    def action_resume(self) -> None:
        if self.view is not None:
            self.app.carry_out(Resume(task=self.view.task.id), done="another attempt begins")

    def action_resume_from(self) -> None:
        if self.view is not None and self.step:
            self.app.carry_out(
                Resume(task=self.view.task.id, from_step=self.step), done=f"another attempt from {self.step} on"
            )

    def action_kill(self) -> None:
        if self.view is not None:
            self.app.carry_out(Kill(task=self.view.task.id), done="killed without more grace")

    def action_accept(self) -> None:
        if self.view is not None:
            self.app.carry_out(AcceptResult(task=self.view.task.id), done="accepted")

    def action_remove(self) -> None:
        if self.view is not None:
            self.app.carry_out(Remove(task=self.view.task.id), done=f"task {self.view.task.id} is off the list")

    # Other screens

    def action_review(self) -> None:
        if self.view is not None and self.view.task.planner and not self.view.task.phase.under_way:
            from tui.screens.planning import PlanningScreen

            self.app.push_screen(PlanningScreen(self.view.task.id), self._planned)
            return
        if self.view is None or not self.view.task.revision:
            self.app.say("there is no plan to review")
            return
        from tui.screens.review import ReviewScreen

        self.app.push_screen(ReviewScreen(self.view.task.id))

    def _planned(self, phase: Phase | None) -> None:
        """What a model has written is read at once."""
        if phase is Phase.AWAITING_APPROVAL and self.view is not None:
            from tui.screens.review import ReviewScreen

            self.app.push_screen(ReviewScreen(self.view.task.id))

    def action_new_task(self) -> None:
        from tui.screens.new_task import NewTaskScreen

        self.app.push_screen(NewTaskScreen(self.app.root), self._made)

    def _made(self, task: int | None) -> None:
        """A new task is looked at at once."""
        if task is not None:
            self.open_tasks(task)

    def action_inbox(self) -> None:
        from tui.screens.inbox import InboxScreen

        self.app.push_screen(InboxScreen())

    def action_budget(self) -> None:
        from tui.screens.budget import BudgetScreen

        self.app.push_screen(BudgetScreen(self.view.task.id if self.view else None))

    def action_ungrant(self) -> None:
        """One key: it only narrows."""
        now = self.app.clock()
        held = [grant for grant in self.status_bar.grants if grant.active(now)]
        for grant in held:
            self.app.carry_out(RevokeGrant(grant=grant.id), done=f"grant {grant.id} revoked")
        if not held:
            self.app.say("no grant holds")

    def action_answer(self) -> None:
        if len(self.questions) == 1:
            self.app.ask(self.questions[0])
        else:
            self.action_inbox()

    def action_terminal(self) -> None:
        """Of the step in focus, else of the only one that runs in one."""
        planned = self.view.plan.steps if self.view and self.view.plan else ()
        mine = [each.id for each in planned if each.step.tty]
        step = self.step if self.step in mine else mine[0] if len(mine) == 1 else None
        if self.view is None or step is None:
            self.app.say("this step runs in no terminal")
            return
        status = self.status_of(step)
        question = next((each for each in self.questions if each.step == step and each.task == self.view.task.id), None)
        if status is not None and status.state is StepState.RUNNING:
            self.app.hand_over(self.view.task.id, step)
        elif question is not None:
            self.app.ask(question)
        else:
            self.app.say(f"{step} does not run now")

    @on(Happened)
    def _called(self, message: Happened) -> None:
        """Somebody is wanted, whichever task is shown."""
        for event in message.events:
            match event.fact:
                case QuestionAsked(question=question):
                    self.app.asked(question)
                case Notified(message=said):
                    self.app.notified(event.task or 0, said)
                case TaskEnded(task=ended) if self.view is not None and ended.id == self.view.task.id:
                    self.app.attend(f"task {ended.id} ended: {PHASES[ended.phase].word}")
                case PhaseChanged(task=task) if (
                    task.phase is Phase.AWAITING_APPROVAL and task.proposer != self.app.user
                ):
                    self.app.attend(f"task {task.id} waits for a signature")
                case PlanWritten(task=task) if task.pending:
                    self.app.attend(f"task {task.id}: steps in the place of what failed wait for a signature")

    @on(DiskRefused)
    def _stalled(self, message: DiskRefused) -> None:
        """Said at once, and kept in sight by the bar until it is over."""
        self.app.trouble(disk(message.stalled), over=not message.stalled.fault)
        self.refresh_lists()

    @on(KeyBar.BannerPressed)
    def _banner_pressed(self) -> None:
        if self._armed is None:
            self.action_answer()

    # Moving

    @on(Tasks.Moved)
    async def _tasks_moved(self, message: Tasks.Moved) -> None:
        if message.end:
            await (self.window.last() if message.by > 0 else self.window.first())
        else:
            await self.window.move(message.by)
        self.show_rows()
        if self.window.chosen is not None:
            self.load(self.window.chosen.task.id)

    @on(Tasks.Opened)
    def _task_opened(self) -> None:
        self.graph.focus()

    @on(StepGraph.Selected)
    def _step_selected(self, message: StepGraph.Selected) -> None:
        self.follows_running = False
        self.step = message.step

    @on(StepGraph.Opened)
    def _step_opened(self) -> None:
        self._lower_pane().focus()

    @on(TabRule.Chosen)
    def _tab_chosen(self, message: TabRule.Chosen) -> None:
        self._show_tab(message.tab)

    def action_jump(self, where: str) -> None:
        found = self.graph.jump(_JUMPS[where])
        if found is None:
            self.app.say(f"no step is {where}")
            return
        self.follows_running = False
        self.step = found

    def action_follow_running(self) -> None:
        self.follows_running = True
        found = self.graph.jump(_JUMPS["running"])
        self.app.say("the selection follows what runs")
        if found is not None:
            self.step = found

    def action_tab(self, by: int) -> None:
        tabs = self.tabs.tabs
        self._show_tab(tabs[(tabs.index(self.tab) + by) % len(tabs)])

    def _show_tab(self, tab: str) -> None:
        below = self.focused in (self.log_view, self.text)
        self.tab = tab
        if below:
            self._lower_pane().focus()

    def _lower_pane(self) -> Widget:
        return self.log_view if self.tab == "log" else self.text

    def action_pane(self, pane: str) -> None:
        if pane in self.tabs.tabs:
            self.tab = pane
            self._lower_pane().focus()
        else:
            (self.graph if pane == "graph" else self._tasks()).focus()

    def _tasks(self) -> Tasks:
        return self.column if self.has_class("-wide") else self.strip

    def action_next_pane(self, by: int) -> None:
        panes: list[Widget] = [self._tasks(), self.graph, self._lower_pane()]
        here = panes.index(self.focused) if self.focused in panes else 1
        panes[(here + by) % len(panes)].focus()

    def action_back(self) -> None:
        if self.log_view.finding:
            self.log_view.find("")
        else:
            self.graph.focus()

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        place = PANES.get(event.widget.id or "", Place.GRAPH)
        self.keys.place = place
        self.tasks_rule.lit = place is Place.TASKS
        self.header_rule.lit = place is Place.GRAPH
        self.tabs.lit = place in (Place.LOG, Place.TEXT)

    @on(KeyBar.Pressed)
    async def _hint_pressed(self, message: KeyBar.Pressed) -> None:
        await self.run_command(message.command.place, message.command.action)

    async def run_command(self, place: Place, action: str) -> None:
        """Run a command as if its key had been pressed where it is heard."""
        target: Widget = self
        if place in (Place.TASKS, Place.GRAPH, Place.LOG, Place.TEXT):
            if place is Place.LOG:
                self.tab = "log"
            target = {Place.TASKS: self._tasks(), Place.GRAPH: self.graph, Place.LOG: self.log_view}.get(
                place, self.text
            )
            target.focus()
        await self.app.run_action(action, self.app if place is Place.APP else target)

    # Finding, copying, paging

    def action_find(self) -> None:
        self.tab = "log"
        if not self.query(FindBar):
            bar = FindBar("")
            self.mount(bar)
            bar.focus()

    @on(FindBar.Asked)
    async def _find_asked(self, message: FindBar.Asked) -> None:
        await self.query(FindBar).remove()
        self.log_view.focus()
        if message.text is not None:
            self.log_view.find(message.text)

    def action_copy(self) -> None:
        text = self.log_view.visible_text() if self.tab == "log" else self._operand()
        if not text:
            self.app.say("nothing to copy here")
            return
        self.app.copy(text, "the visible log" if self.tab == "log" else f"the operand of {self.step}")

    def _operand(self) -> str:
        plan = self.view.plan if self.view else None
        return next((p.step.operand for p in plan.steps if p.id == self.step), "") if plan else ""

    def action_pager(self) -> None:
        if self.log_view.run_id is None:
            self.app.say("this step has no log")
        else:
            self.app.page(self.log_view.run_id)
