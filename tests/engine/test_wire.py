"""How nouns become JSON: the bytes that the hash chain is built over."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.model.events import StepStarted
from engine.model.plan import Execute, When
from engine.model.run import Receipt, Run, StepStatus
from engine.model.state import RunState, StepState
from engine.wire import encode

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(PLAIN)
def test_plain_values_are_encoded_as_the_standard_encoder_does(value: Any) -> None:
    """The encoder is built from a part of json that is not documented: here it is held to what is."""
    assert encode(value) == json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), [1, {"a": float("-inf")}]])
def test_a_number_that_is_none_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="JSON compliant"):
        encode(value)


def test_a_noun_is_told_without_its_defaults_and_in_the_order_of_its_fields() -> None:
    status = StepStatus(id="é", state=StepState.RUNNING, attempt=1, run=7, started=1.5)
    assert encode(StepStarted(status, "7.log")) == (
        '{"status":{"id":"é","state":"running","attempt":1,"run":7,"started":1.5},"log":"7.log"}'
    )


def test_what_equals_a_default_is_left_out_whatever_object_it_is() -> None:
    status = StepStatus(id="a", error="".join([]), attempt=int("0"), cause=None)
    assert encode(status) == '{"id":"a"}'


def test_required_fields_and_the_tag_of_a_union_are_always_told() -> None:
    run = Run(id=0, task=0, step="", task_attempt=0, attempt=0, state=RunState.RUNNING, started=0.0, receipt=Receipt())
    assert json.loads(encode(run)) == {
        "id": 0, "task": 0, "step": "", "task_attempt": 0, "attempt": 0, "state": "running", "started": 0.0,
        "receipt": {},
    }  # fmt: skip
    assert json.loads(encode(Execute(id="a", command="x", when=When.ALWAYS))) == {
        "id": "a", "action": "execute", "command": "x", "when": "always",
    }  # fmt: skip
