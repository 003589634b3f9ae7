"""Views for tests of findings: recordings made of a few steps, and what a look sees around them.

Knows nothing of any code.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from holdfast.diagnosis import Diagnosis, Fix, Verifier
from holdfast.evals.findings.seen import CorpusSeen, Remark, Seen, Tested, VersionSeen
from holdfast.evaluation import CaseResult
from holdfast.finding import Counted, Totals
from holdfast.judgement import Interval
from holdfast.records import (
    Attempt,
    AttemptDetail,
    Check,
    Checked,
    Effect,
    Failed,
    Generate,
    Generated,
    Message,
    Passage,
    Recording,
    Result,
    Retrieve,
    Retrieved,
    Sampling,
    Step,
    Verdict,
)
from holdfast.release import GuardSlot, Release

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
_NUMBERS = count()


def step(effect: Effect, result: Result, **fields: Any) -> Step:
    return Step(**{"key": "k", "ms": 10.0, "started_at": NOW, **fields}, effect=effect, result=result)


def searched(*documents: str, query: str = "how is it done", confidence: float | None = 0.9, **fields: Any) -> Step:
    passages = tuple(
        Passage(document=name, chunk=f"{name}#{n}", title=name, text=f"The text of {name} says so.")
        for n, name in enumerate(documents)
    )
    corpus = fields.pop("corpus", "help@v1")
    return step(Retrieve(corpus=corpus, query=query), Retrieved(passages=passages, confidence=confidence), **fields)


def wrote(text: str = "It is so.", prompt: str = "Answer it.", attempts: Sequence[Attempt] = (), **fields: Any) -> Step:
    """A generation of the slot `write`; `stop`, `schema`, `turn`, `messages` and more as in its fields."""
    messages = fields.pop("messages", (Message(role="user", text=prompt),))
    effect = Generate(
        slot="write", models=("v:big",), messages=messages, schema=fields.pop("schema", None),
        sampling=Sampling(max_tokens=fields.pop("max_tokens", None)),
    )  # fmt: skip
    result = Generated(text=text, model="v:big", rung=0, stop_reason=fields.pop("stop", "stop"))
    return step(effect, fields.pop("result", result), attempts=tuple(attempts), **fields)


def tried(error: str | None = None, part: str = "first", **fields: Any) -> Attempt:
    detail = AttemptDetail(part=part, served=fields.pop("served", None))  # type: ignore[arg-type]  # a test's word
    return Attempt(
        **{"provider": "v", "model": "big", "rung": 0, "ms": 5.0, "error": error, "detail": detail, **fields}
    )


def judged(passed: bool, turn: int = 0, guard: str = "grounded") -> Step:
    verdict = Verdict(guard=guard, passed=passed)
    return step(Check(guard=guard, family=guard, text="t"), Checked(verdict=verdict), turn=turn)


def unjudged(guard: str = "grounded") -> Step:
    failed = Failed(code="HF308", message="m", fix="f")
    return step(Check(guard=guard, family=guard, text="t"), failed)


def recorded(*steps: Step, cites: Sequence[str] = (), **fields: Any) -> Recording:
    """A recording of those steps, each a minute after the one before."""
    number = next(_NUMBERS)
    citations = [{"document": name, "chunk": f"{name}#0", "title": name} for name in cites]
    usual: dict[str, Any] = {
        "id": f"rec_{number:05}", "feature": "answer", "release": "r_1", "input": {"body": "q"}, "outcome": "ok",
        "output": {"text": fields.pop("text", "It is so."), "citations": citations}, "ms": 100.0, "cost_usd": 0.001,
        "started_at": NOW - timedelta(days=5) + timedelta(minutes=number % 1000),
    }  # fmt: skip
    return Recording(**{**usual, "steps": steps, **fields})


def many(number: int, *steps: Step, **fields: Any) -> tuple[Recording, ...]:
    return tuple(recorded(*steps, **fields) for _ in range(number))


def counted(recordings: int, outcome: Any = "ok", **fields: Any) -> Counted:
    times: dict[str, Any] = {"first_at": NOW - timedelta(days=2), "last_at": NOW - timedelta(days=1)}
    return Counted(**{**times, "recordings": recordings, "outcome": outcome, **fields})


def view(sample: Iterable[Recording] = (), **fields: Any) -> Seen:
    """A view of that sample, which is all there is unless `totals` says otherwise."""
    read = tuple(sample)
    totals = Totals(counted=(counted(len(read)),)) if read else Totals()
    usual: dict[str, Any] = {"feature": "answer", "since": NOW - timedelta(days=7), "looked_at": NOW, "totals": totals}
    return Seen(sample=read, **{**usual, **fields})


def case(given: bool, place: int | None, text: str = "It is so.", **fields: Any) -> Tested:
    recording = recorded(searched("a.md"), wrote(text), text=text)
    return Tested("c", "help", recording, given=given, place=place, passed=fields.pop("passed", given))


def result(name: str, repeat: int, *wrong: str, **fields: Any) -> CaseResult:
    return CaseResult(
        case=name, repeat=repeat, recording=f"rec_{name}_{repeat}", outcome="ok", ms=1.0, cost_usd=0.0, spent_usd=0.0,
        wrong=wrong, **fields,
    )  # fmt: skip


def diagnosed(number: int, verdict: Any) -> tuple[Diagnosis, ...]:
    fix = Fix(part="ranking", advice="give more", passed=4, asked=4, share=Interval(1.0, 0.5, 1.0))
    return tuple(
        Diagnosis(
            id=f"dg_{n}", recording=f"rec_{n}", feature="answer", started_at=NOW - timedelta(hours=n), verdict=verdict,
            sure_at=0.85, verifier=Verifier(name="facts", sensitivity=0.95, specificity=0.95), fixes=(fix,),
        )
        for n in range(number)
    )  # fmt: skip


def corpus(*remarks: Remark, **fields: Any) -> CorpusSeen:
    """The corpus `help` with a report that says so."""
    usual: dict[str, Any] = {
        "versions": (VersionSeen("v1", NOW - timedelta(days=30)),), "synced_at": NOW - timedelta(minutes=30),
    }  # fmt: skip
    return CorpusSeen("help", remarks, **{**usual, **fields})


def wrong_data(code: str, *documents: str) -> Remark:
    """A line of a quality report that names these documents together."""
    together = (frozenset(documents),) if documents else ()
    return Remark(code=code, message=f"{code}.", count=9, documents=documents, fix="Mend it.", together=together)


def releases(guard: str, on_fail: Any) -> dict[str, Release]:
    return {"r_1": Release(slots={guard: GuardSlot(family=guard, on_fail=on_fail)})}
