from __future__ import annotations

import asyncio
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from tests.unit.server.double import SECRET, Double
from tests.unit.server.serving import Served, events, request, serving

from holdfast.contracts import Delta, Event, Reset
from holdfast.server.stream import Channel

STREAM = {"accept": "text/event-stream"}


async def test_a_stream_tells_steps_deltas_resets_and_then_what_the_answer_would_be(served: Served) -> None:
    response = await served.ask("talk", **STREAM)
    said = events(response.text)
    names = [name for name, _ in said]
    assert names[0] == "step"
    assert names[-1] == "done"
    assert said[0][1] == {"kind": "retrieve", "name": "help@v1", "ms": 2.0, "replayed": False}
    after_reset = said[names.index("reset") + 1 :]
    assert "".join(data["text"] for name, data in after_reset if name == "delta") == "good end\n\nevent: fake"
    assert said[-1][1]["output"] == {"text": "good end\n\nevent: fake"}
    assert said[-1][1]["recording_id"] == response.headers["holdfast-recording"]
    assert response.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert response.headers["cache-control"] == "no-cache"
    assert response.headers["x-accel-buffering"] == "no"


async def test_what_is_wrong_before_a_stream_begins_has_its_own_status(served: Served) -> None:
    assert (await served.ask("echo", {"body": 3}, **STREAM)).status_code == 422
    assert (await served.ask("ecco", **STREAM)).status_code == 404
    assert served.project.runs == []


async def test_a_failure_inside_a_stream_is_an_error_event_without_secrets(served: Served) -> None:
    for feature, body, code in (("failing", "HF302", "HF302"), ("blocked", "x", "HF400"), ("bug", "x", "HF999")):
        response = await served.ask(feature, {"body": body}, **STREAM)
        (name, said) = events(response.text)[-1]
        assert (response.status_code, name, said["code"]) == (200, "error", code)
        assert SECRET not in response.text


async def test_the_recording_is_kept_before_done_is_sent(served: Served) -> None:
    reader, writer = await served.raw(request("/v1/features/echo", **STREAM))
    await reader.readuntil(b"event: done")
    assert len(served.project.store.recordings.kept) == 1
    writer.close()


async def test_silence_is_broken_by_comments(tmp_path: Path) -> None:
    project = Double(tmp_path, silence_s=0.01)
    async with serving(project) as served:
        reader, writer = await served.raw(request("/v1/features/wait", **STREAM))
        await reader.readuntil(b": keep-alive\n\n")
        await reader.readuntil(b": keep-alive\n\n")
        project.go.set()
        await reader.readuntil(b"event: done")
        writer.close()


async def test_a_reader_that_does_not_read_does_not_hold_up_the_run(served: Served) -> None:
    reader, writer = await served.raw(request("/v1/features/flood", **STREAM))
    async with asyncio.timeout(10):
        await served.project.begun.wait()
        await served.project.store.recordings.added.wait()
        size = 0
        while b"event: done" not in (part := await reader.read(1 << 20)):
            size += len(part)
    assert size >= 19_000_000
    writer.close()


async def test_deltas_of_a_slow_reader_are_joined() -> None:
    channel = Channel()
    for _ in range(100):
        channel.hear(Delta("ab"))
    assert (await channel.take()).count(b"event: delta") == 1


@given(st.lists(st.one_of(st.text(max_size=5).map(Delta), st.text(max_size=5).map(Reset), st.none()), max_size=30))
def test_however_slowly_it_is_read_the_text_after_the_last_reset_is_the_same(script: list[Event | None]) -> None:
    """None in the script is the reader coming by."""

    async def read() -> tuple[str, list[str]]:
        channel, heard, text, resets = Channel(), "", "", []
        for event in [*script, None]:
            if event is None:
                if channel._waiting:
                    for name, data in events((await channel.take()).decode()):
                        if name == "reset":
                            text = ""
                            resets.append(data["reason"])
                        else:
                            text += data["text"]
                continue
            channel.hear(event)
            heard = "" if isinstance(event, Reset) else heard + event.text
        assert text == heard
        return text, resets

    _, resets = asyncio.run(read())
    assert resets == [event.reason for event in script if isinstance(event, Reset)]


async def test_a_closed_channel_gives_what_waits_and_then_nothing() -> None:
    channel = Channel()
    channel.hear(Delta("last"))
    channel.close()
    assert b"last" in await channel.take()
    assert await channel.take() == b""
