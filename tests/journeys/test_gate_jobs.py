"""A gate asked for over HTTP and killed: it goes on, and what was kept is not asked again."""

from __future__ import annotations

import json
import signal
from pathlib import Path

from tests.journeys.job_project import served, until, written

CASES = 6
BANK = 5
ANSWERS = 3


async def test_a_killed_gate_goes_on_and_its_verdict_is_there_later(tmp_path: Path) -> None:
    folder = written(tmp_path)
    (folder / "evals").mkdir()
    cases = [{"id": f"case-{n}", "input": {"body": str(4 + n)}} for n in range(CASES)]  # two of them are held
    (folder / "evals" / "pace.jsonl").write_text("\n".join(map(json.dumps, cases)))
    begun = folder / "begun.txt"
    asked = {"feature": "pace", "against": "working"}
    async with served(folder) as server:
        job_id = await server.ask("/v1/gates", asked, idempotency_key="k")
        await until(lambda: begun.exists() and begun.read_text().count("\n") > CASES)
        await server.ended_by(signal.SIGKILL)
    before = begun.read_text().count("\n")
    (folder / "go").touch()
    async with served(folder) as server:
        job = await server.ended(job_id)
        assert (job["status"], job["kind"]) == ("done", "gate")
        assert (job["result"]["verdict"], job["result"]["passed"], job["result"]["stopped"]) == ("pass", True, None)
        assert job["result"]["calls"] == CASES * (BANK + ANSWERS)
        (listed,) = (await server.http.get("/v1/gates")).json()["gates"]
        assert listed["id"] == job["result"]["gate_id"]
        assert [part["role"] for part in listed["parts"]] == ["bank", "candidate"]
    asked_in_all = begun.read_text().count("\n")
    assert asked_in_all <= CASES * (BANK + ANSWERS) + 4, "at most what was in flight is asked again"
    assert asked_in_all > before
