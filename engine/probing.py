"""One tiny call of a model, to see whether it answers: it reserves and settles like every other call (B10.2)."""

from __future__ import annotations

import time
from dataclasses import replace

from engine.budgets import Budgets
from engine.cancellation import CancelToken
from engine.commands import Reply, TryModel
from engine.errors import ModelFailed, NoModel, UsageError
from engine.inference import Inference, Question
from engine.model.amounts import dollars, priced
from engine.model.call import NO_TASK, ModelFailure, Purpose, Usage
from engine.model.prompt import Prompt
from engine.models import configured_model
from engine.settings import ModelSettings

LONGEST = 64
"""Tokens of an answer: an end that comes sooner costs less and shows as much."""
_PROMPT = Prompt(system="Somebody looks whether you can be reached.", request="Answer with the one word: ready")


class Probing:
    """Tries the models that are configured."""

    def __init__(self, settings: ModelSettings, budgets: Budgets) -> None:
        self._settings = replace(settings, max_output=LONGEST)
        self._budgets = budgets

    async def try_model(self, command: TryModel, actor: str) -> Reply:
        """Have one model answer.

        Raises:
            NoModel: none is configured.
            UsageError: this one is not.
            OverBudget: a cap leaves no room for it.
            ModelFailed: no answer.
        """
        model = configured_model(self._settings)
        if model is None:
            raise NoModel
        if command.model not in model.chain:
            names = ", ".join(model.chain)
            raise UsageError(problem=f"The engine is configured to ask {names}, and not {command.model!r}")
        await model.ready()
        asked: Question[str] = Question(
            purpose=Purpose.PROBE, prompt=_PROMPT, read=str, task=NO_TASK, model=command.model
        )
        began = time.monotonic()
        try:
            used = (await Inference(model, self._budgets).infer(asked, lambda _: None, CancelToken())).usage
        except ModelFailed as failed:
            used = _cut_off(failed)
        took = f"{command.model} answered in {time.monotonic() - began:.1f} s"
        return Reply(text=f"{took}: {used.tokens_in} tokens in, {used.tokens_out} out, {dollars(priced(used.cost))}")


def _cut_off(failed: ModelFailed) -> Usage:
    """What was used by an answer that only had no room; raises what failed otherwise, without advice to try this."""
    from engine.llm.litellm_model import TRY

    if failed.failure is ModelFailure.PARSE and failed.usage is not None and failed.usage.tokens_out:
        return failed.usage
    hint = "; ".join(part for part in failed.hint.split("; ") if part != TRY)
    raise ModelFailed(failure=failed.failure, problem=str(failed), usage=failed.usage, hint=hint) from failed
