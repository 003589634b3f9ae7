"""What prevented an answer outside the release is told from what the release did itself."""

from __future__ import annotations

from typing import Any

import pytest
from tests.contract.store_samples import recording

from holdfast.evals.scoring import fault_of
from holdfast.records import Attempt, Degraded, Failure


def attempted(*errors: str | None, **fields: Any) -> Any:
    """A recording whose model was tried so often, with these errors."""
    from msgspec.structs import replace

    made = recording(**fields)
    attempts = tuple(Attempt(provider="p", model="m", rung=0, ms=1.0, error=error) for error in errors)
    return replace(made, steps=tuple(replace(step, attempts=attempts) for step in made.steps[:1]))


def failed(code: str) -> dict[str, Any]:
    return {"outcome": "failed", "failure": Failure(code=code, message="m", fix="f")}


DEGRADED = {"outcome": "degraded", "degraded": Degraded(slot="answer", rung=1, model="extractive", reason="r")}


@pytest.mark.parametrize(
    ("errors", "fields", "fault"),
    [
        ((None,), {}, None),
        (("overloaded: busy", None), {}, None),
        (("refused: bad key", "passed_over: no passages"), failed("HF301"), "HF301"),
        (("passed_over: no passages",), failed("HF301"), None),
        (("rate_limited: HTTP 429",), failed("HF311"), "HF311"),
        (("too_long: HTTP 400",), failed("HF312"), None),
        ((None,), failed("HF303"), None),
        ((None,), failed("HF302"), "HF302"),
        (("overloaded: busy", None), DEGRADED, "HF301"),
        (("passed_over: no passages", None), DEGRADED, None),
        ((None, None), DEGRADED, None),
    ],
)
def test_the_fault_of_a_recording(errors: tuple[str | None, ...], fields: dict[str, Any], fault: str | None) -> None:
    assert fault_of(attempted(*errors, **fields)) == fault
