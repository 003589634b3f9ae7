from __future__ import annotations

import asyncio
import sys
from asyncio.subprocess import PIPE
from datetime import UTC, datetime
from pathlib import Path

import pytest
from msgspec.structs import replace
from tests.unit.server.double import SECRET, Double, Recordings
from tests.unit.server.serving import Served, events, request, serving

from holdfast.errors import ReplayDiverged
from holdfast.records import Call, Called, Passage, Recording, Retrieve, Retrieved, Step
from holdfast.runtime.who import Who
from holdfast.server.once import Once, Request

KEY = {"idempotency_key": "order-17"}


async def test_the_same_request_is_answered_once_and_the_same(served: Served) -> None:
    first = await served.ask("echo", **KEY)
    second = await served.ask("echo", **KEY)
    assert first.content == second.content
    assert first.headers["holdfast-recording"] == second.headers["holdfast-recording"]
    assert served.project.runs == ["echo"]
    assert (await served.ask("echo", idempotency_key="order-18")).json()["recording_id"] != first.json()["recording_id"]


async def test_the_answer_is_the_same_after_a_restart(tmp_path: Path) -> None:
    before, after = Double(tmp_path), Double(tmp_path)
    after.store.recordings = before.store.recordings
    async with serving(before) as served:
        first = await served.ask("echo", **KEY)
    async with serving(after) as served:
        assert (await served.ask("echo", **KEY)).content == first.content
    assert after.runs == []


async def test_the_same_key_with_another_request_is_a_conflict(served: Served) -> None:
    assert (await served.ask("echo", **KEY)).status_code == 200
    for feature, body, more in (
        ("echo", {"body": "other"}, {}),
        ("safe", {"body": "hello"}, {}),
        ("echo", {"body": "hello"}, {"holdfast_subject": "ana"}),
    ):
        response = await served.ask(feature, body, **KEY, **more)
        assert (response.status_code, response.json()["code"]) == (409, "HF707")
    assert served.project.runs == ["echo"]


async def test_the_order_of_fields_and_the_white_space_do_not_make_another_request(served: Served) -> None:
    headers = {"idempotency-key": "k", "content-type": "application/json"}
    for body in (b'{"body": "x", "urgent": true}', b'{"urgent":true,"body":"x"}'):
        assert (await served.http.post("/v1/features/echo", content=body, headers=headers)).status_code == 200
    assert served.project.runs == ["echo"]


async def test_a_secret_in_the_body_which_is_not_recorded_does_not_make_another_request(served: Served) -> None:
    first = await served.ask("echo", {"body": f"my key is {SECRET}"}, **KEY)
    kept = served.project.store.recordings.kept
    place = ("", first.json()["recording_id"])
    kept[place] = replace(kept[place], input={"body": "my key is [secret]"})
    assert (await served.ask("echo", {"body": f"my key is {SECRET}"}, **KEY)).content == first.content
    assert (await served.ask("echo", {"body": f"your key is {SECRET}"}, **KEY)).status_code == 409


async def test_the_second_of_two_at_once_waits_for_the_first(served: Served) -> None:
    asking = [asyncio.create_task(served.ask("wait", **KEY)) for _ in range(5)]
    await served.project.begun.wait()
    served.project.go.set()
    assert len({response.content for response in await asyncio.gather(*asking)}) == 1
    assert served.project.runs == ["wait"]


async def test_a_client_that_hangs_up_finds_the_answer_when_it_asks_again(served: Served) -> None:
    for accept in ("application/json", "text/event-stream"):
        served.project.begun.clear()
        _, writer = await served.raw(request("/v1/features/wait", accept=accept, idempotency_key=accept))
        await served.project.begun.wait()
        writer.transport.abort()
        again = asyncio.create_task(served.ask("wait", idempotency_key=accept))
        await asyncio.sleep(0)
        served.project.go.set()
        assert (await again).json()["output"] == {"text": "waited"}
        served.project.go.clear()
    assert served.project.runs == ["wait", "wait"]


async def test_a_failure_is_no_answer_unless_a_side_effect_was_begun(served: Served) -> None:
    assert (await served.ask("failing", {"body": "HF302"}, **KEY)).status_code == 504
    assert (await served.ask("failing", {"body": "HF302"}, **KEY)).status_code == 504
    assert served.project.runs == ["failing", "failing"]
    first = await served.ask("failing", {"body": "HF306"}, idempotency_key="pays")
    second = await served.ask("failing", {"body": "HF306"}, idempotency_key="pays")
    assert first.content == second.content
    assert served.project.runs == ["failing"] * 3


async def test_a_stream_of_a_request_that_was_answered_is_its_done(served: Served) -> None:
    first = await served.ask("talk", **KEY)
    again = await served.ask("talk", **KEY, accept="text/event-stream")
    assert events(again.text) == [("done", first.json())]
    assert again.headers["holdfast-recording"] == first.json()["recording_id"]


async def test_tenants_do_not_share_keys(tmp_path: Path) -> None:
    once = Once(Recordings(), tmp_path)
    ids = set()
    for tenant in ("", "a"):
        async with once.turn("k", Request("echo", {}, Who(tenant=tenant))) as turn:
            ids.add(turn.recording_id)
    assert len(ids) == 2


async def test_another_process_waits_for_the_turn(tmp_path: Path) -> None:
    other = """
import asyncio, sys
from pathlib import Path
from holdfast.runtime.who import Who
from holdfast.server.once import Once, Request
from tests.unit.server.double import Recordings

async def main():
    async with Once(Recordings(), Path(sys.argv[1])).turn("k", Request("echo", {}, Who())):
        print("held", flush=True)
        sys.stdin.readline()

asyncio.run(main())
"""
    command = (sys.executable, "-c", other, str(tmp_path))
    process = await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE)
    assert process.stdout is not None
    assert await process.stdout.readline() == b"held\n"
    order = []
    once = Once(Recordings(), tmp_path)

    async def take(key: str) -> None:
        async with once.turn(key, Request("echo", {}, Who())):
            order.append(key)

    waiting = asyncio.create_task(take("k"))
    await take("another")
    order.append("released")
    await process.communicate(b"\n")
    await waiting
    assert order == ["another", "released", "k"]


@pytest.mark.parametrize("pays", [False, True])
async def test_an_answer_that_rests_on_what_may_not_be_seen_any_more_is_given_anew_or_not_at_all(
    tmp_path: Path, pays: bool
) -> None:
    visible = {"guide"}
    recordings, who = Recordings(), Who()
    once = Once(recordings, tmp_path, still_visible=lambda _, documents: frozenset(documents) & visible)
    found = Retrieved(passages=(Passage(document="guide", chunk="c", title="Guide", text="text"),))
    began = datetime.now(UTC)
    steps = [Step(key="r", effect=Retrieve(corpus="kb@v1", query="q"), result=found, ms=1, started_at=began)]
    if pays:
        steps.append(Step(key="c", effect=Call(name="pay"), result=Called(value=1), ms=1, started_at=began))
    async with once.turn("k", Request("echo", {}, who)) as turn:
        recording = Recording(
            id=turn.recording_id, feature="echo", release="r_1", input={}, outcome="ok", steps=tuple(steps), ms=1,
            started_at=began,
        )  # fmt: skip
        await recordings.add(recording)
    async with once.turn("k", Request("echo", {}, who)) as turn:
        assert turn.recorded == recording
    visible.clear()
    if pays:
        with pytest.raises(ReplayDiverged, match="'guide'"):
            async with once.turn("k", Request("echo", {}, who)):
                pass
    else:
        async with once.turn("k", Request("echo", {}, who)) as turn:
            assert turn.recorded is None
            assert turn.recording_id != recording.id
