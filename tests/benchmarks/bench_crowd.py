"""One client beside others who mean harm: how old an event is when it arrives (B14, V11). Needs root, to be two users.

Run as `python -m tests.benchmarks.bench_crowd`; not collected by pytest.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
from pathlib import Path

from engine.host import Gate, Host
from engine.host.sharing import NAME
from engine.model.role import Role
from tests.benchmarks.bench_host import Paced, ages_of_events, large
from tests.benchmarks.report import report_absolute
from tests.engine.host.hostile import WAYS, hostile


async def main() -> None:
    if os.getuid() != 0:
        print("bench_crowd: only root can be two users")  # noqa: T201
        return
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        gate = Gate(role_of=lambda uid: Role.OPERATOR if uid == 0 else Role.VIEWER)
        for way in WAYS:
            engine = Paced(large())
            host = await Host.serve(engine, Path(folder) / "socket", gate)
            host.share(Path(folder))
            with hostile(way, Path(folder) / NAME):
                ages = await ages_of_events(engine, Path(folder) / "socket", 1_000)
            name = f"event to a client beside eight that are hostile ({way})"
            report_absolute(f"{name}, p95", ages[len(ages) * 95 // 100], goal=16, unit="ms")
            await host.close()


if __name__ == "__main__":
    asyncio.run(main())
