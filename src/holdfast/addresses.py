"""Which addresses of others' choosing may be called: those of the public, and hosts that the configuration names.

Knows nothing of what is sent there or fetched. What a name stands for is decided on the address that is connected to,
not on one looked up before.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Collection
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from aiohttp.abc import AbstractResolver

LONGEST_URL = 2000
NAT64 = "64:ff9b::/96"
"""Where IPv6 addresses stand for those of IPv4 (RFC 6052)."""
_HOST = re.compile(r"[a-z0-9._:-]+")
"""Anything else a client would turn into another name before it connects, such as `①` into `1`."""


def why_not(url: str, allowed_hosts: Collection[str]) -> str:
    """Why a URL may not be called, as far as it says itself; empty where it may."""
    try:
        parts = urlsplit(url)
        host, _ = (parts.hostname or "").rstrip("."), parts.port
    except ValueError:
        return "it is no URL"
    if len(url) > LONGEST_URL or not url.isprintable():
        return "it is too long, or cannot be printed"
    if parts.scheme not in ("http", "https") or not _HOST.fullmatch(host):
        return "it is no http or https URL with a host in plain letters"
    if parts.username is not None or parts.password is not None:
        return "it holds a user name or a password"
    if host not in allowed_hosts and (host == "localhost" or host.endswith(".localhost") or _private_literal(host)):
        return f"'{host}' belongs to this machine or to a private network"
    return ""


def is_public(address: str) -> bool:
    """Whether an IP address can be reached by everybody. What only wraps another address is judged by that one."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if inner is None and ip in ipaddress.IPv6Network(NAT64):
            inner = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if inner is not None:
            ip = inner
    return ip.is_global and not ip.is_multicast


def public_only(allowed_hosts: Collection[str]) -> AbstractResolver:
    """A resolver that gives public addresses alone, but of an allowed host any."""
    from aiohttp import ThreadedResolver

    class PublicOnly(ThreadedResolver):
        async def resolve(self, host: str, *args: Any, **named: Any) -> list[Any]:
            found = await super().resolve(host, *args, **named)
            fit = [each for each in found if host in allowed_hosts or is_public(each["host"])]
            if not fit:
                raise OSError(f"'{host}' belongs to this machine or to a private network")
            return fit

    return PublicOnly()


def _private_literal(host: str) -> bool:
    """Whether a host is an address that is not public, in any of the ways a resolver would read one."""
    try:
        return not is_public(host)
    except ValueError:
        # `127.1`, `0x7f000001` and `2130706433` are addresses to a resolver and names to nobody.
        last = host.rpartition(".")[2]
        return last.isdigit() or last.lower().startswith("0x")
