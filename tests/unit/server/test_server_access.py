from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from tests.unit.server.double import Double
from tests.unit.server.serving import Served, serving

from holdfast.errors import Misconfigured
from holdfast.keys import ACT_AS, id_in, new_key, opens
from holdfast.runtime.who import Who
from holdfast.server import Access
from holdfast.server.access import FRESH_S, is_loopback


def test_a_new_key_opens_with_its_text_alone() -> None:
    key, text = new_key("crm", [ACT_AS])
    assert text.startswith(f"hf_{key.id}_")
    assert id_in(text) == key.id
    assert opens(key, text)
    assert not opens(key, text[:-1] + ("0" if text[-1] != "0" else "1"))
    assert not opens(replace(key, revoked_at=datetime.now(UTC)), text)
    assert text.rpartition("_")[2] not in repr(key)
    assert new_key("crm")[1] != text


def test_a_key_with_a_scope_that_does_not_exist_is_not_made() -> None:
    with pytest.raises(Misconfigured, match="did you mean 'act-as'"):
        new_key("crm", ["act_as"])
    with pytest.raises(Misconfigured):
        new_key(" ")


@given(st.text())
def test_no_other_text_opens_a_key(text: str) -> None:
    key, _ = new_key("crm")
    id_in(text)
    assert not opens(key, text)


async def with_key(project: Double, name: str = "crm", *scopes: str, tenant: str = "") -> str:
    key, text = new_key(name, scopes, tenant=tenant)
    await project.store.keys.add(key)
    return text


async def test_on_loopback_without_keys_anyone_may_act_for_anyone(served: Served) -> None:
    assert (await served.ask("echo", authorization="Bearer whatever", holdfast_subject="ana")).status_code == 200
    assert served.project.whos == [Who(subject="ana", principals=("staff",))]


async def test_with_keys_a_key_is_needed_and_either_header_carries_it(tmp_path: Path) -> None:
    project = Double(tmp_path)
    text = await with_key(project, tenant="t1")
    async with serving(project) as served:
        refused = await served.ask("echo")
        assert (refused.status_code, refused.json()["code"]) == (401, "HF703")
        assert refused.headers["www-authenticate"].startswith("Bearer")
        for wrong in (text[:-1], f"{text}0", "hf__", "x", text.replace("hf_", "sk_")):
            assert (await served.ask("echo", authorization=f"Bearer {wrong}")).status_code == 401
            assert (await served.ask("echo", x_api_key=wrong)).status_code == 401
        assert (await served.ask("echo", authorization=f"Bearer {text}")).status_code == 200
        assert (await served.ask("echo", authorization=f"bearer {text}")).status_code == 200
        assert (await served.ask("echo", x_api_key=text)).status_code == 200
        for path in ("/v1/features", "/v1/recordings", "/metrics", "/openapi.json", "/nope"):
            assert (await served.http.get(path)).status_code == 401
        for path in ("/", "/livez", "/readyz"):
            assert (await served.http.get(path)).status_code == 200
    assert set(project.whos) == {Who(subject="crm", tenant="t1")}


async def test_only_a_key_that_may_act_for_others_sets_the_subject(tmp_path: Path) -> None:
    project = Double(tmp_path)
    plain, acting = await with_key(project, "crm"), await with_key(project, "portal", ACT_AS)
    async with serving(project) as served:
        refused = await served.ask("echo", x_api_key=plain, holdfast_subject="ana")
        assert (refused.status_code, refused.json()["code"]) == (403, "HF704")
        assert "--scope act-as" in refused.json()["fix"]
        assert (await served.ask("echo", x_api_key=acting, holdfast_subject="ana")).status_code == 200
        assert (await served.ask("echo", x_api_key=acting)).status_code == 200
    assert [who.subject for who in project.whos] == ["ana", "portal"]


async def test_keys_are_read_at_most_once_a_second_and_a_revocation_takes_effect_then(tmp_path: Path) -> None:
    project, now = Double(tmp_path), [100.0]
    text = await with_key(project)
    access = Access(project, loopback=False, clock=lambda: now[0])
    await asyncio.gather(*(access.admit({}, {b"x-api-key": text.encode()}) for _ in range(20)))
    assert project.store.keys.reads == 1
    (key,) = project.store.keys.kept.values()
    await project.store.keys.revoke(key.id, datetime.now(UTC))
    assert (await access.admit({}, {b"x-api-key": text.encode()})).subject == "crm"
    now[0] += FRESH_S
    assert not await access.any_key()
    with pytest.raises(Exception, match="HF703"):
        await access.admit({}, {b"x-api-key": text.encode()})


@pytest.mark.parametrize(
    ("host", "origin", "status"),
    [
        ("127.0.0.1:8400", None, 200),
        ("localhost", None, 200),
        ("[::1]:8400", None, 200),
        ("LOCALHOST:1", "http://localhost:1", 200),
        ("helpdesk.local", None, 200),
        ("helpdesk.local", "https://helpdesk.local", 200),
        ("localhost:8400", "http://localhost:8400", 200),
        ("localhost:8400", "http://helpdesk.local", 200),
        ("evil.example", None, 403),
        ("evil.example", "http://evil.example", 403),
        ("localhost.evil.example", None, 403),
        ("127.0.0.1.evil.example", None, 403),
        ("", None, 403),
        ("[::1", None, 403),
        ("localhost:8400", "http://evil.example", 403),
        ("localhost:8400", "http://localhost:3000", 403),
        ("localhost:8400", "null", 403),
        ("localhost:8400", "http://[", 403),
    ],
)
async def test_without_keys_only_this_machine_and_its_own_page_may_call(
    tmp_path: Path, host: str, origin: str | None, status: int
) -> None:
    async with serving(Double(tmp_path, allowed_hosts=("helpdesk.local",))) as served:
        headers = {"host": host} | ({"origin": origin} if origin is not None else {})
        response = await served.http.get("/v1/features", headers=headers)
        assert response.status_code == status
        assert status == 200 or response.json()["code"] == "HF705"
        assert (await served.http.get("/livez", headers=headers)).status_code == 200


async def test_with_keys_any_host_may_call_because_the_key_protects(tmp_path: Path) -> None:
    project = Double(tmp_path)
    text = await with_key(project)
    async with serving(project, loopback=False) as served:
        headers = {"host": "holdfast.acme.example", "origin": "https://acme.example", "x-api-key": text}
        assert (await served.http.get("/v1/features", headers=headers)).status_code == 200


@pytest.mark.parametrize("subject", ["a\tb", "x" * 256, "\udcff"])
async def test_a_subject_that_cannot_be_printed_is_refused(served: Served, subject: str) -> None:
    raw = subject.encode("utf-8", "surrogateescape")
    response = await served.http.get("/v1/features", headers=[(b"holdfast-subject", raw)])
    assert (response.status_code, response.json()["code"]) == (400, "HF709")


def test_only_addresses_that_mean_this_machine_are_loopback() -> None:
    assert all(map(is_loopback, ("localhost", "127.0.0.1", "127.8.8.8", "::1")))
    assert not any(map(is_loopback, ("", "0.0.0.0", "::", "10.0.0.1", "localhost.example", "example.org")))
