"""A vendor that refuses or breaks before it has said anything: tried again, or left for the next rung, by its fault."""

from __future__ import annotations

import time
from email.utils import formatdate

import pytest
from tests.contract.gateway.ladders import CALL, KEY, kinds

from holdfast.errors import EffectFailed
from holdfast.records import Generated
from holdfast.testing import Act

RETRIED = [
    pytest.param(Act(status=500), id="500"),
    pytest.param(Act(status=502, body=b"<html>Bad gateway</html>", headers={"content-type": "text/html"}), id="502"),
    pytest.param(Act(status=503, body=b""), id="503 empty"),
    pytest.param(Act(status=504), id="504"),
    pytest.param(Act(status=529), id="529"),
    pytest.param(Act(status=429), id="429"),
    pytest.param(Act(status=429, headers={"retry-after": "0"}), id="retry-after seconds"),
    pytest.param(Act(status=429, headers={"retry-after-ms": "5"}), id="retry-after-ms"),
    pytest.param(Act(status=429, headers={"x-ms-retry-after-ms": "5"}), id="x-ms-retry-after-ms"),
    pytest.param(Act(status=503, headers={"retry-after": "0.01"}), id="503 retry-after"),
    pytest.param(Act(hang_up=True), id="reset before headers"),
    pytest.param(Act(raw_stream=b""), id="empty stream"),
    pytest.param(Act(end="silent"), id="clean end without a word that it ended"),
    pytest.param(Act(text="  \n "), id="blank"),
    pytest.param(Act(body=b'{"choices": [], "content": [], "type": "message"}'), id="nothing in it"),
    pytest.param(
        Act(body=b'{"type": "error", "error": {"type": "api_error", "message": "x"}}'), id="error under a 200"
    ),
    pytest.param(Act(body=b'{"choices": [{"mess'), id="JSON cut short"),
    pytest.param(Act(raw_stream=b"\x00\xff\xfegarbage" * 50), id="garbage"),
    pytest.param(Act(cut_after_bytes=0), id="closed before the first byte"),
    pytest.param(Act(cut_after_bytes=40, cut="reset"), id="reset in the first event"),
    pytest.param(Act(error_after=0), id="error event first"),
    pytest.param(Act(tool_calls=(CALL,), tool_arguments='{"order": '), id="bad tool arguments"),
    pytest.param(Act(headers={"content-encoding": "gzip"}), id="broken compression"),
]


@pytest.mark.parametrize("act", RETRIED)
async def test_a_passing_fault_is_tried_again_on_the_same_rung(ladder, act) -> None:
    climb = await ladder(act, Act(text="At the second try."))
    assert await climb.text(rescue="restart") == "At the second try."
    assert len(climb.main.requests) == 2
    assert not climb.spare.requests


@pytest.mark.parametrize("act", RETRIED)
async def test_a_fault_that_stays_leads_to_the_next_rung_with_bounded_tries(ladder, act) -> None:
    climb = await ladder(act)
    done = await climb.ask(rescue="restart")
    assert done.result == Generated(text="The spare answers.", model="spare:m", rung=1)
    assert climb.visible() == "The spare answers."
    assert 2 <= len(climb.main.requests) <= 3
    assert [attempt.rung for attempt in done.attempts] == [0] * len(climb.main.requests) + [1]
    assert all(attempt.error for attempt in done.attempts[:-1])


@pytest.mark.parametrize(
    ("act", "kind"),
    [
        pytest.param(Act(status=401), "unauthorized", id="401"),
        pytest.param(Act(status=403), "unauthorized", id="403"),
        pytest.param(Act(status=402), "quota", id="402"),
        pytest.param(Act(status=404), "no_model", id="404"),
        pytest.param(Act(status=410), "no_model", id="410"),
        pytest.param(Act(status=413), "too_long", id="413"),
        pytest.param(Act(status=400), "bad_request", id="400"),
        pytest.param(
            Act(status=400, body=b'{"error": {"message": "x", "code": "context_length_exceeded"}}'),
            "too_long",
            id="long",
        ),
        pytest.param(
            Act(status=429, body=b'{"error": {"message": "x", "code": "insufficient_quota"}}'), "quota", id="quota"
        ),
        pytest.param(Act(status=307, headers={"location": "http://127.0.0.1:9/v1"}), "not_an_answer", id="redirect"),
        pytest.param(
            Act(body=b"<html>Sign in</html>", headers={"content-type": "text/html"}),
            "not_an_answer",
            id="captive portal",
        ),
        pytest.param(Act(status=429, headers={"retry-after": "3600"}), "rate_limited", id="a long wait"),
        pytest.param(
            Act(status=429, headers={"retry-after": formatdate(time.time() + 3600, usegmt=True)}),
            "rate_limited",
            id="a long wait as a date",
        ),
        pytest.param(
            Act(
                status=429,
                body=b'[{"error": {"message": "Quota exceeded, see billing", "details": [{"@type": '
                b'"type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "34s"}]}}]',
            ),
            "rate_limited",
            id="a long wait as RetryInfo",
        ),
    ],
)
async def test_what_will_not_pass_leads_to_the_next_rung_at_once(ladder, act, kind) -> None:
    climb = await ladder(act)
    done = await climb.ask()
    assert kinds(done.attempts) == [kind, None]
    assert len(climb.main.requests) == 1


async def test_a_content_filter_is_final(ladder) -> None:
    climb = await ladder(Act(status=400, body=b'{"error": {"message": "no", "code": "content_filter"}}'))
    with pytest.raises(EffectFailed) as failed:
        await climb.ask()
    assert failed.value.code == "HF304"
    assert kinds(failed.value.attempts) == ["filtered"]
    assert not climb.spare.requests


async def test_a_wait_that_was_asked_for_is_kept(ladder) -> None:
    climb = await ladder(Act(status=429, headers={"retry-after-ms": "80"}), Act())
    started = time.monotonic()
    await climb.ask()
    assert time.monotonic() - started >= 0.08


async def test_a_wait_beyond_the_cap_is_not_waited(ladder) -> None:
    climb = await ladder(Act(status=429, headers={"retry-after-ms": "150"}))
    done = await climb.ask()
    assert kinds(done.attempts) == ["rate_limited", None]


async def test_a_rate_limit_without_a_time_is_tried_once_more_only(ladder) -> None:
    climb = await ladder(Act(status=429))
    done = await climb.ask(retries=5)
    assert kinds(done.attempts) == ["rate_limited", "rate_limited", None]


async def test_a_wait_beyond_the_deadline_is_not_waited(ladder) -> None:
    climb = await ladder(Act(status=429, headers={"retry-after-ms": "90"}))
    done = await climb.ask(deadline_ms=60)
    assert kinds(done.attempts) == ["rate_limited", None]


async def test_other_keys_are_tried_before_the_rung_is_left(ladder) -> None:
    climb = await ladder(Act(status=401), Act(status=429), Act(), keys=("key-1", "key-2", "key-3"))
    done = await climb.ask()
    assert kinds(done.attempts) == ["unauthorized", "rate_limited", None]
    names = ("authorization", "x-api-key", "api-key", "x-goog-api-key")
    sent = {next(r.headers[name] for name in names if name in r.headers) for r in climb.main.requests}
    assert len(sent) == 3


async def test_a_key_that_the_vendor_echoes_is_not_repeated(ladder) -> None:
    said = b'{"error": {"message": "wrong key ' + KEY.encode() + b' given"}}'
    climb = await ladder(Act(status=401, body=said))
    with pytest.raises(EffectFailed) as failed:
        await climb.ask("main:m")
    assert KEY not in str(failed.value)
    assert KEY not in repr(failed.value.attempts)
    assert "wrong key [key] given" in str(failed.value)
