"""A trial asked for over HTTP, killed in the middle: it goes on, and no recording is replayed twice. And recordings
found over HTTP by an expression."""

from __future__ import annotations

import signal
from collections import Counter
from pathlib import Path
from typing import Any

from tests.journeys.job_project import Served, served, until, written

MANY = 14
AT_ONCE = 8


async def ask(server: Served, path: str, **query: Any) -> Any:
    answer = await server.http.get(path, params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def recorded(server: Served, many: int) -> list[str]:
    answers = [await server.http.post("/v1/features/pace", json={"body": str(n)}) for n in range(many)]
    return [answer.json()["recording_id"] for answer in answers]


async def test_a_killed_trial_goes_on_and_replays_nothing_twice(tmp_path: Path) -> None:
    folder = written(tmp_path)
    (folder / "go").touch()
    asked = {"where": "feature=pace and since=1h", "limit": 100}
    async with served(folder) as server:
        ids = await recorded(server, MANY)
        (folder / "go").unlink()
        forecast = (await server.http.post("/v1/trials/forecast", json=asked)).json()
        assert (forecast["matching"], forecast["chosen"], forecast["done"]) == (MANY, MANY, 0)
        job_id = await server.ask("/v1/trials", asked, idempotency_key="k")

        async def told() -> bool:
            progress = (await server.job(job_id))["progress"]
            return bool(progress == {"stage": "replayed", "done": AT_ONCE, "total": MANY})

        await until(told)
        await server.ended_by(signal.SIGKILL)
    (folder / "go").touch()
    async with served(folder) as server:
        assert await server.ask("/v1/trials", asked, idempotency_key="k") == job_id
        job = await server.ended(job_id)
        assert (job["status"], job["kind"]) == ("done", "trial")
        assert (job["result"]["same"], job["result"]["chosen"]) == (MANY, MANY)
        (listed,) = (await ask(server, "/v1/trials"))["trials"]
        assert listed["id"] == job["result"]["trial_id"]
        assert await ask(server, f"/v1/trials/{listed['id']}") == listed
        pairs = (await ask(server, f"/v1/trials/{listed['id']}/pairs", limit=9))["pairs"]
        rest = await ask(server, f"/v1/trials/{listed['id']}/pairs", limit=9, after=pairs[-1]["recording"])
        pairs += rest["pairs"]
        assert sorted(pair["recording"] for pair in pairs) == sorted(ids)
        assert rest["next"] is None
        replays = (await ask(server, "/v1/recordings", where="replay_of!=none", limit=200))["recordings"]
        assert Counter(each["replay_of"] for each in replays) == Counter(ids)
        assert (await ask(server, f"/v1/trials/{listed['id']}/pairs", verdict="worse"))["pairs"] == []


async def test_what_cannot_be_tried_or_found_is_refused_with_the_place_that_is_wrong(tmp_path: Path) -> None:
    async with served(written(tmp_path)) as server:
        (first,) = await recorded(server, 1)
        wrong = {"where": "feature=pace and outcom=ok"}
        for answer in (
            await server.http.get("/v1/recordings", params=wrong),
            await server.http.post("/v1/trials", json=wrong),
            await server.http.post("/v1/trials/forecast", json=wrong),
        ):
            assert (answer.status_code, answer.json()["code"]) == (422, "HF713")
            assert "at character 18: there is no field 'outcom'" in answer.json()["detail"]
            assert "did you mean 'outcome'?" in answer.json()["fix"]
        none = await server.http.post("/v1/trials", json={"where": "outcome=failed"})
        assert (none.status_code, none.json()["code"]) == (404, "HF203")
        change = await server.http.post("/v1/trials", json={"where": "since=1h", "set": {"nobody.models": "x"}})
        assert (change.status_code, change.json()["code"]) == (422, "HF701")
        missing = await server.http.get("/v1/trials/tr_nothing")
        assert (missing.status_code, missing.json()["code"]) == (404, "HF210")
        assert (await ask(server, "/v1/jobs"))["jobs"] == []
        feedback = {"recording_id": first, "score": -1, "label": "wrong"}
        assert (await server.http.post("/v1/feedback", json=feedback)).status_code == 201
        for where, count in (
            ("feedback.label=wrong and answered~0", 1),
            ("not feedback.score<0", 0),
            ('text~"0" and subject=none and blocked=none', 1),
        ):
            assert len((await ask(server, "/v1/recordings", where=where))["recordings"]) == count
