"""A desk for every test of the verbs; whatever breaks inside the loop, or chain, fails the test."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from engine import VerifyAudit
from tests.engine.desk import Desk


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    """Closed at the end; its hash chain must verify, and nothing may have broken in the background."""
    broken: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: broken.append(context))
    made = Desk(tmp_path)
    yield made
    if made.is_open:
        report = await made.engine.read(VerifyAudit())
        assert report.ok, report
    await made.close()
    gc.collect()
    assert not broken
