from __future__ import annotations

from email.utils import formatdate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.gateway.waiting import Pace, backoff_ms, retry_after_ms

NOW = 1_700_000_000.0


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, None),
        ({"retry-after": "2"}, 2000),
        ({"retry-after": "0.25"}, 250),
        ({"retry-after": formatdate(NOW + 3, usegmt=True)}, 3000),
        ({"retry-after": formatdate(NOW - 60, usegmt=True)}, 0),
        ({"retry-after-ms": "40"}, 40),
        ({"x-ms-retry-after-ms": "50"}, 50),
        ({"retry-after": "1", "retry-after-ms": "0"}, 1000),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "-5"}, 0),
        ({"retry-after": ""}, None),
        ({"retry-after": "Wed, 99 Foo 2023 00:00:00 GMT"}, None),
    ],
)
def test_every_form_of_retry_after_is_read(headers: dict[str, str], expected: float | None) -> None:
    assert retry_after_ms(headers, lambda: NOW) == expected


@given(st.text(max_size=30))
def test_no_header_however_odd_breaks_the_reading(value: str) -> None:
    wait = retry_after_ms({"retry-after": value, "retry-after-ms": value}, lambda: NOW)
    assert wait is None or wait >= 0


@given(st.integers(0, 10_000), st.floats(0, 1))
def test_backoff_stays_within_its_cap(tries: int, chance: float) -> None:
    pace = Pace(backoff_ms=250, backoff_cap_ms=4000)
    assert 0 <= backoff_ms(pace, tries, lambda: chance) <= min(4000, 250 * 2 ** min(tries, 30))
