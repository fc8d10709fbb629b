"""The door to people who look at no terminal: messages by mail, chat or push, through Apprise (an extra: `notify`).

A channel has a name, which plans and settings call it by, and an address in `channels.toml` beside the configuration,
which holds secrets: it is shown nowhere, in no error either.
"""

from __future__ import annotations

import asyncio
import logging
import os
import unicodedata
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from engine.configuration import configuration_path
from engine.errors import SignoffError
from engine.model.plan import TERMINAL
from engine.private import read_private

FILE = "channels.toml"
"""Beside the configuration file; lines of `name = "address"`."""
_PATIENCE = 30.0
"""Seconds that a message may take."""
_LONGEST = 2000


class NotTold(SignoffError):
    """Nothing was sent to {channel}: {reason}"""


class Channels:
    """Sends messages.

    Args:
        file: it need not exist.
    """

    def __init__(self, file: Path) -> None:
        self.file = file

    def __contains__(self, channel: object) -> bool:
        return channel == TERMINAL or channel in self.names()

    def names(self) -> tuple[str, ...]:
        """The channels that are set up. Raises `UnsafeFile`."""
        return tuple(read_private(self.file))

    async def send(self, channel: str, title: str, body: str) -> None:
        """Send a message.

        Raises:
            NotTold: it did not arrive, or there is no such channel.
            UnsafeFile: others can read where the addresses are kept.
        """
        address = read_private(self.file).get(channel)
        if address is None:
            known = ", ".join(self.names()) or "none"
            raise NotTold(channel=channel, reason=f"it is not set up in {self.file}; there are: {known}")
        try:
            sender = await asyncio.to_thread(_sender, channel, address)
            if not sender:
                raise NotTold(channel=channel, reason=f"{self.file} holds no address that Apprise knows for it")
            arrived = await asyncio.wait_for(sender.async_notify(title=plain(title), body=plain(body)), _PATIENCE)
        except NotTold:
            raise
        except TimeoutError:
            raise NotTold(channel=channel, reason=f"it took longer than {_PATIENCE:g} s") from None
        except Exception as error:  # whatever a service does, an address stands in no error
            raise NotTold(channel=channel, reason=type(error).__name__) from None
        if not arrived:
            raise NotTold(channel=channel, reason="the service did not take it")


def _sender(channel: str, address: str) -> Any:
    """A sender to one address, or to none where it is not understood; the library is imported on the way."""
    logging.getLogger("apprise").setLevel(logging.CRITICAL)  # it would write to the screen
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of modules that its services use
        try:
            from apprise import Apprise
        except ImportError:
            hint = "install it: pip install 'signoff[notify]'"
            raise NotTold(channel=channel, reason="Apprise is not installed", hint=hint) from None
        sender = Apprise()
        sender.add(address)
        return sender


def configured_channels(environ: Mapping[str, str] = os.environ) -> Channels:
    """Those beside the configuration file."""
    return Channels(configuration_path(environ).with_name(FILE))


def plain(text: str) -> str:
    """A text without characters that act or hide: it came from plans, and goes to programs we do not know."""
    kept = (char for char in text[:_LONGEST] if char == "\n" or unicodedata.category(char)[0] != "C")
    return "".join(kept)
