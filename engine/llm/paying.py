"""Each try is paid for: what it may cost is set aside before it starts, and what it cost is told however it ends."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from engine.errors import Cancelled, ModelFailed
from engine.llm import Estimate, Payer
from engine.llm.answer import Answer
from engine.model.call import CANCELLED


async def paid(payer: Payer | None, most: Estimate, work: Callable[[], Awaitable[Answer]]) -> Answer:
    """Do the work of one try, which begins once it is reserved.

    Args:
        payer: None where nobody counts.
        most: what this try uses at most, booked on the one model that is asked.

    Raises:
        OverBudget: it does not fit, and was not begun.
    """
    if payer is None:
        return await work()
    call = await payer.reserve(most)
    try:
        got = await work()
    except ModelFailed as error:
        await payer.settle(call, error.usage, error.failure)
        raise
    except Cancelled as error:
        await payer.settle(call, error.usage, CANCELLED)
        raise
    except BaseException:
        await payer.settle(call, None, CANCELLED)
        raise
    await payer.settle(call, got.usage, got.trouble.failure if got.trouble else "", got.text)
    return got
