from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from msgspec.structs import replace
from tests.unit.server.double import SECRET, Double
from tests.unit.server.serving import Served, request, serving

from holdfast.records import Failure
from holdfast.server.problems import Problems, headers_of


async def test_an_answer_carries_the_output_and_its_recording(served: Served) -> None:
    response = await served.ask("echo")
    said = response.json()
    assert response.status_code == 200
    assert set(said) == {"output", "recording_id", "release", "cost_usd", "ms", "degraded", "blocked"}
    assert said["output"] == {"text": "hello", "citations": []}
    assert (said["release"], said["cost_usd"], said["degraded"], said["blocked"]) == ("r_1", 0.001, None, None)
    assert response.headers["holdfast-recording"] == said["recording_id"]
    assert ("", said["recording_id"]) in served.project.store.recordings.kept


async def test_a_lower_rung_and_a_safe_answer_are_answers_that_say_so(served: Served) -> None:
    degraded = await served.ask("degraded")
    assert degraded.status_code == 200
    assert degraded.json()["degraded"] == {"slot": "answer", "rung": 1, "model": "extractive", "reason": "HF304"}
    assert degraded.json()["cost_usd"] is None
    safe = await served.ask("safe")
    assert safe.status_code == 200
    assert safe.json()["output"] == {"text": "Sorry."}
    assert safe.json()["blocked"] == {"guard": "grounded", "reason": "nothing supports it"}


async def test_a_block_without_a_safe_answer_is_a_problem_that_names_the_guard(served: Served) -> None:
    response = await served.ask("blocked")
    said = response.json()
    assert response.status_code == 422
    assert said["code"] == "HF400"
    assert said["blocked"] == {"guard": "grounded", "reason": "nothing supports it"}
    assert said["recording_id"] == response.headers["holdfast-recording"]


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("HF302", 504),
        ("HF301", 502),
        ("HF303", 502),
        ("HF304", 502),
        ("HF305", 502),
        ("HF311", 429),
        ("HF312", 502),
        ("HF306", 500),
        ("HF309", 500),
        ("HF999", 500),
        ("HF103", 500),
        ("HF202", 404),
        ("HF601", 503),
    ],
)
async def test_a_failed_recording_has_the_status_of_its_code_and_says_no_secret(
    served: Served, code: str, status: int
) -> None:
    response = await served.ask("failing", {"body": code})
    said = response.json()
    assert (response.status_code, said["status"], said["code"]) == (status, status, code)
    assert response.headers["content-type"] == "application/problem+json"
    assert said["recording_id"] == response.headers["holdfast-recording"]
    assert SECRET not in response.text
    assert ("retry-after" in response.headers) == (status in (429, 503))


async def test_a_failure_that_only_takes_a_wait_is_503_and_says_how_long(served: Served) -> None:
    problems = Problems(())
    failure = Failure(code="HF301", message="all rest", fix="wait", origin="gateway", retry_after_s=6.2)
    recording = served.project.store.recordings.kept[("", (await served.ask("echo")).json()["recording_id"])]
    problem = problems.of_recording(replace(recording, outcome="failed", failure=failure))
    assert (problem.status, problem.origin, problem.retry_after_s) == (503, "gateway", 6.2)
    assert (b"retry-after", b"7") in headers_of(problem)
    limited = replace(failure, code="HF311", origin="provider")
    problem = problems.of_recording(replace(recording, outcome="failed", failure=limited))
    assert (problem.status, problem.origin) == (429, "provider")
    assert (b"retry-after", b"7") in headers_of(problem)


async def test_a_bug_is_said_without_details_and_logged_without_secrets(
    served: Served, caplog: pytest.LogCaptureFixture
) -> None:
    response = await served.ask("bug")
    assert (response.status_code, response.json()["code"]) == (500, "HF999")
    assert "bug with" not in response.text
    assert "RuntimeError: a bug with [secret]" in caplog.text
    assert SECRET not in caplog.text


async def test_a_store_that_fails_is_503_with_its_code(served: Served) -> None:
    response = await served.ask("full")
    assert (response.status_code, response.json()["code"], response.headers["retry-after"]) == (503, "HF601", "1")


async def test_an_unknown_feature_names_the_nearest(served: Served) -> None:
    response = await served.ask("ecco")
    assert (response.status_code, response.json()["code"]) == (404, "HF200")
    assert "did you mean 'echo'?" in response.json()["fix"]


async def test_a_wrong_input_names_its_fields(served: Served) -> None:
    response = await served.ask("echo", {"body": 3, "urgent": "perhaps"})
    assert (response.status_code, response.json()["code"]) == (422, "HF701")
    assert "body:" in response.json()["detail"]
    assert "urgent:" in response.json()["detail"]


async def test_more_requests_than_may_run_are_told_to_come_again(tmp_path: Path) -> None:
    async with serving(Double(tmp_path, max_concurrency=1)) as served:
        first = asyncio.create_task(served.ask("wait"))
        await served.project.begun.wait()
        second = await served.ask("echo")
        assert (second.status_code, second.json()["code"], second.headers["retry-after"]) == (503, "HF706", "1")
        assert (await served.http.get("/livez")).status_code == 200
        served.project.go.set()
        assert (await first).status_code == 200
        assert (await served.ask("echo")).status_code == 200


@pytest.mark.parametrize("accept", ["application/json", "text/event-stream"])
async def test_a_client_that_hangs_up_cancels_its_request_which_is_recorded(served: Served, accept: str) -> None:
    _, writer = await served.raw(request("/v1/features/wait", accept=accept))
    await served.project.begun.wait()
    writer.transport.abort()
    async with asyncio.timeout(5):
        await served.project.store.recordings.added.wait()
    (recording,) = served.project.store.recordings.kept.values()
    assert recording.outcome == "cancelled"
    await asyncio.sleep(0)
    assert len(served.edge.flight) == 0


async def test_many_requests_at_once_each_get_their_own_answer(served: Served) -> None:
    responses = await asyncio.gather(*(served.ask("echo", {"body": str(n)}) for n in range(50)))
    assert [response.json()["output"]["text"] for response in responses] == [str(n) for n in range(50)]
    assert len({response.headers["holdfast-recording"] for response in responses}) == 50


async def test_two_requests_on_one_connection_are_answered_in_order(served: Served) -> None:
    one = request("/v1/features/echo", b'{"body":"one"}') + request("/v1/features/echo", b'{"body":"two"}')
    reader, writer = await served.raw(one)
    texts = []
    for _ in range(2):
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        length = int(head.split(b"content-length: ")[1].split(b"\r\n")[0])
        texts.append(json.loads(await reader.readexactly(length))["output"]["text"])
    writer.close()
    assert texts == ["one", "two"]
