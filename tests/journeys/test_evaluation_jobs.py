"""An evaluation asked for over HTTP, killed, cancelled and tried again: one evaluation, no kept case asked twice."""

from __future__ import annotations

import json
import signal
from collections import Counter
from pathlib import Path

from tests.journeys.job_project import Served, served, until, written

CASES = 14
FIRST = 8
IN_FLIGHT = 4


async def test_a_killed_and_cancelled_evaluation_goes_on_and_asks_no_kept_case_again(tmp_path: Path) -> None:
    folder = written(tmp_path)
    (folder / "evals").mkdir()
    cases = [{"id": f"case-{n}", "input": {"body": str(n)}} for n in range(CASES)]
    (folder / "evals" / "pace.jsonl").write_text("\n".join(map(json.dumps, cases)))
    begun = folder / "begun.txt"

    async def held(server: Served, times: int) -> None:
        """Until the first are kept, and so many rounds of the others are held."""
        await until(lambda: begun.exists() and begun.read_text().count("\n") == FIRST + IN_FLIGHT * times)

    async with served(folder) as server:
        job_id = await server.ask("/v1/evaluations", {"feature": "pace"}, idempotency_key="k")
        await held(server, 1)

        async def told() -> bool:
            return bool((await server.job(job_id))["progress"] == {"stage": "cases", "done": FIRST, "total": CASES})

        await until(told)
        await server.ended_by(signal.SIGKILL)
    async with served(folder) as server:
        await held(server, 2)
        assert await server.ask("/v1/evaluations", {"feature": "pace"}, idempotency_key="k") == job_id
        await server.http.post(f"/v1/jobs/{job_id}/cancel")
        assert (await server.ended(job_id))["status"] == "cancelled"
        (folder / "go").touch()
        await server.http.post(f"/v1/jobs/{job_id}/retry")
        job = await server.ended(job_id)
        assert (job["status"], job["attempt"], job["kind"]) == ("done", 2, "evaluation")
        assert (job["result"]["passed"], job["result"]["done"]) == (True, CASES)
        (listed,) = (await server.http.get("/v1/evaluations")).json()["evaluations"]
        assert listed["id"] == job["result"]["evaluation_id"]
        found = (await server.http.get(f"/v1/evaluations/{listed['id']}")).json()
        assert sorted(each["case"] for each in found["results"]) == sorted(f"case-{n}" for n in range(CASES))
    asked = Counter(begun.read_text().split())
    assert all(asked[str(n)] == 1 for n in range(FIRST)), "what was kept is not asked again"
    assert all(asked[str(n)] == 3 for n in range(FIRST, FIRST + IN_FLIGHT)), "what was in flight is"
