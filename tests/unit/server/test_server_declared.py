from __future__ import annotations

import re
from typing import Any, get_args

import pytest
from msgspec.structs import replace
from tests.unit.server.double import AT
from tests.unit.server.serving import Served

from holdfast.gateway.health_report import HealthReport, RouteHealth
from holdfast.runtime.tape import KINDS
from holdfast.server.declared import Kind
from holdfast.server.meter import Meter
from holdfast.server.vendor_metrics import vendor_lines


async def test_features_are_listed_with_their_schemas_and_bars(served: Served) -> None:
    said = (await served.http.get("/v1/features")).json()["features"]
    assert [feature["name"] for feature in said] == list(served.project.features)
    assert said[0]["input"]["required"] == ["body"]
    assert said[0]["bar"] == {"grounded": 0.9}


async def test_recordings_are_paged_newest_first(served: Served) -> None:
    ids = [(await served.ask("echo")).json()["recording_id"] for _ in range(5)]
    seen: list[str] = []
    query = {"limit": "2"}
    while True:
        page = (await served.http.get("/v1/recordings", params=query)).json()
        seen += [recording["id"] for recording in page["recordings"]]
        if page["next"] is None:
            break
        query = {"limit": "2", "before": page["next"]}
    assert seen == ids[::-1]


async def test_recordings_are_narrowed_by_every_filter(served: Served) -> None:
    await served.ask("echo", holdfast_subject="ana")
    await served.ask("blocked")

    async def count(**only: str) -> int:
        return len((await served.http.get("/v1/recordings", params=only)).json()["recordings"])

    assert await count() == 2
    assert await count(feature="echo") == 1
    assert await count(outcome="blocked") == 1
    assert await count(subject="ana") == 1
    assert await count(release="r_2") == 0
    assert await count(text="HELLO") == 2
    assert await count(text="nowhere") == 0
    assert await count(since="2026-03-01") == 2
    assert await count(since="2026-03-01T00:00:01Z") == 0
    assert await count(until="2026-03-01T01:00:00+02:00") == 0


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=201",
        "limit=x",
        "outcome=good",
        "since=yesterday",
        "nope=1",
        "feature=%00",
        f"text={'x' * 201}",
        "before=%20",
    ],
)
async def test_a_wrong_filter_is_named(served: Served, query: str) -> None:
    response = await served.http.get(f"/v1/recordings?{query}")
    assert (response.status_code, response.json()["code"]) == (422, "HF709")
    assert f"query.{query.partition('=')[0]}:" in response.json()["detail"]


async def test_a_recording_is_given_whole(served: Served) -> None:
    recording_id = (await served.ask("failing", {"body": "HF306"})).headers["holdfast-recording"]
    response = await served.http.get(f"/v1/recordings/{recording_id}")
    assert response.headers["holdfast-recording"] == recording_id
    assert response.json()["steps"][0]["effect"] == {"kind": "call", "name": "refund"}
    missing = await served.http.get("/v1/recordings/rec_nope")
    assert (missing.status_code, missing.json()["code"]) == (404, "HF203")


async def test_a_replay_takes_changes_and_gives_what_was_remembered(served: Served) -> None:
    recording_id = (await served.ask("echo")).json()["recording_id"]
    asked = {"changes": {"answer.models": "extractive"}, "fresh": ["generate"], "strict": True}
    response = await served.http.post(f"/v1/recordings/{recording_id}/replay", json=asked)
    said = response.json()
    assert set(said) == {"recording", "remembered", "redone", "code_changed", "diff"}
    assert (said["remembered"], said["redone"], said["recording"]["id"]) == (2, 1, recording_id)
    assert served.project.replays == [({"answer.models": "extractive"}, ("generate",), True)]
    assert (await served.http.post(f"/v1/recordings/{recording_id}/replay", json={})).status_code == 200


@pytest.mark.parametrize(
    ("asked", "named"),
    [
        ({"fresh": ["everything"]}, "fresh"),
        ({"strict": "yes"}, "strict"),
        ({"change": {}}, "change"),
        ([], "object"),
        ({"changes": {"answer.nope": 1}}, "answer"),
    ],
)
async def test_a_wrong_replay_is_refused_naming_the_field(served: Served, asked: Any, named: str) -> None:
    recording_id = (await served.ask("echo")).json()["recording_id"]
    response = await served.http.post(f"/v1/recordings/{recording_id}/replay", json=asked)
    assert (response.status_code, response.json()["code"]) == (422, "HF701")
    assert named in response.json()["detail"]


async def test_feedback_is_kept_with_its_subject(served: Served) -> None:
    recording_id = (await served.ask("echo")).json()["recording_id"]
    given = {"recording_id": recording_id, "score": -1, "comment": "no", "correction": {"text": "yes"}}
    response = await served.http.post("/v1/feedback", json=given, headers={"holdfast-subject": "ana"})
    assert response.status_code == 201
    (kept,) = served.project.rated
    assert (kept.score, kept.comment, kept.correction, kept.subject) == (-1, "no", {"text": "yes"}, "ana")
    assert response.json()["id"] == kept.id
    assert (await served.http.post("/v1/feedback", json={"recording_id": "rec_x", "label": "a"})).status_code == 404


@pytest.mark.parametrize(
    "wrong",
    [{}, {"score": 2}, {"score": True}, {"label": 1}, {"comment": "\0"}, {"stars": 5}, {"recording_id": "a b"}],
)
async def test_feedback_that_says_nothing_or_something_else_is_refused(served: Served, wrong: dict[str, Any]) -> None:
    response = await served.http.post("/v1/feedback", json={"recording_id": "rec_1", **wrong})
    assert (response.status_code, response.json()["code"]) == (422, "HF701")


async def test_a_route_or_method_that_is_not_there_says_what_is(served: Served) -> None:
    missing = await served.http.get("/v1/recording")
    assert (missing.status_code, missing.json()["code"]) == (404, "HF708")
    assert "did you mean '/v1/recordings'?" in missing.json()["fix"]
    for method, path, allowed in (
        ("DELETE", "/v1/recordings", "GET"),
        ("GET", "/v1/features/echo", "POST"),
        ("GET", "/v1/feedback", "POST"),
        ("POST", "/", "GET"),
        ("POST", "/livez", "GET"),
        ("HEAD", "/v1/feedback", "POST"),
    ):
        response = await served.http.request(method, path)
        assert (response.status_code, response.headers["allow"]) == (405, allowed)
        assert response.headers["content-type"] == "application/problem+json"
    assert (await served.http.get("/v1/recordings/")).status_code == 404


async def test_head_is_get_without_the_body(served: Served) -> None:
    for path in ("/", "/livez", "/readyz", "/v1/features", "/openapi.json"):
        response = await served.http.head(path)
        assert (response.status_code, response.content) == (200, b"")
        assert response.headers["content-length"] == (await served.http.get(path)).headers["content-length"]


async def test_health_says_when_the_database_does_not_answer(served: Served) -> None:
    served.project.store.down = True
    assert (await served.http.get("/livez")).status_code == 200
    ready = await served.http.get("/readyz")
    assert (ready.status_code, ready.json()["code"]) == (503, "HF600")


async def test_metrics_count_every_outcome_and_what_is_in_flight(served: Served) -> None:
    for feature in ("echo", "echo", "blocked"):
        await served.ask(feature)
    await served.ask("talk", accept="text/event-stream")
    text = (await served.http.get("/metrics")).text
    assert 'holdfast_requests_total{feature="echo",outcome="ok"} 2' in text
    assert 'holdfast_requests_total{feature="blocked",outcome="blocked"} 1' in text
    assert 'holdfast_requests_total{feature="talk",outcome="ok"} 1' in text
    assert 'holdfast_request_seconds_bucket{feature="echo",le="+Inf"} 2' in text
    assert "holdfast_requests_in_flight 0" in text
    line = re.compile(r'^(# TYPE \w+ \w+|\w+(\{(\w+="[^"]*",?)+\})? [0-9.]+)$')
    assert all(line.match(each) for each in text.splitlines())


async def test_metrics_say_how_the_routes_to_vendors_stand() -> None:
    route = RouteHealth(
        provider="main",
        model='m"1',
        key=1,
        state="open",
        rest_ms=4_000,
        asked=7,
        answered=2,
        faults={"server_error": 5},
        p50_ms=120.0,
        p95_ms=250.0,
        p99_ms=900.0,
        swapped=1,
    )
    text = "\n".join(vendor_lines(HealthReport(routes=(route,), retries_left=9, hedges_left=0)))
    named = 'provider="main",model="m\\"1",key="1"'
    assert f'holdfast_vendor_calls_total{{{named},outcome="server_error"}} 5' in text
    assert f'holdfast_vendor_state{{{named},state="open"}} 1' in text
    assert f"holdfast_vendor_rest_seconds{{{named}}} 4.000" in text
    assert f'holdfast_vendor_first_token_seconds{{{named},quantile="0.95"}} 0.250000' in text
    assert "holdfast_vendor_retries_left 9" in text


async def test_buckets_are_cumulative_and_names_are_escaped(served: Served) -> None:
    recording = served.project.store.recordings.kept[("", (await served.ask("echo")).json()["recording_id"])]
    meter = Meter()
    for ms in (1.0, 5.0, 700.0, 90_000.0):
        meter.note(replace(recording, feature='a"b\\c', ms=ms, started_at=AT))
    text = meter.text(0, HealthReport(routes=(), retries_left=10, hedges_left=1)).decode()
    assert 'le="0.005"} 2' in text
    assert 'le="1.0"} 3' in text
    assert 'le="60.0"} 3' in text
    assert 'holdfast_request_seconds_count{feature="a\\"b\\\\c"} 4' in text


async def test_the_openapi_document_has_each_feature_and_every_reference_resolves(served: Served) -> None:
    said = (await served.http.get("/openapi.json")).json()
    assert said["openapi"].startswith("3.1")
    operation = said["paths"]["/v1/features/echo"]["post"]
    assert operation["requestBody"]["content"]["application/json"]["schema"]["required"] == ["body"]
    routes = {(path, method.upper()) for path, methods in said["paths"].items() for method in methods}
    assert {("/v1/recordings/{recording_id}/replay", "POST"), ("/v1/feedback", "POST"), ("/metrics", "GET")} <= routes

    def references(part: Any) -> list[str]:
        if isinstance(part, dict):
            own = [part["$ref"]] if isinstance(part.get("$ref"), str) else []
            return own + [found for value in part.values() for found in references(value)]
        return [found for value in part for found in references(value)] if isinstance(part, list) else []

    found = references(said)
    assert "#/components/schemas/echo.output.Part" in found
    for reference in found:
        assert reference.startswith("#/components/schemas/")
        assert reference.rpartition("/")[2] in said["components"]["schemas"]


async def test_the_page_carries_all_it_needs_and_its_policy_allows_nothing_else(served: Served) -> None:
    response = await served.http.get("/")
    policy = response.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "connect-src 'self'" in policy
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert '<html lang="en">' in response.text
    assert 'name="viewport"' in response.text
    assert "prefers-color-scheme: dark" in response.text
    assert not re.findall(r'(?:src|href)="(?:https?:)?//', response.text)
    assert not re.findall(r"\son\w+=|style=", response.text)


def test_the_kinds_a_replay_may_do_afresh_are_the_tapes() -> None:
    assert get_args(Kind) == KINDS


async def test_a_request_to_become_a_web_socket_is_answered_as_an_ordinary_one(served: Served) -> None:
    upgrade = {"connection": "upgrade", "upgrade": "websocket", "sec-websocket-key": "x", "sec-websocket-version": "13"}
    response = await served.http.get("/v1/features", headers=upgrade)
    assert response.status_code == 200


async def test_no_two_values_of_the_api_share_a_name(served: Served) -> None:
    """Two structs of one name are told apart by their modules, and then every client's types change their names.

    Those of the vendors' dialects may be named like one of ours: only documents read them.
    """
    components = (await served.http.get("/openapi.json")).json()["components"]["schemas"]
    own = [name for name in components if name.startswith("holdfast.") and ".dialects." not in name]
    assert len({name.rpartition(".")[2] for name in own}) == len(own)
