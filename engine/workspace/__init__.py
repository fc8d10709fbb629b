"""What lies in the folder that a task works in: its repository, and which of its files a run changed.

Processes are started through `engine.process` alone, and nothing here writes beneath the root of a task.
"""

from __future__ import annotations

from engine.workspace.repository import new_repository

__all__ = ["new_repository"]
