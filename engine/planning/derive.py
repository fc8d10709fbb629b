"""A document and the world around it -> the revision that people sign: tiers, programs, files, digest (B2.3, B5.2).

Looks at the disk (links, programs, digests of named files) and decides nothing by itself: what may run and how risky it
is comes from `policy`, which files count from `named_files`. Starts nothing, stores nothing.
"""

from __future__ import annotations

import os
from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from engine.errors import Fault, InvalidPlan
from engine.model.budget import Budget
from engine.model.digest import plan_digest
from engine.model.graph import rank_steps
from engine.model.plan import TERMINAL, Action, Document, Notify, Plan, PlannedStep, SigningRule, Step
from engine.model.tier import Tier
from engine.planning.builder import MAX_FAULTS
from engine.planning.checks import document_faults, operand_field
from engine.planning.file import NO_VARIABLES, located, read_draft
from engine.planning.judgement import Judgement, judge
from engine.planning.lineage import Lineage
from engine.planning.named_files import MAX_WORDS, NamedFiles, Words, words_of
from engine.planning.programs import Programs
from engine.planning.reading import decode
from engine.planning.scratch import scratch_hints
from engine.planning.sentences import unconfigured
from engine.planning.sound import Sound, sound_part, whole
from engine.policy import Policy, withheld


@dataclass(frozen=True, kw_only=True)
class Derivation:
    """The world that a document is looked at in.

    Args:
        root: the directory the steps run in.
        configured: the actions that can run here.
        path: where programs are looked for, as in PATH.
        secrets: the names of the variables that a step can be given as secrets.
        people: how many people can sign; the proposer is one of them.
        channels: what a `notify` step may send to.
        hidden: directories that no step may see, such as where the tasks are kept.
    """

    root: Path
    policy: Policy
    configured: Container[Action]
    planner: str = "file"
    task: int = 0
    revision: int = 1
    path: str = field(default_factory=lambda: os.environ.get("PATH", os.defpath))
    secrets: Container[str] = field(default_factory=lambda: os.environ)
    people: int = 1
    channels: Container[str] = (TERMINAL,)
    hidden: tuple[Path, ...] = ()


def plan_from_text(
    source: str | bytes, name: str, derivation: Derivation, variables: Mapping[str, str] = NO_VARIABLES
) -> Plan:
    """The text of a plan file -> a revision.

    Raises:
        InvalidPlan: with every fault of the text, and every fault in this world of the steps that can be read, each
            with line and column.
    """
    text = decode(source, name)
    draft = read_draft(text, name, variables, derivation.configured)
    if not draft.faults:
        sound = whole(draft.document)
    elif len(draft.faults) <= MAX_FAULTS:
        sound = sound_part(draft.frame, draft.steps, draft.faults)
    else:
        raise located(text, name, draft.faults)
    planned, faults = _planned(sound, derivation)
    if draft.faults or faults:
        raise located(text, name, draft.faults + faults)
    return _plan(sound.document, planned, derivation)


def derive(document: Document, derivation: Derivation) -> Plan:
    """A document that no file holds (a repository's targets, a model's answer) -> a revision.

    Raises:
        InvalidPlan: with every fault, each with its field.
    """
    if faults := document_faults(document):
        raise InvalidPlan(tuple(faults))
    planned, faults = _planned(whole(document), derivation)
    if faults:
        raise InvalidPlan(tuple(faults))
    return _plan(document, planned, derivation)


def _planned(sound: Sound, world: Derivation) -> tuple[tuple[PlannedStep, ...], list[Fault]]:
    """The steps in topological order, and what is wrong with the document in this world."""
    planned, faults = _Steps(sound, world).derive()
    return planned, faults + _quorum_faults(_rule(sound.document, world), world.people)


def _plan(document: Document, planned: tuple[PlannedStep, ...], world: Derivation) -> Plan:
    plan = Plan(
        task=world.task,
        revision=world.revision,
        request=document.request,
        root=os.path.realpath(world.root),
        steps=planned,
        policy=_rule(document, world),
        accept=document.accept,
        timeout=document.timeout,
        budget=_budget(document.budget, world.policy),
        vars=document.vars,
        planner=world.planner,
    )
    return replace(plan, digest=plan_digest(plan))


def _rule(document: Document, world: Derivation) -> SigningRule:
    """The stricter of what the plan and what the policy want."""
    own, policy = document.policy, world.policy
    return SigningRule(
        quorum=max(own.quorum, policy.quorum), exclude_proposer=own.exclude_proposer or policy.exclude_proposer
    )


def _budget(own: Budget, policy: Policy) -> Budget:
    """As the plan says, with no more money than the policy lets a task have."""
    caps = [cap for cap in (own.money, policy.money) if cap is not None]
    return replace(own, money=min(caps, default=None))


def _quorum_faults(rule: SigningRule, people: int) -> list[Fault]:
    eligible = people - rule.exclude_proposer
    if rule.quorum <= eligible:
        return []
    who = "nobody is" if eligible < 1 else f"only {eligible} is" if eligible == 1 else f"only {eligible} are"
    return [Fault(f"{rule.quorum} must sign, but {who} eligible", "policy.quorum")]


class _Steps:
    """The steps of one document on their way to planned steps."""

    def __init__(self, sound: Sound, world: Derivation) -> None:
        document = sound.document
        self._world = world
        self._ranks = rank_steps({step.id: step.needs for step in document.steps})
        self._steps = sorted(document.steps, key=lambda step: (self._ranks[step.id], step.id))
        self._places, self._unclear = sound.places, sound.unclear
        self._lineage = Lineage(self._steps)
        self._programs = Programs(world.path)
        self._files = NamedFiles(world.root, self._lineage)
        self._root = Path(os.path.realpath(world.root))
        self._workdirs: dict[str, str] = {}
        self._faults: list[Fault] = []

    def derive(self) -> tuple[tuple[PlannedStep, ...], list[Fault]]:
        """The steps in topological order, and what is wrong with them."""
        judgements = [judge(step, self._world.policy, str(self._root)) for step in self._steps]
        words = self._words()
        writing = [index for index, judgement in enumerate(judgements) if judgement.tier.rank >= Tier.WRITE.rank]
        for index in writing:
            step = self._steps[index]
            self._files.add_writer(step, words[index], agent=step.action is Action.IMPLEMENT)
        self._writers = self._lineage.members(self._steps[index].id for index in writing)
        planned = tuple(map(self._planned, self._steps, judgements, words))
        return planned, self._faults

    def _words(self) -> list[Words]:
        words = [words_of(step) for step in self._steps]
        if (count := sum(len(found.read) + len(found.written) for found in words)) > MAX_WORDS:
            message = f"the commands and scripts have {count:,} words, at most {MAX_WORDS:,} are looked at: use files"
            self._faults.append(Fault(message, "steps"))
            return [Words() for _ in words]
        return words

    def _planned(self, step: Step, judgement: Judgement, words: Words) -> PlannedStep:
        for field_name, message in (
            *self._refusals(step, judgement),
            *self._workdir_faults(step),
            *self._write_faults(step),
        ):
            self._fault(step, field_name, message)
        files, hints = self._files.signed(step, words)
        return PlannedStep(
            step=step,
            rank=self._ranks[step.id],
            tier=judgement.tier,
            reasons=judgement.reasons,
            binary=self._binary(step, judgement),
            files=files,
            asks=judgement.tier.asks or judgement.tier in self._world.policy.ask,
            hints=(*judgement.hints, *hints, *self._scratch(step, words), *self._missing_secrets(step)),
        )

    def _scratch(self, step: Step, words: Words) -> Iterator[str]:
        workdir = os.path.join(self._root, step.workdir)
        declared = (os.path.normpath(os.path.join(workdir, os.path.expanduser(path))) for path in step.writes)
        return scratch_hints(words, (str(self._root), *declared))

    def _missing_secrets(self, step: Step) -> Iterator[str]:
        """They may be set before it runs, so this is no fault."""
        for name in step.secrets:
            if name not in self._world.secrets:
                yield f"the secret {name} was not set when this was planned; it must be where signoff runs"

    def _refusals(self, step: Step, judgement: Judgement) -> Iterator[tuple[str, str]]:
        if step.action not in self._world.configured:
            yield "action", unconfigured(step.action, self._world.configured)
        if isinstance(step, Notify) and step.channel not in self._world.channels:
            yield "channel", f"{step.channel[:64]!r} is not set up; signoff notify lists the channels that are"
        if judgement.refused:
            yield operand_field(step), judgement.refused
        if capability := withheld(step, self._world.policy):
            yield capability, f"the policy lets no step have a network or sockets; leave `{capability}` out"

    def _workdir_faults(self, step: Step) -> Iterator[tuple[str, str]]:
        if step.workdir not in self._workdirs:
            self._workdirs[step.workdir] = self._workdir_problem(step.workdir)
        problem = self._workdirs[step.workdir]
        if problem and not (problem == "does not exist" and self._made_before(step)):
            yield "workdir", f"{step.workdir[:200]!r} {problem}; write a directory below the root of the task"

    def _write_faults(self, step: Step) -> Iterator[tuple[str, str]]:
        """What the sandbox would refuse when the step begins."""
        for index, path in enumerate(step.writes if self._world.hidden else ()):
            whole = Path(os.path.realpath(self._root / step.workdir / os.path.expanduser(path)))
            for hidden in map(Path, map(os.path.realpath, self._world.hidden)):
                if whole.is_relative_to(hidden) or hidden.is_relative_to(whole):
                    how = "holds" if hidden.is_relative_to(whole) else "lies in"
                    name = f"writes[{index}]"
                    yield name, f"{path[:200]!r} {how} {hidden}, where signoff keeps its own; declare another directory"

    def _workdir_problem(self, workdir: str) -> str:
        whole = Path(os.path.realpath(self._root / workdir))
        if not whole.is_relative_to(self._root):
            return "lies outside the root, once its links are resolved"
        if not whole.exists():
            return "does not exist"
        return "" if whole.is_dir() else "is not a directory"

    def _binary(self, step: Step, judgement: Judgement) -> str:
        """Where the program of a command lies; a fault where it does not and no step before may make it."""
        if not judgement.program:
            return ""
        found = self._programs.find(judgement.program, os.path.join(self._root, step.workdir))
        if not found and not self._made_before(step):
            where = f"in {step.workdir}" if "/" in judgement.program else "on PATH"
            self._fault(step, operand_field(step), f"`{judgement.program[:200]}` was not found {where}")
        return found

    def _made_before(self, step: Step) -> bool:
        """Whether an ancestor of tier `write` or above may make what is missing, or one that could not be read."""
        return step.id in self._unclear or bool(self._lineage.nearest(step.id, self._writers))

    def _fault(self, step: Step, field_name: str, message: str) -> None:
        self._faults.append(Fault(message, f"steps[{self._places[step.id]}].{field_name}"))
