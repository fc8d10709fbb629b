"""How a task ended, from how its steps ended (B4.4)."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from engine.model.conclusion import conclude
from engine.model.plan import Accept
from engine.model.run import Cause, StepStatus
from engine.model.state import Outcome, Phase, StepState

ENDS = {
    None: StepState.COMPLETED,
    Cause.FAILED: StepState.FAILED,
    Cause.DENIED: StepState.CANCELLED,
    Cause.EXPIRED: StepState.CANCELLED,
    Cause.CANCELLED: StepState.CANCELLED,
    Cause.VERDICT: StepState.SKIPPED,
    Cause.DEPENDENCY: StepState.SKIPPED,
    Cause.NOT_NEEDED: StepState.SKIPPED,
}
BAD = {Cause.FAILED: Outcome.STEP_FAILED, Cause.DENIED: Outcome.DENIED, Cause.EXPIRED: Outcome.EXPIRED}
causes = st.lists(st.sampled_from(list(ENDS)), min_size=1, max_size=8)
accepts = st.sampled_from(Accept)


def ended(causes: list[Cause | None]) -> list[StepStatus]:
    return [
        StepStatus(id=f"s{number}", state=ENDS[cause], cause=cause, error="why" if cause else "")
        for number, cause in enumerate(causes)
    ]


@given(causes, accepts)
def test_one_bad_end_makes_a_bad_end(causes: list[Cause | None], accept: Accept) -> None:
    phase, outcome, error = conclude(ended(causes), accept)
    bad = [cause for cause in BAD if cause in causes]
    assert (phase is Phase.FAILED) == bool(bad)
    if bad:
        assert outcome is BAD[bad[0]]
        assert error.startswith(f"s{causes.index(bad[0])} ") and "why" in error


@given(causes, accepts)
def test_what_people_left_out_makes_it_partial(causes: list[Cause | None], accept: Accept) -> None:
    phase, outcome, error = conclude(ended(causes), accept)
    if not any(cause in BAD for cause in causes):
        left_out = Cause.VERDICT in causes or Cause.CANCELLED in causes
        assert outcome is (Outcome.PARTIAL if left_out else Outcome.OK)
        assert phase is (Phase.READY if accept is Accept.PERSON else Phase.COMPLETED)
        assert error == ""


def test_the_sentence_names_the_first_and_counts_the_others() -> None:
    assert conclude(ended([None, Cause.FAILED, Cause.FAILED, Cause.DEPENDENCY]), Accept.NOBODY) == (
        Phase.FAILED,
        Outcome.STEP_FAILED,
        "s1 failed: why (and 1 more)",
    )
