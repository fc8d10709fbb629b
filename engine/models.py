"""Which models are named, how each is reached, and whether it answers."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from engine.commands import TryModel
from engine.configuration import configuration_path
from engine.diagnosis import Finding, Health
from engine.errors import NoModel, SignoffError, UsageError
from engine.settings import ModelSettings

if TYPE_CHECKING:
    from engine.client import EngineClient
    from engine.llm.litellm_model import LiteLLM


def key_file(environ: Mapping[str, str] = os.environ) -> Path:
    """Where keys may be written down, beside the configuration."""
    from engine.llm.keys import FILE

    return configuration_path(environ).with_name(FILE)


def configured_model(settings: ModelSettings, environ: Mapping[str, str] = os.environ) -> LiteLLM | None:
    """Who answers by these settings; None where none is named."""
    if not settings.name:
        return None
    from engine.llm.keys import Keys
    from engine.llm.litellm_model import LiteLLM

    return LiteLLM(settings, Keys(key_file(environ), environ))


def look_at_models(settings: ModelSettings, environ: Mapping[str, str] = os.environ) -> Iterator[Finding]:
    """Each model that is named, where it is reached, and by which name its key was found; never a key."""
    model = configured_model(settings, environ)
    if model is None:
        yield Finding(name="model", health=Health.WELL, text="none is named; model.name in the configuration does")
        return
    for name in model.chain:
        yield _way(model, name)


async def try_models(engine: EngineClient, settings: ModelSettings) -> AsyncIterator[Finding]:
    """Have each model that is named answer one tiny question, through an engine that counts it."""
    if not settings.name:
        yield Finding(name="model call", health=Health.FAULT, text="there is none to call: name one in model.name")
    for name in dict.fromkeys((settings.name, *settings.fallbacks) if settings.name else ()):
        try:
            reply = await engine.do(TryModel(model=name))
        except NoModel:
            yield Finding(name="model call", health=Health.FAULT, text=unknown_model(name))
        except SignoffError as error:
            text = "; ".join(filter(None, (str(error), error.hint)))
            yield Finding(name="model call", health=Health.FAULT, text=text)
        else:
            yield Finding(name="model call", health=Health.WELL, text=reply.text)


def unknown_model(name: str) -> str:
    """What to do where an engine has no model and the configuration has this one."""
    return f"the engine began before {name} was configured, and asks it when it is started again: signoff serve --stop"


def _way(model: LiteLLM, name: str) -> Finding:
    try:
        way = model.way(name)
    except UsageError as error:
        return Finding(name="model", health=Health.FAULT, text=f"{name}: {error}; {error.hint}")
    place = way.base_url or "its provider"
    if way.key is not None:
        text = f"{name} at {place}, key {way.key.name} from {way.key.origin}"
        return Finding(name="model", health=Health.WELL, text=text)
    if way.base_url or not way.names:
        return Finding(name="model", health=Health.WELL, text=f"{name} at {place}, without a key of ours")
    text = f"{name} at {place}, and no key: {model.missing(name)}"
    return Finding(name="model", health=Health.WARNING, text=text)
