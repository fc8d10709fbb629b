"""The desk of the engine's tests, for faults from outside."""

from __future__ import annotations

from tests.engine.conftest import desk

__all__ = ["desk"]
