"""How long a test waits for what must come. Only a fault waits to the end, so that there is time for a busy machine.

What a test starts and does not want to see end by itself lasts longer.
"""

from __future__ import annotations

PATIENCE = 30.0
"""Seconds."""
