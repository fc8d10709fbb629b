"""Steps that ask a model: `research` answers a question, `review` judges a file or the output of a step (B6.3).

What earlier steps left is data beside the question, its sources are kept in the log. A review with criteria is a gate:
its evidence must stand literally in the work and the results that the model was shown, be more than a scrap of a line,
and what is not met fails the step. What is remembered of earlier runs is no evidence of this one.
"""

from __future__ import annotations

import asyncio
import json
import os
import stat
from collections.abc import Callable, Sequence
from importlib.resources import files
from pathlib import Path
from typing import BinaryIO, TypeVar

from engine import process
from engine.actions.base import Context, Earlier, Result
from engine.actions.text import first_line
from engine.errors import ModelFailed, StepError, StepTimedOut, Unusable
from engine.llm.json_text import json_of
from engine.model.call import Purpose
from engine.model.nouns import dataclass
from engine.model.plan import Research, Review
from engine.model.prompt import LONGEST, Passage, Prompt
from engine.policy.literal_secrets import without_secret_data

T = TypeVar("T")

_OUTPUT = 4_000
"""Characters of what one earlier step said, the last ones."""
_ARTIFACT = 40_000
"""Characters of what is reviewed."""
_QUOTES = 20
_TELLING = 12
"""Letters and digits of a quote that says something by itself; a shorter one is whole lines."""


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """Whether criteria are met."""

    met: bool
    evidence: tuple[str, ...]
    reason: str = ""


async def research(context: Context) -> Result:
    """Answer the query; the answer is the log."""
    step = context.planned.step
    assert isinstance(step, Research)
    passages = (*await asyncio.to_thread(_outputs, context.earlier()), *await context.remembered(step.query))
    prompt = Prompt(system=_words("research"), request=step.query, passages=passages)
    said = await _ask(context, Purpose.RESEARCH, prompt, _text, step.model or "")
    return said if isinstance(said, Result) else Result(summary=first_line(said))


async def review(context: Context) -> Result:
    """Judge the artifact; with criteria, decide.

    Raises:
        StepError: there is no such artifact.
    """
    step = context.planned.step
    assert isinstance(step, Review)
    artifact, others = await asyncio.to_thread(_artifact, context, step.artifact)
    passages = (artifact, *others, *await context.remembered(f"{step.artifact} {step.criteria}"))
    if not step.criteria:
        prompt = Prompt(system=_words("review"), request=f"Review {artifact.source}.", passages=passages)
        said = await _ask(context, Purpose.REVIEW, prompt, _text, step.model or "")
        return said if isinstance(said, Result) else Result(summary=first_line(said))
    asked = f"Does {artifact.source} meet these criteria?\n\n{step.criteria}"
    prompt = without_secret_data(Prompt(system=_words("gate"), request=asked, passages=passages)).within(LONGEST)
    results = [piece for passage in prompt.passages[: 1 + len(others)] for piece in passage.pieces]
    verdict = await _ask(context, Purpose.REVIEW, prompt, _verdict_on(results), step.model or "")
    return verdict if isinstance(verdict, Result) else _judged(verdict)


def _judged(verdict: Verdict) -> Result:
    told = f"{verdict.reason}: {_quoted(verdict)}" if verdict.reason else _quoted(verdict)
    if verdict.met:
        return Result(summary=first_line(f"criteria met: {told}"))
    return Result(error=f"criteria not met: {told}", failure="criteria", summary=first_line(told))


def _quoted(verdict: Verdict) -> str:
    return "; ".join(f"“{' '.join(quote.split())[:160]}”" for quote in verdict.evidence)


# Asking


async def _ask(context: Context, purpose: Purpose, prompt: Prompt, read: Callable[[str], T], model: str) -> T | Result:
    """The answer, its text in the log as it comes, then its sources; or how the step failed."""
    prompt, timeout = without_secret_data(prompt).within(LONGEST), context.planned.step.timeout
    with _Log(context) as log:
        try:
            async with asyncio.timeout(timeout):
                inferred = await context.infer(purpose, prompt, read, log.write, model)
        except TimeoutError:
            return Result(error=str(StepTimedOut(seconds=timeout)), failure="timeout")
        except ModelFailed as error:
            return Result(error=str(error), failure=str(error.failure))
        if inferred.corrected:
            log.write(f"\n\n[asked twice; what was wrong with the first answer: {inferred.corrected}]")
        log.write(f"\n\n[{inferred.model}; given: {_sources(prompt)}]\n")
    return inferred.value


def _sources(prompt: Prompt) -> str:
    return ", ".join(" ".join(passage.source.split()) for passage in prompt.passages) or "nothing besides the question"


class _Log:
    """The log of a run that is written here and not by a process."""

    def __init__(self, context: Context) -> None:
        self._path = Path(context.log)
        self._grew = context.grew
        self._file: BinaryIO | None = None

    def __enter__(self) -> _Log:
        self._file = self._path.open("wb", buffering=0)
        return self

    def write(self, text: str) -> None:
        if self._file is not None:
            self._file.write(text.encode("utf-8", "replace"))
            self._grew(self._file.tell())

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            self._file.close()


# What there is to know


def _outputs(earlier: tuple[Earlier, ...], but: str = "") -> tuple[Passage, ...]:
    """What the steps before left, the nearest first."""
    return tuple(output_of(each, _OUTPUT) for each in earlier if each.planned.id != but)


def output_of(earlier: Earlier, characters: int) -> Passage:
    """How a step ended and the last that it said, as data for a model."""
    status = earlier.status
    said = process.read_log(Path(earlier.log), -characters, characters).data if earlier.log else b""
    code = f", exit {status.exit_code}" if status.exit_code is not None else ""
    head = f"{status.state}{code}: {status.error or status.summary}"
    operand = " ".join(earlier.planned.step.operand.split())[:80]
    return Passage(source=f"output of step {status.id} ({operand})", text=f"{head}\n{said.decode('utf-8', 'replace')}")


def _artifact(context: Context, name: str) -> tuple[Passage, tuple[Passage, ...]]:
    """What is reviewed, and the rest of what there is."""
    earlier = context.earlier()
    step = next((each for each in earlier if each.planned.id == name), None)
    if step is not None:
        return output_of(step, _ARTIFACT), _outputs(earlier, but=name)
    return Passage(source=name, text=_file(context, name)), _outputs(earlier)


def _file(context: Context, name: str) -> str:
    """A file beneath the root, its links resolved; nothing else is shown to a model."""
    path = (context.workdir / name).resolve()
    if not path.is_relative_to(context.root.resolve()):
        raise StepError(problem=f"{name} lies outside the root of the task, once its links are resolved")
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError as error:
        problem = f"{name} is no step before this one, and no file that can be read: {error.strerror}"
        raise StepError(problem=problem) from None
    with open(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise StepError(problem=f"{name} is no regular file")
        return file.read(_ARTIFACT * 4).decode("utf-8", "replace")[:_ARTIFACT]


def _words(name: str) -> str:
    return (files("engine.actions") / "prompts" / f"{name}.md").read_text(encoding="utf-8")


# Reading answers


def _text(answer: str) -> str:
    if not answer.strip():
        raise Unusable(problem="The answer is empty")
    return answer


def _verdict_on(results: Sequence[str]) -> Callable[[str], Verdict]:
    """Reads a verdict whose evidence stands in these texts."""

    def read(answer: str) -> Verdict:
        try:
            said = json.loads(json_of(answer))
        except (ValueError, RecursionError) as error:
            raise Unusable(problem=f"The answer is no JSON object: {error}") from None
        if not isinstance(said, dict):
            raise Unusable(problem="The answer is no JSON object")
        quotes, met, reason = said.get("evidence"), said.get("met"), said.get("reason", "")
        if not isinstance(met, bool):
            raise Unusable(problem="`met` is true or false")
        if not isinstance(quotes, list) or not quotes or not all(isinstance(quote, str) for quote in quotes):
            raise Unusable(problem="`evidence` is a list of quotes, at least one")
        for quote in quotes[:_QUOTES]:
            if problem := _lacking(quote, results):
                raise Unusable(problem=f"{problem}: {json.dumps(quote)[:200]}")
        return Verdict(met=met, evidence=tuple(quotes[:_QUOTES]), reason=str(reason)[:300])

    return read


def _lacking(quote: str, results: Sequence[str]) -> str:
    """Why a quote is no evidence; empty where it is."""
    if not any(quote in text for text in results):
        return "This quote does not stand in the work or in the output of a step"
    letters = sum(map(str.isalnum, quote))
    if letters >= _TELLING or (letters and any(_lines(quote) in _lines(text) for text in results)):
        return ""
    return f"This quote is no evidence; give whole lines, or at least {_TELLING} letters and digits of one"


def _lines(text: str) -> str:
    """A text between line ends, its lines without the space around them."""
    return "\n".join(("", *(line.strip() for line in text.strip().splitlines()), ""))
