"""What the routes of certificates give."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace
from tests.contract.test_store_certificates import certificate
from tests.unit.server.serving import Served

from holdfast.judgement import Interval


async def test_certificates_are_paged_newest_first_and_narrowed_by_scorer(served: Served) -> None:
    for number in range(4):
        scorer = "fair" if number == 2 else "tone"
        await served.project.store.certificates.add(certificate(number, scorer=scorer))
    seen: list[str] = []
    query = {"limit": "2", "scorer": "tone"}
    while True:
        page = (await served.http.get("/v1/certificates", params=query)).json()
        seen += [each["id"] for each in page["certificates"]]
        if page["next"] is None:
            break
        query["before"] = page["next"]
    assert seen == ["cert_003", "cert_001", "cert_000"]


async def test_one_certificate_says_how_far_a_judge_agrees_with_people(served: Served) -> None:
    await served.project.store.certificates.add(certificate(1))
    said = (await served.http.get("/v1/certificates/cert_001")).json()
    assert said["kappa"] == {"estimate": 0.7, "low": 0.4, "high": 0.9}
    assert said["bad_passed"] == 2


@pytest.mark.parametrize(
    ("low", "days", "why"),
    [(0.8, 9, ""), (0.7, 9, "does not reach 0.75"), (None, 9, "does not reach 0.75"), (0.8, -1, "it expired on")],
)
async def test_a_certificate_says_whether_its_judge_may_gate_now(
    served: Served, low: float | None, days: int, why: str
) -> None:
    until = datetime.now(UTC) + timedelta(days=days)
    kept = replace(certificate(1), balanced=Interval(0.9, low, 0.95), expires_at=until)
    await served.project.store.certificates.add(kept)
    one = (await served.http.get("/v1/certificates/cert_001")).json()
    (listed,) = (await served.http.get("/v1/certificates")).json()["certificates"]
    assert one == listed
    assert one["gates"] is (why == "")
    assert why in one["why"]


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/v1/certificates/cert_none", 404, "HF213"),
        ("/v1/certificates/%20", 404, "HF213"),
        ("/v1/certificates?before=cert_none", 404, "HF213"),
        ("/v1/certificates?limit=0", 422, "HF709"),
    ],
)
async def test_a_certificate_that_is_not_there_is_a_problem(served: Served, path: str, status: int, code: str) -> None:
    response = await served.http.get(path)
    assert (response.status_code, response.json()["code"]) == (status, code)


async def test_a_tenant_never_sees_the_certificates_of_another(served: Served) -> None:
    await served.project.store.certificates.add(certificate(1, tenant="acme"))
    assert (await served.http.get("/v1/certificates")).json()["certificates"] == []
    assert (await served.http.get("/v1/certificates/cert_001")).status_code == 404


async def test_the_routes_of_certificates_are_described(served: Served) -> None:
    said = (await served.http.get("/openapi.json")).json()
    assert {"/v1/certificates", "/v1/certificates/{certificate_id}"} <= set(said["paths"])
    assert "kappa" in said["components"]["schemas"]["Certificate"]["properties"]
