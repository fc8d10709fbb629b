"""`signoff demo`: the tour, on its screens or told line by line. Its folder goes with it."""

from __future__ import annotations

import asyncio
from argparse import ArgumentParser
from typing import TYPE_CHECKING

from engine import ShowEngine
from tui.cli.call import Call, Verb

if TYPE_CHECKING:
    from engine import EngineClient
    from tui.tour.scene import Scene


def _arguments(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--headless", action="store_true", help="play it without a screen; it signs by itself, recorded so"
    )


async def _demo(call: Call) -> int:
    from tui.tour.scene import set_up

    headless = call.args.headless or not call.world.out.isatty()
    async with set_up() as scene, call.engine("execute", state=scene.state) as engine:
        return await (_told(call, engine, scene) if headless else _shown(call, engine, scene))


async def _told(call: Call, engine: EngineClient, scene: Scene) -> int:
    from tui.tour.headless import Telling

    well = await Telling(engine, scene, call.console.say).play()
    call.console.say("\nNothing of it stays behind. In your own repository: signoff")
    return 0 if well else 1


async def _shown(call: Call, engine: EngineClient, scene: Scene) -> int:
    from tui.app import Options
    from tui.tour.play import play

    info, leash = await engine.read(ShowEngine()), call.world.leash
    if leash is not None and (this := asyncio.current_task()) is not None:
        leash.mind(this.cancel, "nothing of the tour stays behind")
    options = Options(
        root=str(scene.root),
        user=info.user,
        state=scene.state,
        ascii_only=call.console.ascii_only,
        lost=leash.lose if leash else None,
    )
    return await play(engine, scene, options)


VERBS = {"demo": Verb(_demo, _arguments, "signoff demo --headless")}
