"""The socket room: lets other processes of the machine use the engine that owns a state directory (B14).

`Host` serves an engine, `RemoteEngine` is that engine seen from elsewhere; both speak `protocol` and `answers`. No rule
of the product lives here: who may connect is asked of the kernel (`peers`, `gate`), what may be done stands in the
commands.
"""

from __future__ import annotations

from engine.errors import EngineGone
from engine.host.address import SOCKET
from engine.host.client import RemoteEngine
from engine.host.gate import Gate
from engine.host.protocol import OtherVersion
from engine.host.roles import Roles
from engine.host.server import Host
from engine.host.sharing import shared_socket

__all__ = ["SOCKET", "EngineGone", "Gate", "Host", "OtherVersion", "RemoteEngine", "Roles", "shared_socket"]
