"""The scriptable vendor as a process of its own: `python -m holdfast.testing.vendor_process`.

Does not know who asks it. For what runs beside the tests rather than in them: a server under test, a shell, another
language. It is told a text, or answers from the prompt, and may be told a fault of the catalogue.
"""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
from collections.abc import Sequence

import msgspec

from holdfast.errors import HoldfastError
from holdfast.testing.act import Act
from holdfast.testing.faults import parse, under
from holdfast.testing.grounded import grounded
from holdfast.testing.rules import deterministic
from holdfast.testing.vendor import Rule, Vendor


def rule_of(text: str | None, fault: str | None, between_ms: float) -> Rule:
    """The rule for these arguments. Raises NotFound (HF207) and Misconfigured (HF100) for a fault that is none."""
    rule: Rule = grounded if text is None else deterministic(text, act=Act(between_ms=between_ms))
    return rule if fault is None else under(rule, *parse(fault))


async def serve(rule: Rule, port: int) -> Vendor:
    """Serve until SIGTERM or SIGINT. The first line on stdout is the base URL; nothing is printed after it."""
    loop = asyncio.get_running_loop()
    stopped = asyncio.Event()
    for sign in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(sign, stopped.set)
    async with Vendor(rule, port=port) as vendor:
        sys.stdout.write(vendor.base_url + "\n")
        sys.stdout.flush()
        await stopped.wait()
    return vendor


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse, serve, and say what was seen as one line of JSON on stdout. 2: a fault that is not in the catalogue."""
    parser = argparse.ArgumentParser(prog="python -m holdfast.testing.vendor_process", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="a port of loopback; 0 takes a free one")
    parser.add_argument("--text", help="what it always answers (default: a sentence of the prompt it is sent)")
    parser.add_argument("--fault", help="a fault as `holdfast drill` takes it, as in cut@50%%")
    parser.add_argument("--between-ms", type=float, default=0.0, help="the time after each piece of --text")
    given = parser.parse_args(arguments)
    try:
        rule = rule_of(given.text, given.fault, given.between_ms)
    except HoldfastError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    vendor = asyncio.run(serve(rule, given.port))
    seen = {"calls": vendor.calls, "connections": vendor.connections, "billed": vendor.billed}
    sys.stdout.write(msgspec.json.encode(seen).decode() + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
