from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from tests.unit.server.double import Double
from tests.unit.server.serving import Served, events, refused, serving

STREAM = {"accept": "text/event-stream"}


async def test_a_server_that_shuts_down_takes_nothing_new_but_says_that_it_lives(served: Served) -> None:
    served.edge.flight.close()
    ready = await served.http.get("/readyz")
    assert (ready.status_code, ready.json()["code"], ready.headers["retry-after"]) == (503, "HF706", "1")
    assert (await served.http.get("/livez")).status_code == 200
    for response in (await served.ask("echo"), await served.ask("echo", **STREAM), await served.http.get("/")):
        assert (response.status_code, response.json()["code"]) == (503, "HF706")
    assert served.project.runs == []


@pytest.mark.parametrize("accept", ["application/json", "text/event-stream"])
async def test_open_requests_finish_while_no_new_connection_is_taken(tmp_path: Path, accept: str) -> None:
    async with serving(Double(tmp_path)) as served:
        asking = asyncio.create_task(served.ask("wait", accept=accept))
        await served.project.begun.wait()
        served.listener.should_exit = True
        await refused(served.port)
        served.project.go.set()
        assert "waited" in (await asking).text


async def test_a_request_that_takes_too_long_is_ended_recorded_and_told_so(tmp_path: Path) -> None:
    project = Double(tmp_path, shutdown_s=0.05)
    async with serving(project) as served:
        whole = asyncio.create_task(served.ask("wait"))
        await project.begun.wait()
        project.begun.clear()
        streamed = asyncio.create_task(served.ask("wait", **STREAM))
        await project.begun.wait()
        served.listener.should_exit = True
        response, stream = await whole, await streamed
    assert (response.status_code, response.json()["code"]) == (503, "HF706")
    name, said = events(stream.text)[-1]
    assert (name, said["code"]) == ("error", "HF706")
    ids = {response.json()["recording_id"], said["recording_id"]}
    assert ids == {recording_id for _, recording_id in project.store.recordings.kept}
    assert {recording.outcome for recording in project.store.recordings.kept.values()} == {"cancelled"}


async def test_a_connection_that_comes_in_at_the_last_moment_does_not_hold_up_the_end(tmp_path: Path) -> None:
    class Late:
        def shutdown(self) -> None:
            served.listener.server_state.connections.discard(self)  # type: ignore[arg-type]

    began = asyncio.get_running_loop().time()
    async with serving(Double(tmp_path)) as served:
        asking = asyncio.create_task(served.ask("wait"))
        await served.project.begun.wait()
        served.listener.should_exit = True
        await refused(served.port)
        served.listener.server_state.connections.add(Late())  # type: ignore[arg-type]
        served.project.go.set()
        assert (await asking).status_code == 200
    assert asyncio.get_running_loop().time() - began < served.project.config.server.shutdown_s
