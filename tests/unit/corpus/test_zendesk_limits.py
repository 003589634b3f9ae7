"""Zendesk's limits as its headers tell them: read in every form they have, and whatever else stands there."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.corpus.sources.zendesk.limits import Patience, Pool, retry_after_s
from holdfast.errors import Misconfigured
from zendesk_reading import Time

NOW = 1_772_442_000.0
DATE = "Mon, 02 Mar 2026 09:00:00 GMT"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"Retry-After": "93"}, 93.0),
        ({"Retry-After": " 1.5 "}, 1.5),
        ({"Retry-After": "0"}, 0.0),
        ({"Retry-After": "Mon, 02 Mar 2026 09:01:30 GMT"}, 90.0),
        ({"Retry-After": "Mon, 02 Mar 2026 10:01:30 GMT", "Date": "Mon, 02 Mar 2026 10:00:00 GMT"}, 90.0),
        ({"Retry-After": "Mon, 02 Mar 2026 08:00:00 GMT"}, 0.0),
        ({"Retry-After": "later"}, 60.0),
        ({"Retry-After": "-3"}, 60.0),
    ],
)
def test_a_time_to_wait_is_read_as_seconds_or_as_a_date(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after_s(headers, NOW) == seconds


NAMES = ("Retry-After", "Date", "X-Rate-Limit-Remaining", "ratelimit-remaining", "ratelimit-reset",
         "Zendesk-RateLimit-incremental-exports")  # fmt: skip
SAID = st.text(max_size=20) | st.integers().map(str) | st.just(DATE) | st.just("total=10; remaining=0; resets=7")


@given(st.dictionaries(st.sampled_from(NAMES), SAID))
async def test_whatever_headers_say_a_pool_never_fails_and_waits_a_bounded_time(headers: dict[str, str]) -> None:
    time = Time(NOW)
    pool = Pool("support", time.clock)
    pool.heard(headers)
    pool.spend()
    wait = retry_after_s(headers, NOW)
    assert wait is None or wait >= 0
    await pool.turn(Patience(time.clock, 1e12))
    assert all(seconds > 0 for seconds in time.slept)
    await pool.turn(Patience(time.clock, 0))  # it has waited


async def test_when_nothing_is_left_it_waits_until_the_limit_is_whole_again() -> None:
    for headers, seconds in (
        ({"x-rate-limit-remaining": "0", "ratelimit-reset": "17"}, 17.0),
        ({"X-Rate-Limit-Remaining": "0"}, 60.0),
        ({"Zendesk-RateLimit-incremental-exports": "total=10; remaining=0; resets=7"}, 7.0),
        ({"X-Rate-Limit-Remaining": "399", "Zendesk-RateLimit-incremental-exports": "remaining=0; resets=7"}, 7.0),
    ):
        time = Time(NOW)
        pool = Pool("support", time.clock)
        pool.heard(headers)
        await pool.turn(Patience(time.clock, 100))
        assert sum(time.slept) == seconds


async def test_pauses_grow_by_chance_within_half_and_end_with_patience() -> None:
    time = Time(NOW)
    patience = Patience(time.clock, 200)
    for _ in range(9):
        await patience.back_off("it does not answer")
    with pytest.raises(Misconfigured) as failure:
        await patience.back_off("it does not answer")
    assert time.slept == [0.75, 1.5, 3.0, 6.0, 12.0, 24.0, 45.0, 45.0, 45.0]
    assert failure.value.code == "HF114"
    assert "it does not answer" in failure.value.message
