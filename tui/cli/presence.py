"""`people`: who is connected to the engine that runs here, in which role, and what each reads (B14.2)."""

from __future__ import annotations

import os

from engine import ListPeople, Person
from engine.errors import EngineGone
from tui.cli import shapes
from tui.cli.arguments import json_option
from tui.cli.call import Call, Verb
from tui.presentation.people import person_line


async def _people(call: Call) -> int:
    try:
        async with call.engine("attach") as engine:
            found: tuple[Person, ...] = await engine.read(ListPeople())
    except EngineGone:
        call.console.note("no engine runs here, so nobody is connected; signoff or signoff serve begins one")
        found = ()
    else:
        found = tuple(person for person in found if person.pid != os.getpid())
        if not found:
            call.console.note("an engine runs here, and nobody is connected to it")
    if call.json:
        call.console.json([shapes.plain(person) for person in found])
        return 0
    for person in found:
        call.console.say(person_line(person, call.world.clock()))
    return 0


VERBS = {"people": Verb(_people, json_option, "signoff people --json")}
