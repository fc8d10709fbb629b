"""A client that means harm: a program of its own, of the standard library alone, run as a user who may look.

It goes on until it is ended, or for the seconds it is given.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from engine.host.protocol import Hello
from engine.version import VERSION

NOBODY = 65534
"""A user that every system has."""
WAYS = ("asks", "knocks", "shouts", "looks", "follows", "hangs")
_PROGRAM = """
import json, os, signal, socket, sys, threading
way, path, uid, hello, seconds = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4].encode(), sys.argv[5]
signal.alarm(int(seconds))
if os.getuid() == 0:
    os.setgroups([]); os.setgid(uid); os.setuid(uid)
def dial():
    line = socket.socket(socket.AF_UNIX)
    line.connect(path)
    return line
def attach():
    line = dial()
    line.sendall(hello)
    return line
def drain(line):
    while line.recv(2**20):
        pass
def asks(line):
    threading.Thread(target=drain, args=(line,), daemon=True).start()
    while True:
        line.sendall(b'{"id":1,"read":{"kind":"ShowTask","task":1}}\\n' * 50)
def knocks():
    while True:
        line = dial()
        line.close()
def shouts():
    while True:
        line = dial()
        while True:
            line.sendall(b"x" * 2**20)
def looks(line):
    threading.Thread(target=drain, args=(line,), daemon=True).start()
    number = 0
    while True:
        number += 1
        line.sendall(b'{"id":1,"look":{"task":%d}}\\n' % number)
def follows(line):
    for number in range(8):
        line.sendall(b'{"id":%d,"follow":{}}\\n' % number)
    drain(line)
def hangs(line):
    line.sendall(b'{"id":1,"follow":{}}\\n{"id":2,"read":{"kind":"ShowTask","task":1}}\\n' * 50 + b'{"id":')
    signal.pause()
def again(act):
    while True:
        try:
            act() if way in ("knocks", "shouts") else act(attach())
        except OSError:
            pass
threads = [threading.Thread(target=again, args=(globals()[way],)) for _ in range(8)]
for thread in threads:
    thread.start()
print("ready", flush=True)
"""


@contextmanager
def hostile(way: str, path: Path, seconds: int = 60) -> Iterator[None]:
    """Eight connections that do harm in one of the `WAYS` while the block runs."""
    hello = f'{{"hello":{{"protocol":{Hello().protocol},"program":"{VERSION}"}}}}\n'
    words = [sys.executable, "-ISc", _PROGRAM, way, str(path), str(NOBODY), hello, str(seconds)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == b"ready\n"
            yield
        finally:
            process.kill()
