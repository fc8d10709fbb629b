"""Taking the terminal of a step from the command line: when it is handed over, and what is said where it is not."""

from __future__ import annotations

from dataclasses import replace

from engine import Answer, Need, Resolve, Sign, StepState, TaskView
from tests.tui import plans
from tests.tui.cli.outside import Obedient, Typist, call
from tests.tui.cli.test_cli_running import answered, asks_for, engine_with


def waiting() -> Obedient:
    return engine_with(plans.in_terminal(plans.asking(plans.TERMINAL), "push"))


def running() -> Obedient:
    view: TaskView = plans.in_terminal(plans.asking(plans.TERMINAL), "push")
    steps = tuple(replace(s, state=StepState.RUNNING, run=4) if s.id == "push" else s for s in view.steps)
    return engine_with(replace(view, steps=steps, questions=()))


def test_a_waiting_step_is_shown_let_run_and_handed_the_terminal() -> None:
    engine, ana = waiting(), Typist("y")
    said = call(engine, "attach", "12", "push", person=ana)
    assert (said.code, said.needs) == (0, [Need.READ, Need.DECIDE])
    assert "git push origin" in ana.seen
    assert ana.prompts == ["push: y = run it here, in this terminal, d = deny it (anything else: later): "]
    (command,) = engine.done
    assert isinstance(command, Resolve)
    assert (command.answer, command.digest) == (Answer.ONCE, plans.TERMINAL.digest)
    assert ana.taken == [(12, "push")]
    assert "signoff attach 12 push takes it again" in said.err


def test_a_running_one_is_taken_at_once() -> None:
    engine, ana = running(), Typist()
    assert call(engine, "attach", "12", "11", person=ana).code == 0
    assert (engine.done, ana.taken) == ([], [(12, "push")])


def test_later_and_a_denial_take_nothing() -> None:
    for typed, code, answers in (
        (
            [
                "",
            ],
            3,
            [],
        ),
        (["d", "no"], 0, [Answer.DENY]),
    ):
        engine, ana = waiting(), Typist(*typed)
        assert call(engine, "attach", "12", "push", person=ana).code == code
        assert [command.answer for command in engine.done if isinstance(command, Resolve)] == answers
        assert ana.taken == []


def test_a_step_without_one_says_what_else_there_is() -> None:
    said = call(waiting(), "attach", "12", "migrate", person=Typist())
    assert said.code == 2
    assert "runs in no terminal" in said.err
    assert "signoff log 12 migrate -f" in said.err
    ended = plans.in_terminal(plans.asking(), "push")
    assert "there is no terminal to take" in call(engine_with(ended), "attach", "12", "push", person=Typist()).err


def test_nobody_can_attach_without_a_terminal() -> None:
    assert call(waiting(), "attach", "12", "push").code == 3


def test_run_hands_over_what_it_asked_about() -> None:
    engine = engine_with(plans.in_terminal(plans.view_of(*plans.twelve()), "push"))
    ana = Typist("y")

    def asks(scripted: Obedient, command: Sign) -> None:
        asks_for(plans.TERMINAL)(scripted, command)
        scripted.views[12] = plans.in_terminal(scripted.views[12], "push")

    engine.on.update({Sign: asks, Resolve: answered})  # type: ignore[dict-item]
    call(engine, "run", "12", "--yes", person=ana)
    assert ana.taken == [(12, "push")]
