"""What asking for an evaluation over HTTP gives before any case is asked."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from tests.unit.server.serving import Served

from holdfast.job import JobQuery

CASE = '{"id": "a", "input": {"body": "x"}}\n'


def write_cases(served: Served, text: str) -> None:
    folder = served.project.config.folder / "evals"
    folder.mkdir()
    (folder / "echo.jsonl").write_text(text)


async def asked(served: Served, body: dict[str, Any], **headers: str) -> httpx.Response:
    return await served.http.post("/v1/evaluations", json=body, headers=headers)


async def test_an_evaluation_asked_twice_under_one_key_is_one_job(served: Served) -> None:
    write_cases(served, CASE)
    body = {"feature": "echo", "set": {"answer.models": "fake:one"}, "repeat": 2, "max_cost_usd": 0.5}
    first = await asked(served, body, **{"idempotency-key": "k"})
    assert first.status_code == 202
    again = await asked(served, body, **{"idempotency-key": "k"})
    assert again.json() == first.json()
    (job,) = await served.project.store.jobs.find(JobQuery())
    assert (job.id, job.kind, job.asked) == (first.json()["job_id"], "evaluation", body)
    other = await asked(served, {"feature": "echo"}, **{"idempotency-key": "k"})
    assert (other.status_code, other.json()["code"]) == (409, "HF707")


@pytest.mark.parametrize(
    ("cases", "body", "status", "code"),
    [
        (CASE, {"feature": "ecko"}, 404, "HF200"),
        (CASE, {"feature": "echo", "set": {"answr.models": "x"}}, 422, "HF701"),
        (CASE, {"feature": "echo", "set": {"answer.retries": "many"}}, 422, "HF701"),
        (CASE, {"feature": "echo", "set": {"answer": 1}}, 422, "HF701"),
        (CASE, {"feature": "echo", "repeat": 0}, 422, "HF701"),
        ("", {"feature": "echo"}, 404, "HF207"),
        ('{"id": "a", "input": {}}', {"feature": "echo"}, 422, "HF111"),
    ],
)
async def test_what_cannot_be_evaluated_is_refused_at_once(
    served: Served, cases: str, body: dict[str, Any], status: int, code: str
) -> None:
    write_cases(served, cases)
    refused = await asked(served, body)
    assert (refused.status_code, refused.json()["code"]) == (status, code)
    assert await served.project.store.jobs.find(JobQuery()) == ()


async def test_a_feature_without_a_file_of_cases_is_told_where_to_write_them(served: Served) -> None:
    refused = await asked(served, {"feature": "echo"})
    assert (refused.status_code, refused.json()["code"]) == (404, "HF207")
    assert "evals/echo.jsonl" in refused.json()["detail"]
