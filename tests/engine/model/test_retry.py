"""When a failed step is tried again, and after how long (B8.3)."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from engine.model.plan import Backoff, Retry
from engine.model.retry import RETRYABLE, Failure, retry_delay

kinds = st.sampled_from(["exit", "timeout", "launch", "bytes", "internal", "interrupted"])
failures = st.lists(st.builds(Failure, kinds, st.sampled_from(["a", "b", "c"])), min_size=1, max_size=8)
retries = st.builds(
    Retry,
    attempts=st.integers(0, 8),
    delay=st.floats(0.001, 1000),
    backoff=st.sampled_from(Backoff),
    jitter=st.booleans(),
)
spreads = st.floats(0, 1)


@given(failures, spreads)
def test_without_a_rule_nothing_is_tried_again(past: list[Failure], spread: float) -> None:
    assert retry_delay(None, past, spread) is None


@given(retries, failures, spreads)
def test_there_are_never_more_tries_than_the_rule_allows(rule: Retry, past: list[Failure], spread: float) -> None:
    if len(past) > rule.attempts:
        assert retry_delay(rule, past, spread) is None


@given(retries, failures, spreads)
def test_only_what_may_mend_is_tried_again(rule: Retry, past: list[Failure], spread: float) -> None:
    if retry_delay(rule, past, spread) is not None:
        assert past[-1].kind in RETRYABLE
        assert past[-1] not in past[-2:-1]


@given(retries, failures, spreads)
def test_the_delay_keeps_to_its_growth_and_its_spread(rule: Retry, past: list[Failure], spread: float) -> None:
    delay = retry_delay(rule, past, spread)
    if delay is not None:
        growth = len(past) if rule.backoff is Backoff.LINEAR else 2 ** (len(past) - 1)
        low, high = (0.5, 1.5) if rule.jitter else (1.0, 1.0)
        assert rule.delay * growth * low * 0.999 <= delay <= rule.delay * growth * high * 1.001


def test_an_error_that_comes_back_after_another_one_is_tried_again() -> None:
    past = [Failure("exit", "a"), Failure("exit", "b"), Failure("exit", "a")]
    assert retry_delay(Retry(attempts=5, jitter=False), past, 0.0) == 3.0
