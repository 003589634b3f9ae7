"""One cell of the fault wall: a ladder before two real vendors on loopback, one fault, and what both sides saw."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal, TypeAlias, get_args

import msgspec
from tests.contract.gateway.wall.rows import ANSWERED, ROWS, SPARE, Row

from holdfast.contracts import Delta, Event, Reset, deaf
from holdfast.errors import EffectFailed, attempts_of
from holdfast.gateway import Gateway, Pace, Prices, Provider
from holdfast.gateway.provider import speaker
from holdfast.messages import Message, Sampling, Tool
from holdfast.records import Attempt, Done, Generate, Generated, Usage
from holdfast.release import ModelSlot
from holdfast.testing import Rule, Vendor
from holdfast.testing.asked import DialectName
from holdfast.testing.faults import FAULTS, parse, under
from holdfast.testing.places import place_of
from holdfast.testing.rules import deterministic, without_prefill

Mode: TypeAlias = Literal["streaming", "whole"]
Rungs: TypeAlias = Literal["two rungs", "one rung"]

TEXT = "Refunds take five to ten dáys ✓ and go back to the card that was charged, 🦊 whatever its bank."
JSON_TEXT = '{"days": 5}'
KEY = "sk-a-secret-of-some-length"
SCHEMA = {
    "type": "object",
    "properties": {"days": {"type": "integer"}},
    "required": ["days"],
    "additionalProperties": False,
}
TOOL = Tool(name="look_up", description="Looks an order up.", parameters={"type": "object", "properties": {}})

DEADLINE_MS = 4_000
PATIENT_MS = 6_000
SLACK_MS = 1_500
"""For the machine, not for the gateway: the wall's cells share one loop."""


@dataclass(frozen=True, slots=True)
class Cell:
    row: Row
    dialect: DialectName
    mode: Mode
    rungs: Rungs

    @property
    def name(self) -> str:
        return f"{self.row.name} · {self.dialect} · {self.mode} · {self.rungs}"


@dataclass(slots=True)
class Seen:
    """What came of a cell. `wrong` is empty where all of it is as it must be; `before` is what was wrong with it when
    it was met among others."""

    cell: Cell
    outcome: str
    ms: float
    calls: int
    kinds: tuple[str, ...]
    wrong: list[str] = field(default_factory=list)
    before: tuple[str, ...] = ()


def cells(rows: Iterable[Row] = ROWS) -> list[Cell]:
    """Every cell that exists."""
    found = []
    for row in rows:
        fault, _ = parse(row.fault)
        for dialect in get_args(DialectName):
            for mode in get_args(Mode):
                exists = fault.streaming if mode == "streaming" else fault.whole
                if dialect in fault.dialects and exists and mode in row.modes:
                    found += [Cell(row, dialect, mode, rungs) for rungs in get_args(Rungs)]
    return found


async def meet_all(todo: list[Cell], at_once: int = 24) -> list[Seen]:
    """Every cell, so many at a time on one loop.

    Limits of less than a second can pass for want of a processor: a cell that is wrong then is met again by itself,
    and what comes of it then counts.
    """
    gate = asyncio.Semaphore(at_once)
    await meet(todo[0])  # what a process loads at its first call is no part of any cell

    async def one(cell: Cell) -> Seen:
        async with gate:
            return await meet(cell)

    mixed = random.Random(0).sample(todo, len(todo))  # so that costly neighbours do not meet
    seen = {found.cell: found for found in await asyncio.gather(*map(one, mixed))}
    for cell, found in seen.items():
        if found.wrong:
            seen[cell] = await meet(cell)
            seen[cell].before = tuple(found.wrong)
    return [seen[cell] for cell in todo]


def _provider(name: str, dialect: DialectName, root: str) -> Provider:
    base_url = root if dialect in ("azure", "gemini") else f"{root}/v1"
    return speaker(name, base_url, dialect, api_key=KEY)


def _spare(row: Row, text: str) -> Rule:
    match row.spare:
        case "no prefill":
            return without_prefill(deterministic(text, "anchor"))
        case "exact" | "anchor" | "restart":
            return deterministic(text, row.spare)


async def meet(cell: Cell) -> Seen:
    """Put the fault on the first rung, ask, and hold what both sides saw against the row."""
    row = cell.row
    fault, when = parse(row.fault)
    text = JSON_TEXT if row.schema else TEXT
    main, spare = Vendor(under(deterministic(text), fault, when)), Vendor(_spare(row, text))
    async with main, spare:
        with place_of(fault, main.url) as root:
            providers = {
                "main": _provider("main", cell.dialect, root),
                "spare": _provider("spare", cell.dialect, spare.url),
            }
            pace = Pace(backoff_ms=1, backoff_cap_ms=2, retry_after_cap_ms=100, settle_ms=300, hang_ms=50)
            if row.patient:
                pace = msgspec.structs.replace(pace, retry_after_cap_ms=4_000.0)
            gateway = Gateway(providers, prices=Prices({}), pace=pace)
            try:
                if row.warm:
                    await _ask(cell, gateway, [])
                return await _judged(cell, gateway, main, spare)
            finally:
                await gateway.close()


async def _ask(cell: Cell, gateway: Gateway, heard: list[Event]) -> Done:
    row = cell.row
    streams = cell.mode == "streaming"
    limits = {"deadline_ms": PATIENT_MS if row.patient else DEADLINE_MS, "connect_ms": 600, "first_token_ms": 900}
    slot = ModelSlot(
        models=("unused",),
        idle_ms=700,
        hedge="off",
        learn_timeouts=False,
        upstream="stream" if streams else "follow",
        **limits,  # type: ignore[arg-type]
    )
    effect = Generate(
        slot="answer",
        models=("main:m", "spare:m") if cell.rungs == "two rungs" else ("main:m",),
        messages=(Message(role="system", text="Be brief."), Message(role="user", text="How long does a refund take?")),
        sampling=Sampling(temperature=0.3 if row.sampling else None, max_tokens=500),
        tools=(TOOL,) if row.tools else (),
        schema=SCHEMA if row.schema else None,
        exact=row.schema,
    )
    return await gateway.generate(effect, slot, heard.append if streams else deaf)


async def _judged(cell: Cell, gateway: Gateway, main: Vendor, spare: Vendor) -> Seen:
    heard: list[Event] = []
    error: EffectFailed | None = None
    done: Done | None = None
    started = time.perf_counter()
    limit_ms = (PATIENT_MS if cell.row.patient else DEADLINE_MS) + SLACK_MS
    try:
        async with asyncio.timeout(limit_ms / 1000):
            done = await _ask(cell, gateway, heard)
    except EffectFailed as failed:
        error = failed
    except TimeoutError:
        return Seen(cell, "hangs", limit_ms, main.calls, (), ["it hangs past the deadline"])
    ms = (time.perf_counter() - started) * 1000
    attempts = done.attempts if done is not None else attempts_of(error)  # type: ignore[arg-type]
    outcome = _outcome(done, error)
    kinds = tuple((one.error or "").partition(":")[0] for one in attempts)
    seen = Seen(cell, outcome, ms, main.calls, kinds)
    _hold_caller(seen, done, error, heard)
    _hold_vendors(seen, main, spare, attempts)
    await _hold_silence(seen, main, spare)
    return seen


def _outcome(done: Done | None, error: EffectFailed | None) -> str:
    if error is not None:
        return error.code
    assert done is not None
    assert isinstance(done.result, Generated)
    if done.result.stop_reason in ("content_filter", "refusal"):
        return done.result.stop_reason
    return SPARE if done.result.rung else ANSWERED


def _hold_caller(seen: Seen, done: Done | None, error: EffectFailed | None, heard: list[Event]) -> None:
    """A defined outcome, and never a part of an answer in place of one."""
    row = seen.cell.row
    allowed = row.ladder if seen.cell.rungs == "two rungs" else row.single
    if seen.outcome not in allowed:
        seen.wrong.append(f"it comes to {seen.outcome}, not {' or '.join(sorted(allowed))}")
    if error is not None:
        if not error.message or not error.fix or not error.attempts:
            seen.wrong.append("the error does not say what happened, what to do and what was tried")
        if KEY in str(error):
            seen.wrong.append("the error shows a key")
        if visible(heard):
            seen.wrong.append(f"a reader of the stream is left with {visible(heard)!r}")
        return
    assert done is not None
    assert isinstance(done.result, Generated)
    if seen.outcome in (ANSWERED, SPARE):
        whole = JSON_TEXT if row.schema else TEXT
        stop = {"stop"} if seen.outcome == SPARE else row.stop
        if done.result.text.replace(" ", "") != whole.replace(" ", "") or (
            not row.schema and done.result.text != whole
        ):
            seen.wrong.append(f"the answer is {done.result.text!r}")
        if done.result.stop_reason not in stop:
            seen.wrong.append(f"it is said to have ended with {done.result.stop_reason}")
    if seen.cell.mode == "streaming" and visible(heard) != done.result.text:
        seen.wrong.append(f"a reader of the stream sees {visible(heard)!r}")


def visible(heard: list[Event]) -> str:
    """What a reader of the stream sees at its end."""
    shown: list[str] = []
    for event in heard:
        match event:
            case Reset():
                shown.clear()
            case Delta(text):
                shown.append(text)
    return "".join(shown)


def _hold_vendors(seen: Seen, main: Vendor, spare: Vendor, attempts: tuple[Attempt, ...]) -> None:
    """What the vendors saw: how often they were asked, how, and that every call stands in the attempts."""
    row, cell = seen.cell.row, seen.cell
    low, high = row.calls if cell.rungs == "two rungs" else row.single_calls or row.calls
    if not low <= main.calls <= high:
        seen.wrong.append(f"the vendor is asked {main.calls} times, not {low} to {high}")
    if (spare.calls > 0) != (seen.outcome == SPARE) and seen.outcome not in ("HF301", "HF302"):
        seen.wrong.append(f"the spare vendor is asked {spare.calls} times")
    noted = sum(one.provider == "main" for one in attempts)
    before = 1 if row.warm else 0
    if main.calls - before > noted:
        seen.wrong.append(f"{main.calls} calls of the vendor, {noted} attempts in the recording")
    if row.kinds and (not seen.kinds or seen.kinds[0] not in row.kinds):
        seen.wrong.append(f"the first attempt is said to be {seen.kinds[:1]}, not {sorted(row.kinds)}")
    streamed = {received.asked.streaming for received in main.requests}
    if streamed - {cell.mode == "streaming"}:
        seen.wrong.append("the vendor is not asked in this mode")
    arrived = [received.arrived_ms for received in main.requests]
    if row.pause_ms and len(arrived) > 1 and arrived[1] - arrived[0] < row.pause_ms:
        seen.wrong.append(f"it comes back after {arrived[1] - arrived[0]:.0f} ms, asked for {row.pause_ms:.0f}")
    _hold_counts(seen, main, spare, attempts)


def _hold_counts(seen: Seen, main: Vendor, spare: Vendor, attempts: tuple[Attempt, ...]) -> None:
    """What the recording says was used is what the vendors billed; what was cut is counted too, as an estimate."""
    row, last = seen.cell.row, attempts[-1] if attempts else None
    if seen.outcome in (ANSWERED, SPARE) and last is not None:
        vendor = spare if seen.outcome == SPARE else main
        used = last.usage
        # A message's last event but one holds the reason for its end and the final count alike.
        uncounted = row.fault == "done_without_finish" and seen.cell.dialect == "anthropic"
        if row.fault == "no_usage" or uncounted:
            if used is None or not used.estimated:
                seen.wrong.append("usage that no one counted is not said to be estimated")
        elif row.fault == "overlapping_usage":
            if used is None or sum(buckets(used)) > 30 or min(buckets(used)) < 0:
                seen.wrong.append(f"the tokens do not add up: {used}")
        elif row.fault != "zero_usage" and used != vendor.requests[-1].billed:
            seen.wrong.append(f"it counts {used}, the vendor billed {vendor.requests[-1].billed}")
        if row.fault == "swapped_model" and last.detail.served != "some-other-model":
            seen.wrong.append(f"the model that answered is said to be {last.detail.served}")
    generated = sum(one.sent_pieces > 0 for one in main.requests)
    counted = sum(one.provider == "main" and one.usage is not None for one in attempts)
    if counted < generated - (1 if row.warm else 0):
        seen.wrong.append(f"the vendor generated for {generated} requests, {counted} are counted")


def buckets(used: Usage) -> tuple[int, ...]:
    """Every count of tokens."""
    return (
        used.input_tokens,
        used.output_tokens,
        used.cache_read_tokens,
        used.cache_write_tokens,
        used.reasoning_tokens,
    )


async def _hold_silence(seen: Seen, main: Vendor, spare: Vendor) -> None:
    """Nothing goes on at a vendor once the caller has its answer."""
    deadline = time.monotonic() + 1.0
    while time.monotonic() < deadline:
        if all(received.ended_ms is not None for received in (*main.requests, *spare.requests)):
            return
        await asyncio.sleep(0.01)
    seen.wrong.append("a call goes on at the vendor")


FAULTS_OF_NO_CALL = frozenset({"embedding_mismatch"})
"""Faults of the catalogue that are not of a generation."""


def unmet() -> set[str]:
    """The faults of the catalogue that no row meets."""
    return set(FAULTS) - {parse(row.fault)[0].name for row in ROWS} - FAULTS_OF_NO_CALL
