"""The simulated Zendesk as a process of its own: `python -m holdfast.testing.zendesk`.

Does not know who asks it. For what runs beside the tests rather than in them: a project that is tried out, a shell.
"""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
from collections.abc import Sequence

import msgspec

from holdfast.testing.zendesk import (
    ENTERPRISE,
    HIGH_VOLUME,
    NO_LIMITS,
    PROFESSIONAL,
    TEAM,
    Account,
    ZendeskServer,
    big_account,
    faults,
    sample_account,
)

_PLANS = ("none", "team", "professional", "enterprise", "high-volume")


async def serve(account: Account, plan: str, port: int, *, fails_every: int = 0) -> ZendeskServer:
    """Serve until SIGTERM or SIGINT. The first line on stdout is the address, the second a name and a token; nothing
    is printed after them. Every so many requests one fails with 503, one is cut off, and one is too many, in turn."""
    loop = asyncio.get_running_loop()
    stopped = asyncio.Event()
    for sign in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(sign, stopped.set)
    limits = (NO_LIMITS, TEAM, PROFESSIONAL, ENTERPRISE, HIGH_VOLUME)[_PLANS.index(plan)]
    async with ZendeskServer(account, limits=limits, port=port) as server:
        for turn, fault in enumerate((faults.refused(503), faults.cut("body"), faults.too_many(1)), start=1):
            if fails_every:
                server.on_request(_every(fails_every * 3, fails_every * turn), fault, times=None)
        sys.stdout.write(f"{server.url}\n{' '.join(server.auth)}\n")
        sys.stdout.flush()
        await stopped.wait()
    return server


def _every(length: int, at: int) -> faults.When:
    return lambda asked: asked.number % length == at % length


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse, serve, and say what was seen as one line of JSON on stdout."""
    parser = argparse.ArgumentParser(prog="python -m holdfast.testing.zendesk", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="a port of loopback for the main brand; 0 takes a free one")
    parser.add_argument("--tickets", type=int, help="an account with so many tickets (default: every edge case once)")
    parser.add_argument("--seed", type=int, default=0, help="another one gives another account")
    parser.add_argument("--plan", choices=_PLANS, default="none", help="whose rate limits it has")
    parser.add_argument("--fails-every", type=int, default=0, help="one request in so many fails; 0: none")
    given = parser.parse_args(arguments)
    account = sample_account(given.seed) if given.tickets is None else big_account(given.tickets, seed=given.seed)
    server = asyncio.run(serve(account, given.plan, given.port, fails_every=given.fails_every))
    seen = {"requests": server.count(), "over_limit": server.over_limit, "early": server.early}
    sys.stdout.write(msgspec.json.encode(seen).decode() + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
