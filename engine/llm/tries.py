"""One model, asked until it answers or another try would mend nothing, each try within its limits.

All of this runs on the loop of whoever asks, beside the thread of the library: a limit or a cancellation holds also
where the library hangs, and whoever pays is asked and told here.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from functools import partial

from engine.cancellation import CancelToken
from engine.errors import Cancelled
from engine.llm import Estimate, Payer
from engine.llm.answer import Answer, answer, spent_on
from engine.llm.library import aside, poster
from engine.llm.paying import paid
from engine.llm.request import Call
from engine.llm.troubles import Trouble, pause
from engine.model.call import FREE, ModelFailure, Usage
from engine.settings import ModelSettings

IMPORTING = 120.0
"""Seconds that the library may take to be there; the limits of a call begin after that."""


async def ask(
    call: Call,
    settings: ModelSettings,
    heard: Callable[[str], None],
    token: CancelToken,
    most: Estimate,
    payer: Payer | None,
) -> Answer:
    """Ask one model until it answers, or until it is given up: the last trouble, and the usage of all tries.

    Args:
        most: what each try uses at most.

    Raises:
        OverBudget: the next try does not fit.
        Cancelled: with what its last try used.
    """
    spent, troubles = FREE, list[Trouble]()
    while True:
        got = await paid(payer, most, partial(_Try(settings, heard).run, call, token))
        spent += got.usage
        if got.trouble is None:
            return replace(got, usage=spent)
        troubles.append(got.trouble)
        wait = pause(troubles, random.random())
        if wait is None:
            return replace(got, usage=spent)
        heard(f"\n[{got.trouble.problem}; again in {wait:.0f} s]\n")
        await _rest(wait, token)


async def _rest(seconds: float, token: CancelToken) -> None:
    fired = asyncio.Event()
    with token.watched(fired.set), suppress(TimeoutError):
        await asyncio.wait_for(fired.wait(), seconds)
    if token.fired:
        raise Cancelled(reason=token.reason)


class _Try:
    """One call while it lasts."""

    def __init__(self, settings: ModelSettings, heard: Callable[[str], None]) -> None:
        self._settings = settings
        self._heard = heard
        self._pieces: list[str] = []
        self._loop = asyncio.get_running_loop()
        self._limit = asyncio.timeout(IMPORTING)
        self._end: float | None = None
        """When the whole time is over; None before the provider's time began."""
        self._over = False

    async def run(self, call: Call, token: CancelToken) -> Answer:
        try:
            async with self._limit:
                return await aside().run(answer(call, self._settings, poster(self._piece)), token)
        except TimeoutError:
            return Answer(usage=self._spent(call), trouble=Trouble(failure=ModelFailure.TIMEOUT, problem=self._late()))
        except Cancelled as cancelled:
            cancelled.usage = self._spent(call)
            raise
        finally:
            self._over = True

    def _spent(self, call: Call) -> Usage:
        """What the provider may charge for this try; nothing before its time began."""
        return FREE if self._end is None else spent_on(call, self._settings, "".join(self._pieces))

    def _piece(self, text: str) -> None:
        if self._over:
            return
        now, settings = self._loop.time(), self._settings
        if self._end is None:
            self._end = now + settings.timeout
        self._limit.reschedule(min(self._end, now + settings.idle_timeout))
        if text:
            self._pieces.append(text)
            self._heard(text)

    def _late(self) -> str:
        settings = self._settings
        if self._end is not None and self._loop.time() >= self._end:
            return f"no end of the answer within {settings.timeout:g} s"
        what = "nothing more came" if self._pieces else "no answer"
        return f"{what} within {settings.idle_timeout:g} s"
