"""The desk of the engine's tests, for faults from outside."""

from __future__ import annotations

from tests.engine.conftest import desk
from tests.faults.disk import small_disk

__all__ = ["desk", "small_disk"]
