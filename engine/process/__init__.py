"""The only room that starts processes, holds them, ends them, and keeps what they print (B6.3-B6.6, B7, S2).

It takes what was stored and approved, and decides nothing about it. No other room of the engine imports `subprocess`,
forks, or signals; no room below the scheduler waits for a process but through `Running`.
"""

from __future__ import annotations

from engine.process.environment import private_environment
from engine.process.launch import (
    MARKER,
    CompletedCapture,
    Confinement,
    Exit,
    Launch,
    Level,
    Limits,
    Probe,
    SealedFile,
)
from engine.process.logs import LogSlice, LogWriter, Stream, read_log, stream_switches
from engine.process.probe import probe
from engine.process.running import Running
from engine.process.seal import digest_file, read_file, seal
from engine.process.spawn import run_quietly, spawn
from engine.process.terminal import TYPE as TERMINAL_TYPE
from engine.process.terminal import Terminal
from engine.process.tree import adopt_orphans, guard_memory, sweep

__all__ = [
    "MARKER",
    "TERMINAL_TYPE",
    "CompletedCapture",
    "Confinement",
    "Exit",
    "Launch",
    "Level",
    "Limits",
    "LogSlice",
    "LogWriter",
    "Probe",
    "Running",
    "SealedFile",
    "Stream",
    "Terminal",
    "adopt_orphans",
    "digest_file",
    "guard_memory",
    "private_environment",
    "probe",
    "read_file",
    "read_log",
    "run_quietly",
    "seal",
    "spawn",
    "stream_switches",
    "sweep",
]
