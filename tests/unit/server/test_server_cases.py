"""The routes that make a case: of a recording, and of the answer to what a diagnosis asks."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace
from tests.contract.test_store_diagnoses import diagnosis
from tests.unit.server.serving import Served

from holdfast.diagnosis import Reading
from holdfast.evals.cases import cases_file, read_cases
from holdfast.evaluation import Case
from holdfast.keys import new_key
from holdfast.records import Recording
from holdfast.testing import MemoryStore


def kept(served: Served) -> list[Case]:
    return list(read_cases(cases_file(served.project.config.folder, "echo"), lambda value: None))


async def recorded(served: Served) -> str:
    served.project.store.feedback = MemoryStore().feedback
    return str((await served.ask("echo")).json()["recording_id"])


async def make(served: Served, recording_id: str, body: Any = None, **how: Any) -> Any:
    return await served.http.post(f"/v1/recordings/{recording_id}/case", json=body, **how)


async def test_a_recording_becomes_a_case_in_the_features_file(served: Served) -> None:
    asked = await recorded(served)
    said = await make(served, asked, {"id": "hello", "tags": ["live"], "must_pass": True})
    assert said.status_code == 201
    case = Case(id="hello", input={"body": "hello"}, tags=("live",), must_pass=True, recording=asked)
    assert kept(served) == [case]
    assert said.json()["feature"] == "echo"
    assert said.json()["case"]["id"] == "hello"
    assert said.json()["notes"]


async def test_without_a_body_it_has_the_recordings_id_and_none_becomes_a_case_twice(served: Served) -> None:
    asked = await recorded(served)
    first = await served.http.post(f"/v1/recordings/{asked}/case")
    assert (first.status_code, first.json()["case"]["id"]) == (201, asked)
    again = await make(served, asked, {})
    assert (again.status_code, again.json()["code"]) == (409, "HF720")
    assert [case.id for case in kept(served)] == [asked]


async def test_what_cannot_be_a_case_is_a_problem(served: Served) -> None:
    asked = await recorded(served)
    assert (await make(served, "rec_none", {})).json()["code"] == "HF203"
    assert (await make(served, "%20", {})).status_code == 404
    assert (await make(served, asked, {"name": "x"})).json()["code"] == "HF701"
    assert (await make(served, asked, {"id": " "})).status_code == 422
    store = served.project.store
    recording: Recording = await store.recordings.get(asked)
    await store.recordings.add(replace(recording, id="rec_secret", input={"body": "[secret]"}))
    said = await make(served, "rec_secret", {})
    assert (said.status_code, said.json()["code"]) == (422, "HF721")
    file = cases_file(served.project.config.folder, "echo")
    file.parent.mkdir(exist_ok=True)
    file.write_text("{")
    said = await make(served, asked, {})
    assert (said.status_code, said.json()["code"]) == (422, "HF111")
    assert file.read_text() == "{"


@pytest.mark.parametrize(("scopes", "status"), [((), 403), (("promote",), 403), (("cases",), 201)])
async def test_a_key_needs_the_scope(served: Served, scopes: tuple[str, ...], status: int) -> None:
    asked = await recorded(served)
    key, text = new_key("desk", scopes)
    await served.project.store.keys.add(key)
    served.edge.access._stale_at = 0.0
    said = await make(served, asked, {}, headers={"authorization": f"Bearer {text}"})
    assert said.status_code == status


async def test_a_tenant_makes_no_case_of_anothers_recording(served: Served) -> None:
    asked = await recorded(served)
    key, text = new_key("acme", ("cases",), tenant="acme")
    await served.project.store.keys.add(key)
    served.edge.access._stale_at = 0.0
    said = await make(served, asked, {}, headers={"authorization": f"Bearer {text}"})
    assert said.json()["code"] == "HF203"


RULE = "Say it in lower case."


async def asking(served: Served, **fields: Any) -> tuple[str, str]:
    """A diagnosis that asks which of two readings is right, and its recording."""
    asked = await recorded(served)
    store = MemoryStore()
    await store.recordings.add(await served.project.store.recordings.get(asked))
    readings = (Reading(text="bye"), Reading(text="hello"))
    one = diagnosis(asked, verdict="task", readings=readings, question="Which?", **fields)
    await store.diagnoses.add(one)
    served.project.store.diagnoses = store.diagnoses
    return one.id, asked


async def answer(served: Served, diagnosis_id: str, body: Any, **how: Any) -> Any:
    return await served.http.post(f"/v1/diagnoses/{diagnosis_id}/answer", json=body, **how)


async def test_the_answer_to_a_diagnosis_becomes_a_case_and_a_rule_once(served: Served) -> None:
    one, asked = await asking(served)
    files = {"case": asked, "file": "evals/echo.jsonl", "rules_file": "evals/echo.rules.md"}
    for _ in range(2):
        said = await answer(served, one, {"right": "neither", "expected": "good day", "rule": RULE})
        assert (said.status_code, said.json()) == (200, files)
    (case,) = kept(served)
    assert (case.id, case.expected, case.rule) == (asked, "good day", RULE)
    assert (served.project.config.folder / files["rules_file"]).read_text().count(RULE) == 1
    noted = (await served.http.get(f"/v1/diagnoses/{one}")).json()["decided"]
    assert noted["decision"] == {"right": "neither", "rule": RULE, "expected": "good day", "by": "localhost"}


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"right": "both", "rule": RULE}, "HF701"),
        ({"right": "expected", "rule": ""}, "HF701"),
        ({"right": "expected"}, "HF701"),
        ({"right": "neither", "rule": RULE}, "HF750"),
        ({"right": "expected", "rule": " "}, "HF750"),
    ],
)
async def test_an_answer_that_does_not_say_what_is_right_is_refused(served: Served, body: Any, code: str) -> None:
    one, _ = await asking(served)
    said = await answer(served, one, body)
    assert (said.status_code, said.json()["code"]) == (422, code)
    assert kept(served) == []


async def test_what_no_diagnosis_asks_cannot_be_answered(served: Served) -> None:
    one, _ = await asking(served)
    await served.project.store.diagnoses.add(replace(await served.project.store.diagnoses.get(one), id="dg_2",
                                                     question=None))  # fmt: skip
    said = await answer(served, "dg_2", {"right": "expected", "rule": RULE})
    assert (said.status_code, said.json()["code"]) == (422, "HF750")
    for missing in ("dg_none", "%20"):
        said = await answer(served, missing, {"right": "expected", "rule": RULE})
        assert (said.status_code, said.json()["code"]) == (404, "HF214")


@pytest.mark.parametrize(("scopes", "status"), [((), 403), (("promote",), 403), (("cases",), 200)])
async def test_a_key_needs_the_scope_to_answer(served: Served, scopes: tuple[str, ...], status: int) -> None:
    one, _ = await asking(served)
    key, text = new_key("desk", scopes)
    await served.project.store.keys.add(key)
    served.edge.access._stale_at = 0.0
    headers = {"authorization": f"Bearer {text}"}
    said = await answer(served, one, {"right": "expected", "rule": RULE}, headers=headers)
    assert said.status_code == status
