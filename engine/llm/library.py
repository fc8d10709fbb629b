"""LiteLLM, kept apart: imported the first time a model is asked, in a thread of its own, and used on its loop alone.

Its import takes seconds, and its calls hold up the loop they run on for tenths of one. What it does beside being asked
is turned off before it can begin: it looks for `.env` files and takes them over, fetches prices and headers from the
network, prints and logs to the terminal.
"""

from __future__ import annotations

import asyncio
import logging
import os
import threading
import warnings
from collections.abc import Callable, Coroutine, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

from engine.errors import Cancelled

if TYPE_CHECKING:
    from engine.cancellation import CancelToken

T = TypeVar("T")

QUIET: Mapping[str, str] = {
    "LITELLM_MODE": "PRODUCTION",  # else it loads the nearest `.env`
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",  # else the import fetches prices
    "LITELLM_LOCAL_ANTHROPIC_BETA_HEADERS": "True",  # else the first call fetches names of headers
    "LITELLM_LOG": "CRITICAL",
    "JSON_LOGS": "false",  # else it takes over what happens to exceptions
}
"""The environment it is imported in. Steps see nothing of it: theirs is built from an allowlist."""
_LOGGERS = (
    *("LiteLLM", "LiteLLM Router", "LiteLLM Proxy", "LiteLLM Proxy.stdout"),
    *("aiohttp.client", "botocore", "httpcore", "httpx", "openai", "urllib3"),
)
"""Without a handler of the program they would write to its terminal, as would warnings."""
_WARNERS = r"(litellm|openai|pydantic|aiohttp|httpx)\b"
_LEFT = r"coroutine '\w+\.a\w+' was never awaited"
"""What it leaves when it is cancelled while it prepares a request."""


def library() -> Any:
    """The library, imported and quiet. Takes seconds the first time: only for the thread of `aside`."""
    warnings.filterwarnings("ignore", module=_WARNERS)  # at import, and later
    warnings.filterwarnings("ignore", message=_LEFT, category=RuntimeWarning)
    return _imported()


@cache
def _imported() -> Any:
    os.environ.update(QUIET)
    import litellm

    litellm.suppress_debug_info = True
    litellm.turn_off_message_logging = True
    litellm.drop_params = True
    for name in _LOGGERS:
        logging.getLogger(name).disabled = True
    return litellm


class Aside:
    """A loop in a thread of its own: what blocks there holds up nobody here. It lives as long as the process."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._loop.set_exception_handler(lambda loop, context: None)  # its own chores; what we run there reports itself
        threading.Thread(target=self._loop.run_forever, name="model", daemon=True).start()

    async def run(self, work: Coroutine[Any, Any, T], token: CancelToken) -> T:
        """Run something there, and end it there when nobody waits for it any more.

        Raises:
            Cancelled: the token fired.
        """
        if token.fired:
            work.close()
            raise Cancelled(reason=token.reason)
        future = asyncio.run_coroutine_threadsafe(work, self._loop)

        def stop() -> None:
            future.cancel()

        with token.watched(stop):
            try:
                return await asyncio.wrap_future(future)
            except asyncio.CancelledError:
                task = asyncio.current_task()
                if token.fired and not (task and task.cancelling()):
                    raise Cancelled(reason=token.reason) from None
                raise


@cache
def aside() -> Aside:
    """The thread in which models are asked, one for the process."""
    return Aside()


async def get_ready(token: CancelToken) -> None:
    """Import the library over there."""

    async def load() -> None:
        library()

    await aside().run(load(), token)


def poster(listener: Callable[[str], None]) -> Callable[[str], None]:
    """What hands text from that thread to `listener` on the loop that runs here."""
    loop = asyncio.get_running_loop()

    def post(text: str) -> None:
        loop.call_soon_threadsafe(listener, text)

    return post
