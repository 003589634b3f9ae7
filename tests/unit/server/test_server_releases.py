"""Releases over HTTP: who may change what answers, and how a request names the release it wants."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.journeys.http_project import written
from tests.unit.server.serving import Served, events, serving

from holdfast.app import open_project
from holdfast.keys import new_key


@pytest.fixture
async def served(tmp_path: Path) -> AsyncIterator[Served]:
    project = await open_project(written(tmp_path, "[guards.grounded]\non_fail = 'block'"), environ={})
    async with serving(project) as it:
        yield it
    await project.close()


async def post(served: Served, path: str, body: Any = None, **headers: str) -> httpx.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return await served.http.post(f"/v1/releases{path}", json=body, headers=named)


def changed(served: Served, on_fail: str) -> None:
    """The working tree's guard, as a team would change it in holdfast.toml."""
    tree = served.project._tree
    tree._changes = {"grounded.on_fail": on_fail}
    tree._release = None


async def test_a_release_is_created_promoted_compared_and_rolled_back(served: Served) -> None:
    created = await post(served, "", {"name": "spring"})
    assert (created.status_code, created.json()["name"]) == (201, "spring")
    assert (await post(served, "", {"name": "spring"})).status_code == 200
    changed(served, "flag")
    taken = await post(served, "", {"name": "spring"})
    assert (taken.status_code, taken.json()["code"]) == (409, "HF710")
    difference = (await served.http.get("/v1/releases/spring/diff/working")).json()
    assert difference["words"] == ["grounded.on_fail: block -> flag"]
    assert difference["changes"] == [
        {"kind": "setting", "name": "grounded.on_fail", "before": "block", "after": "flag"}
    ]
    promoted = (await post(served, "/spring/promote")).json()
    assert (promoted["live"], promoted["before"], promoted["code_changed"]) == ("spring", "working", [])
    answer = (await served.ask("shout")).json()
    assert answer["release"] == created.json()["id"]
    listed = (await served.http.get("/v1/releases")).json()
    assert [(each["name"], each["live"]) for each in listed["releases"]] == [("working", False), ("spring", True)]
    assert [(each["release"], each["by"]) for each in listed["promotions"]] == [("spring", "localhost")]
    shown = (await served.http.get("/v1/releases/spring")).json()
    assert shown["release"]["slots"]["grounded"]["on_fail"] == "block"
    assert set(shown["features"]) == {"shout", "pay", "wait", "fail"}
    assert (await post(served, "/rollback")).json()["live"] == "working"
    assert (await served.ask("shout")).json()["release"] != created.json()["id"]
    assert (await post(served, "/rollback")).status_code == 404


async def test_a_release_is_created_with_a_change_that_the_working_tree_has_not(served: Served) -> None:
    created = await post(served, "", {"name": "tried", "set": {"grounded.on_fail": "flag"}})
    assert created.status_code == 201
    difference = (await served.http.get("/v1/releases/working/diff/tried")).json()
    assert difference["words"] == ["grounded.on_fail: block -> flag"]
    refused = await post(served, "", {"set": {"nowhere.k": 3}})
    assert (refused.status_code, refused.json()["code"]) == (422, "HF701")


async def test_a_request_may_name_its_release_by_name_or_id_or_the_working_tree(served: Served) -> None:
    spring = (await post(served, "", {"name": "spring"})).json()["id"]
    changed(served, "flag")
    await post(served, "/spring/promote")
    for named in ("spring", spring):
        assert (await served.ask("shout", holdfast_release=named)).json()["release"] == spring
    working = (await served.ask("shout", holdfast_release="working")).json()["release"]
    assert working != spring
    stream = await served.ask("shout", holdfast_release="working", accept="text/event-stream")
    assert events(stream.text)[-1][1]["release"] == working
    unknown = await served.ask("shout", holdfast_release="sprign", accept="text/event-stream")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "HF204")
    assert "did you mean 'spring'" in unknown.json()["fix"]


async def test_the_same_idempotency_key_for_another_release_is_another_request(served: Served) -> None:
    await post(served, "", {"name": "spring"})
    changed(served, "flag")
    first = await served.ask("shout", holdfast_release="spring", idempotency_key="k")
    assert (await served.ask("shout", holdfast_release="spring", idempotency_key="k")).json() == first.json()
    assert (await served.ask("shout", idempotency_key="k")).json() == first.json()
    other = await served.ask("shout", holdfast_release="working", idempotency_key="k")
    assert (other.status_code, other.json()["code"]) == (409, "HF707")


async def test_with_keys_naming_a_release_and_changing_what_answers_each_need_a_scope(served: Served) -> None:
    texts = {}
    for name, scopes in (("plain", ()), ("tester", ("release",)), ("operator", ("promote",))):
        key, texts[name] = new_key(name, scopes)
        await served.project.store.keys.add(key)
    served.edge.access._stale_at = float("-inf")
    bearer = {name: {"authorization": f"Bearer {text}"} for name, text in texts.items()}
    assert (await post(served, "", {"name": "spring"}, **bearer["operator"])).status_code == 201
    assert (await post(served, "/spring/promote", **bearer["operator"])).json()["promotion"]["by"] == "operator"
    for name in ("plain", "tester"):
        for path in ("", "/spring/promote", "/rollback"):
            refused = await post(served, path, {"name": "x"}, **bearer[name])
            assert (refused.status_code, refused.json()["code"]) == (403, "HF704")
            assert "--scope promote" in refused.json()["fix"]
    statuses = {
        name: (await served.ask("shout", holdfast_release="spring", **header)).status_code
        for name, header in bearer.items()
    }
    assert statuses == {"plain": 403, "tester": 200, "operator": 403}
    assert (await served.ask("shout", **bearer["plain"])).status_code == 200
    assert (await served.http.get("/v1/releases", headers=bearer["plain"])).status_code == 200


async def test_what_cannot_be_taken_says_what_to_send(served: Served) -> None:
    for body, status, code in (
        ({"name": "Not A Name"}, 400, "HF709"),
        ({"nme": "spring"}, 422, "HF701"),
        ({"latest": ["kb"]}, 404, "HF202"),
    ):
        refused = await post(served, "", body)
        assert (refused.status_code, refused.json()["code"]) == (status, code)
    assert (await post(served, "/nowhere/promote")).json()["code"] == "HF204"
    assert (await served.http.get("/v1/releases/nowhere")).status_code == 404
    assert (await served.http.delete("/v1/releases/nowhere")).status_code == 405
