"""Diagnoses over HTTP: each tenant asks for and sees its own, and what is asked is kept as a job."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.contract.store_samples import NOW
from tests.contract.test_store_diagnoses import diagnosis
from tests.journeys.http_project import written
from tests.unit.server.serving import Served, serving

from holdfast.app import open_project
from holdfast.diagnosis import Decided, Decision
from holdfast.keys import ACT_AS, new_key


@pytest.fixture
async def served(tmp_path: Path) -> AsyncIterator[Served]:
    project = await open_project(written(tmp_path), environ={})
    async with serving(project) as it:
        yield it
    await project.close()


async def keys(served: Served) -> dict[str, dict[str, str]]:
    """A header for each of two tenants."""
    headers = {}
    for tenant in ("red", "blue"):
        key, text = new_key(tenant, tenant=tenant)
        await served.project.store.keys.add(key)
        headers[tenant] = {"authorization": f"Bearer {text}"}
    served.edge.access._stale_at = float("-inf")
    return headers


async def test_a_tenant_sees_no_diagnosis_of_another_and_asks_for_none(served: Served) -> None:
    headers = await keys(served)
    of = (await served.ask("shout", **headers["red"])).json()["recording_id"]
    one = diagnosis(of, tenant="red", feature="shout")
    await served.project.store.diagnoses.add(one)
    for tenant, seen in (("red", [one.id]), ("blue", [])):
        listed = (await served.http.get("/v1/diagnoses", headers=headers[tenant])).json()["diagnoses"]
        assert [each["id"] for each in listed] == seen
        shown = await served.http.get(f"/v1/diagnoses/{one.id}", headers=headers[tenant])
        assert shown.status_code == (200 if seen else 404)
        asked = await served.http.post(f"/v1/recordings/{of}/diagnose", headers=headers[tenant])
        assert asked.status_code == (202 if seen else 404)
    assert (await served.http.get("/v1/diagnoses")).status_code == 401
    assert (await served.http.post(f"/v1/recordings/{of}/diagnose")).status_code == 401
    (job,) = await served.project.store.jobs.unfinished()
    assert (job.kind, job.tenant) == ("diagnosis", "red")


async def test_who_sees_less_than_whom_it_is_about_sees_a_verdict_without_documents(tmp_path: Path) -> None:
    folder = written(tmp_path)
    with (folder / "holdfast.toml").open("a") as file:
        file.write('\n[server.groups]\nada = ["staff"]\n')
    project = await open_project(folder, environ={})
    try:
        hers = await project.run("shout", {"body": "hello"}, who=project.who("ada"))
        one = diagnosis(hers.id, feature="shout", because=("it stands in secret.md",), question="Which?",
                         decided=Decided(decision=Decision(right="neither", rule="As secret.md says.", expected="no"),
                                         at=NOW, case="c", file="f", rules_file="r"))  # fmt: skip
        await project.store.diagnoses.add(one)
        headers = {}
        for name, scopes in (("ben", ()), ("ada", ()), ("boss", (ACT_AS,))):
            key, text = new_key(name, scopes=scopes)
            await project.store.keys.add(key)
            headers[name] = {"authorization": f"Bearer {text}"}
        async with serving(project) as served:
            for name, status in (("ben", 403), ("ada", 200), ("boss", 200)):
                shown = await served.http.get(f"/v1/diagnoses/{one.id}", headers=headers[name])
                assert (shown.status_code, "secret.md" in shown.text) == (status, status == 200)
                page = await served.http.get("/v1/diagnoses", headers=headers[name])
                assert ("secret.md" in page.text) == (name == "boss")
                (listed,) = page.json()["diagnoses"]
                assert (listed["verdict"], listed["because"]) == ("ranking", [*one.because] if name == "boss" else [])
            asked = await served.http.post(f"/v1/recordings/{hers.id}/diagnose", headers=headers["ben"])
            assert (asked.status_code, asked.json()["code"]) == (403, "HF704")
    finally:
        await project.close()


async def test_a_diagnosis_is_said_in_a_line_and_what_was_tried_has_its_interval(served: Served) -> None:
    of = (await served.ask("shout")).json()["recording_id"]
    one = diagnosis(of, probability=0.93, probabilities={"ranking": 0.93, "prompt": 0.07})
    await served.project.store.diagnoses.add(one)
    shown = (await served.http.get(f"/v1/diagnoses/{one.id}")).json()
    assert shown["said"] == "Ranking, 93% (ranking 93, prompt 7): it is found, and does not get into the prompt"
    (again,) = shown["tried"]
    assert (again["share"]["low"], round(again["share"]["high"], 2)) == (0, 0.57)
    assert (await served.http.get("/v1/diagnoses")).json()["diagnoses"] == [shown]


async def test_lists_are_narrowed_page_by_page_and_a_mistake_is_refused(served: Served) -> None:
    of = (await served.ask("shout")).json()["recording_id"]
    for number, verdict in enumerate(("data", "ranking", "ranking")):
        await served.project.store.diagnoses.add(diagnosis(of, id=f"dg_{number}", verdict=verdict))
    page = (await served.http.get("/v1/diagnoses", params={"verdict": "ranking", "limit": 1})).json()
    assert ([each["id"] for each in page["diagnoses"]], page["next"]) == (["dg_2"], "dg_2")
    rest = (await served.http.get("/v1/diagnoses", params={"verdict": "ranking", "before": "dg_2"})).json()
    assert ([each["id"] for each in rest["diagnoses"]], rest["next"]) == (["dg_1"], None)
    assert page["counts"] == {"data": 1, "ranking": 2}
    none = (await served.http.get("/v1/diagnoses", params={"feature": "shout"})).json()
    assert (none["diagnoses"], none["counts"]) == ([], {})
    assert (await served.http.get("/v1/diagnoses", params={"verdict": "luck"})).json()["code"] == "HF709"
    assert (await served.http.get("/v1/diagnoses/no%20id")).json()["code"] == "HF214"
    wrong = await served.http.post(f"/v1/recordings/{of}/diagnose", json={"max_cost_usd": -1})
    assert (wrong.status_code, wrong.json()["code"]) == (422, "HF701")
