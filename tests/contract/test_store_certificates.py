"""Certificates, in every store. Knows nothing of how a judge is measured."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace
from tests.contract.store_samples import NOW, SECRET

from holdfast.errors import NotFound
from holdfast.judgement import Certificate, Disagreement, Interval
from holdfast.stores import CertificateQuery, Store


def certificate(number: int, **fields: Any) -> Certificate:
    values = {
        "feature": "answer", "scorer": "tone", "judge": "j", "code_hash": "c", "labels": "l", "made_at": NOW,
        "expires_at": NOW, "good_passed": 8, "good_failed": 1, "bad_passed": 2, "bad_failed": 9,
        "kappa": Interval(0.7, 0.4, 0.9), "sensitivity": None, "specificity": Interval(0.8, None, 1.0),
        "balanced": Interval(0.85, 0.7, 0.95),
    }  # fmt: skip
    return Certificate(id=f"cert_{number:03d}", **values | fields)


async def test_a_certificate_comes_back_as_it_was_and_never_changes(store: Store) -> None:
    said = Disagreement(item="rec_1", people=True, judge=False, reason="ü")
    kept = certificate(1, disagreements=(said,), people=Interval(0.6, 0.2, 0.9), overlap=4, spent_usd=None)
    await store.certificates.add(kept)
    await store.certificates.add(replace(kept, good_passed=99))
    assert await store.certificates.get(kept.id) == kept
    assert kept.n == 20


async def test_certificates_are_listed_newest_first_in_pages_of_their_judge_and_tenant(store: Store) -> None:
    for number in (2, 0, 3, 1):
        scorer = "fair" if number == 3 else "tone"
        await store.certificates.add(certificate(number, scorer=scorer, feature="sort" if number == 0 else "answer"))
    await store.certificates.add(certificate(9, tenant="acme"))

    async def ids(**query: Any) -> list[str]:
        return [each.id for each in await store.certificates.find(CertificateQuery(**query))]

    assert await ids() == ["cert_003", "cert_002", "cert_001", "cert_000"]
    assert await ids(scorer="tone", limit=2) == ["cert_002", "cert_001"]
    assert await ids(feature="sort") == ["cert_000"]
    assert await ids(before="cert_002") == ["cert_001", "cert_000"]
    assert await ids(tenant="acme") == ["cert_009"]


async def test_another_tenant_s_certificate_is_not_there(store: Store) -> None:
    await store.certificates.add(certificate(1, tenant="acme"))
    for asked in (store.certificates.get("cert_001"), store.certificates.find(CertificateQuery(before="cert_001"))):
        with pytest.raises(NotFound, match="HF213"):
            await asked


async def test_a_secret_that_a_judge_repeats_is_not_kept(store: Store) -> None:
    said = Disagreement(item="rec_1", people=True, judge=False, reason=f"it says {SECRET}")
    await store.certificates.add(certificate(1, disagreements=(said,)))
    assert (await store.certificates.get("cert_001")).disagreements[0].reason == "it says [secret]"
