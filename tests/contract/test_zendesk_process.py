"""The simulated Zendesk runs as a process of its own."""

from __future__ import annotations

import asyncio
import json
import signal
import sys

from tests.contract.zendesk_asking import ask, basic


async def test_the_server_runs_by_itself_and_says_what_it_saw() -> None:
    told = ["-m", "holdfast.testing.zendesk", "--tickets", "30", "--plan", "team", "--fails-every", "2"]
    process = await asyncio.create_subprocess_exec(sys.executable, *told, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    url, auth = [(await process.stdout.readline()).decode().strip() for _ in range(2)]
    headers = {"Authorization": basic(*auth.split(" "))}
    statuses = []
    for _ in range(3):
        got = await asyncio.to_thread(ask, f"{url}/api/v2/tickets/count.json", "GET", headers, None)
        statuses.append((got.status, got.headers.get("x-rate-limit")))
    process.send_signal(signal.SIGTERM)
    rest, _ = await process.communicate()
    assert statuses == [(200, "200"), (503, "200"), (200, "200")]
    assert json.loads(rest) == {"requests": 3, "over_limit": 0, "early": 0}
    assert process.returncode == 0
