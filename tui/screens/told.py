"""Reading that may fail: a screen says why, keeps what it shows, and never ends over it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Concatenate, ParamSpec, TypeVar

from textual.screen import Screen

from engine import SignoffError
from tui.messages import Desk

Arguments = ParamSpec("Arguments")
View = TypeVar("View", bound=Screen[Any])


def told(
    method: Callable[Concatenate[View, Arguments], Awaitable[None]],
) -> Callable[Concatenate[View, Arguments], Coroutine[Any, Any, None]]:
    """Turn an error of the engine into what `Desk.explain_error` shows."""

    async def guarded(self: View, /, *args: Arguments.args, **kwargs: Arguments.kwargs) -> None:
        try:
            await method(self, *args, **kwargs)
        except SignoffError as error:
            assert isinstance(self.app, Desk)
            self.app.explain_error(error)

    return guarded
