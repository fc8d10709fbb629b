"""The composition root: every room of one engine, built of those that it needs and of what was opened.

Here is said who knows whom, and nothing else: no rule, no wait, no start. A room is built when it is first asked for:
the order of what stands here does not matter.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from engine import process
from engine.actions import ACTIONS, MODEL_ACTIONS, Act
from engine.alerts import Alerts
from engine.answering import Queries
from engine.broker import Broker
from engine.budgets import Budgets
from engine.channels import Channels, configured_channels
from engine.comments import Comments
from engine.confirmations import Confirmations
from engine.grants import Grants
from engine.inference import Inference
from engine.llm import Model
from engine.memory import Memories
from engine.model.plan import Action
from engine.models import configured_model
from engine.person import user_name
from engine.planning import Planning
from engine.planning.drafts import Drafts
from engine.policies import Policies
from engine.pool import Pool
from engine.probing import Probing
from engine.raising import Raising
from engine.recovery import Recovery
from engine.replanning import Replanning
from engine.reviews import Reviews
from engine.revisions import Revisions
from engine.runner import Runner
from engine.scheduler import Scheduler
from engine.settings import Settings
from engine.spending import Spending
from engine.stalls import Stalls
from engine.storage.store import Store
from engine.trust import Trusting
from engine.verdicts import Verdicts


@dataclass(frozen=True, kw_only=True)
class Opening:
    """How an engine is opened.

    `executes` is False for a process that only records a decision and leaves.
    """

    state: Path
    settings: Settings = field(default_factory=Settings)
    executes: bool = True
    clock: Callable[[], float] = time.time
    actions: Mapping[Action, Act] = field(default_factory=lambda: ACTIONS)
    user: str = field(default_factory=user_name)
    channels: Channels = field(default_factory=configured_channels)
    """Ways to people who look at no terminal."""
    model: Model | None = None
    """Who plans, researches and reviews; None: whom the settings name."""


class Composition:
    """The rooms of one engine."""

    def __init__(
        self,
        opening: Opening,
        store: Store,
        broker: Broker,
        stalls: Stalls,
        probe: process.Probe,
        policies: Policies,
    ) -> None:
        self.opening = opening
        self.store = store
        self.broker = broker
        self.stalls = stalls
        self.probe = probe
        self.policies = policies
        self._settings, self._clock = opening.settings, opening.clock
        self._deciding = asyncio.Lock()
        """Held by whoever decides on a task by what it read of it."""
        self.scheduler.failed, self.scheduler.ended = self.replanning.failed, self.replanning.ended
        self.scheduler.cancelled = self.drafts.stop

    # Models

    @cached_property
    def _model(self) -> Model | None:
        return self.opening.model or configured_model(self._settings.model)

    @cached_property
    def spending(self) -> Spending:
        return Spending(self.store.read, self._settings.budget, self.policies, self._clock)

    @cached_property
    def budgets(self) -> Budgets:
        return Budgets(self.store, self.spending, self._clock)

    @cached_property
    def inference(self) -> Inference:
        return Inference(self._model, self.budgets)

    @cached_property
    def probing(self) -> Probing:
        return Probing(self._settings.model, self.budgets)

    @cached_property
    def raising(self) -> Raising:
        return Raising(self.store, self.spending, self.scheduler, self.confirmations, self._clock)

    # Planning

    @cached_property
    def drafts(self) -> Drafts:
        return Drafts(self.store, self.inference, self._clock, self.opening.state, self.broker.signal)

    @cached_property
    def planning(self) -> Planning:
        configured = frozenset(self._actions) | {Action.ASK}
        hidden = self.opening.state, *filter(None, [self._settings.share])
        channels = self.opening.channels
        return Planning(
            self.store, self._clock, self._settings, self.policies, configured, channels, self.drafts, hidden
        )

    @cached_property
    def revisions(self) -> Revisions:
        return Revisions(self.store, self.planning, self.drafts, self._clock, self.scheduler, self._deciding)

    @cached_property
    def replanning(self) -> Replanning:
        return Replanning(self.store, self.planning, self.drafts, self.revisions, self.scheduler, self.opening.state)

    # People

    @cached_property
    def reviews(self) -> Reviews:
        return Reviews(self.store, self._clock, self.policies, self.scheduler, self._deciding, self.drafts.planner)

    @cached_property
    def verdicts(self) -> Verdicts:
        return Verdicts(self.store, self.scheduler, self._clock, self._deciding)

    @cached_property
    def comments(self) -> Comments:
        return Comments(self.store, self._clock)

    @cached_property
    def grants(self) -> Grants:
        return Grants(self.store, self._clock)

    @cached_property
    def confirmations(self) -> Confirmations:
        return Confirmations(self.store, self.grants, self._clock, self._settings.deadline)

    @cached_property
    def trusting(self) -> Trusting:
        return Trusting(self.store, self._clock, self.policies)

    @cached_property
    def alerts(self) -> Alerts:
        return Alerts(self.store, self.opening.channels, self._settings.notify)

    # Running

    @cached_property
    def _actions(self) -> Mapping[Action, Act]:
        return {**(MODEL_ACTIONS if self.inference.configured else {}), **self.opening.actions}

    @cached_property
    def pool(self) -> Pool:
        return Pool(self._settings.parallel)

    @cached_property
    def runner(self) -> Runner:
        return Runner(
            self.store,
            self._settings,
            self.policies,
            self._actions,
            self.probe.level,
            self.opening.state,
            self._clock,
            self.broker.signal,
            self.stalls.log,
            self.opening.channels,
            self.inference,
        )

    @cached_property
    def scheduler(self) -> Scheduler:
        return Scheduler(
            self.store,
            self.runner,
            self.pool,
            self.confirmations,
            self.grants,
            self._clock,
            self.opening.executes,
            self._deciding,
        )

    @cached_property
    def recovery(self) -> Recovery:
        return Recovery(self.store, self.scheduler, self.confirmations, self.opening.state, self._clock)

    # Looking

    @cached_property
    def memories(self) -> Memories:
        return Memories(self.store)

    @cached_property
    def queries(self) -> Queries:
        estimate = self._model.estimate if self._model else None
        return Queries(self.store.read, self.opening.state, self._settings.policy, self._settings.budget, estimate)

    @property
    def busy(self) -> bool:
        """Whether some task executes, or is planned by a model."""
        return self.scheduler.executing > 0 or self.drafts.busy > 0
