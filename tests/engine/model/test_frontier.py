"""The ready set: indegree counting, cascades, cleanup and failure handlers; and a walk over random graphs."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from engine.model.frontier import Decision, Frontier
from engine.model.plan import Execute, StepBase, When
from engine.model.run import Cause
from engine.model.state import StepState

DONE, FAILED, CANCELLED = StepState.COMPLETED, StepState.FAILED, StepState.CANCELLED


def step(step_id: str, *needs: str, when: When = When.SUCCESS) -> StepBase:
    return Execute(id=step_id, command="true", needs=needs, when=when)


def skipped(decision: Decision) -> dict[str, str]:
    return {step_id: reason for step_id, _, reason in decision.skipped}


DIAMOND = [step("a"), step("b", "a"), step("c", "a"), step("d", "b", "c")]


def test_a_diamond_opens_layer_by_layer() -> None:
    frontier = Frontier(DIAMOND, {})
    assert frontier.start().ready == ["a"]
    assert frontier.end("a", DONE).ready == ["b", "c"]
    assert frontier.end("b", DONE).ready == []
    assert frontier.end("c", DONE).ready == ["d"]
    assert not frontier.done
    frontier.end("d", DONE)
    assert frontier.done


def test_a_failure_skips_the_transitive_dependents_and_names_the_need() -> None:
    frontier = Frontier(DIAMOND, {})
    frontier.start()
    frontier.end("a", DONE)
    assert skipped(frontier.end("b", FAILED)) == {"d": "dependency b failed"}
    assert frontier.end("c", DONE) == Decision()
    assert frontier.done


def test_a_sibling_of_a_failed_step_goes_on() -> None:
    frontier = Frontier([step("a"), step("b"), step("after b", "b")], {})
    assert frontier.start().ready == ["a", "b"]
    frontier.end("a", FAILED)
    assert frontier.end("b", DONE).ready == ["after b"]


def test_cleanup_waits_for_every_end() -> None:
    frontier = Frontier([step("a"), step("b"), step("tidy", "a", "b", when=When.ALWAYS)], {})
    frontier.start()
    assert frontier.end("a", FAILED).ready == []
    assert frontier.end("b", CANCELLED).ready == ["tidy"]


def test_a_failure_handler_runs_at_the_first_failure() -> None:
    frontier = Frontier([step("a"), step("b"), step("mend", "a", "b", when=When.FAILURE)], {})
    frontier.start()
    assert frontier.end("a", FAILED).ready == ["mend"]
    assert frontier.end("b", FAILED).ready == []


def test_a_failure_reaches_a_handler_through_skipped_steps() -> None:
    frontier = Frontier([step("a"), step("b", "a"), step("mend", "b", when=When.FAILURE)], {})
    frontier.start()
    decision = frontier.end("a", FAILED)
    assert (decision.ready, skipped(decision)) == (["mend"], {"b": "dependency a failed"})


def test_a_failure_handler_is_not_needed_when_all_went_well() -> None:
    frontier = Frontier([step("a"), step("mend", "a", when=When.FAILURE)], {})
    frontier.start()
    assert frontier.end("a", DONE).skipped == [("mend", Cause.NOT_NEEDED, "nothing it waits for failed")]
    assert frontier.done


def test_what_ended_before_is_counted() -> None:
    frontier = Frontier(DIAMOND, {"a": DONE, "b": StepState.SKIPPED})
    decision = frontier.start()
    assert decision.ready == ["c"]
    assert skipped(decision) == {"d": "dependency b skipped"}


@st.composite
def graphs(draw: st.DrawFn) -> list[StepBase]:
    size = draw(st.integers(1, 14))
    steps = []
    for index in range(size):
        needs = draw(st.sets(st.integers(0, index - 1), max_size=3)) if index else set()
        when = draw(st.sampled_from(list(When)))
        steps.append(step(f"s{index}", *(f"s{need}" for need in sorted(needs)), when=when))
    return steps


@given(graphs(), st.data())
def test_every_walk_ends_with_each_step_decided_once(steps: list[StepBase], data: st.DataObject) -> None:
    frontier = Frontier(steps, {})
    ended: dict[str, StepState] = {}
    decision = frontier.start()
    ready: list[str] = []
    while True:
        for step_id, _, _ in decision.skipped:
            assert step_id not in ended
            ended[step_id] = StepState.SKIPPED
        for step_id in decision.ready:
            assert step_id not in ended
            assert step_id not in ready
        ready += decision.ready
        if not ready:
            break
        chosen = data.draw(st.sampled_from(ready))
        ready.remove(chosen)
        needs = next(one for one in steps if one.id == chosen)
        states = [ended.get(need) for need in needs.needs]
        if needs.when is When.SUCCESS:
            assert all(state is DONE for state in states)
        elif needs.when is When.ALWAYS:
            assert all(state is not None for state in states)
        ended[chosen] = data.draw(st.sampled_from([DONE, FAILED, CANCELLED]))
        decision = frontier.end(chosen, ended[chosen])
    assert frontier.done
    assert set(ended) == {one.id for one in steps}
