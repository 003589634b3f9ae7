"""Checks of the machine and the address: Python, the server's lock, its port. Knows nothing of the project's parts."""

from __future__ import annotations

import platform
import socket
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

from holdfast.cli.check import Check, fail, failed, ok, warn
from holdfast.errors import HoldfastError

if TYPE_CHECKING:
    from holdfast.config import Config

_OLDEST = (3, 11)


def python() -> Check:
    found = f"{platform.python_version()} on {platform.system()} {platform.machine()}"
    if sys.version_info < _OLDEST:
        return fail("python", found, "install Python 3.11 or newer")
    return ok("python", found)


def serving(config: Config) -> Iterator[Check]:
    """Whether the project is served already; if not, whether it could be."""
    from holdfast.server import lock

    try:
        with lock.serving(config.folder):
            pass
    except HoldfastError as error:
        yield ok("server", error.message) if error.code == "HF105" else failed("server", error)
        return
    yield ok("server", "nobody serves the project at the moment")
    yield _port(config.server.host, config.server.port)


def _port(host: str, port: int) -> Check:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as taken:
            taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            taken.bind(address)
    except OSError as error:
        return warn("port", f"{host}:{port} cannot be taken: {error.strerror}", f"holdfast up --port {port + 1}")
    return ok("port", f"{host}:{port} is free")
