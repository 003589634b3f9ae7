"""Which recordings belong together: failures of one signature, around a recording or in a window.

Knows nothing of why they failed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import MappingProxyType

from msgspec.structs import replace

from holdfast.errors import CODES, NotFound
from holdfast.evals.postmortem.document import Signature, Source
from holdfast.records import Recording, RecordingSummary
from holdfast.stores import DiagnosisQuery, RecordingQuery, Store
from holdfast.where import And, Expression, Is, Or

QUIET = timedelta(hours=24)
"""Failures further apart than this are two incidents, where nobody says from when until when."""
AROUND = timedelta(days=7)
"""How far before and after a recording failures like it are looked for."""
MOST = 100_000
"""Recordings that are looked at for one question."""
_PAGE = 1000
_LIVE = Is("replay_of", "=", None)
_COMPLAINED = Is("feedback.score", "<", 0.0)
_BAD = ("failed", "blocked", "degraded")
_FIELDS = MappingProxyType({"failed": "failure", "blocked": "blocked", "degraded": "degraded"})


@dataclass(frozen=True, slots=True)
class Window:
    """From when until when, None: as far as is known; of one feature, None: of any."""

    since: datetime | None = None
    until: datetime | None = None
    feature: str | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """Failures of one signature, the oldest first. `main` is the one that was asked about, else the newest. `whole` is
    False where there were more than are looked at. `apart`: `main` is not among what the signature finds, as nobody
    gave it a score."""

    signature: Signature
    main: Recording
    failures: tuple[RecordingSummary, ...]
    whole: bool
    apart: bool = False

    @property
    def sources(self) -> tuple[Source, ...]:
        """Where all of these failures are to be found."""
        alone = (Source("recording", self.main.id),) if self.apart else ()
        listed = len(self.failures) > len(alone)
        return ((Source("recordings", str(self.expression)),) if listed else ()) + alone

    @property
    def first_at(self) -> datetime:
        return self.failures[0].started_at

    @property
    def last_at(self) -> datetime:
        return self.failures[-1].started_at

    @property
    def expression(self) -> Expression:
        """What finds these failures, with their time."""
        return during(failing(self.signature), self.first_at, after(self.last_at))

    @property
    def ids(self) -> frozenset[str]:
        return frozenset(each.id for each in self.failures)


def signature_of(recording: Recording) -> Signature:
    """What a failure has in common with others like it."""
    by = ""
    if recording.failure is not None:
        by = recording.failure.code
    elif recording.blocked is not None:
        by = recording.blocked.guard
    elif recording.degraded is not None:
        by = recording.degraded.slot
    return Signature(feature=recording.feature, outcome=recording.outcome, by=by)


def failing(signature: Signature) -> Expression:
    """What holds for live requests that failed like this."""
    field = _FIELDS.get(signature.outcome)
    what = _COMPLAINED if field is None else Is(field, "=", signature.by)
    feature, outcome = Is("feature", "=", signature.feature), Is("outcome", "=", signature.outcome)
    return And((feature, outcome, what, _LIVE))


def live(feature: str) -> Expression:
    """What holds for live requests to a feature."""
    return And((Is("feature", "=", feature), _LIVE))


def during(expression: Expression, since: datetime, until: datetime) -> Expression:
    """The same, of those that started since then, and before then."""
    parts = expression.parts if isinstance(expression, And) else (expression,)
    return And((*parts, Is("since", "=", since), Is("until", "=", until)))


def after(at: datetime) -> datetime:
    """The first moment after, as `until` leaves out its own."""
    return at + timedelta(microseconds=1)


def titled(signature: Signature) -> str:
    """A signature in a few words."""
    match signature.outcome:
        case "failed":
            return f"requests failed with {signature.by} ({CODES.get(signature.by, 'a code of another version')})"
        case "blocked":
            return f"answers were stopped by the guard {signature.by}"
        case "degraded":
            return f"a lower rung of the slot {signature.by} answered"
        case _:
            return "answers were found bad"


def befell(found: Found) -> str:
    """What came of each of these requests."""
    signature = found.signature
    match signature.outcome:
        case "failed":
            return f"there was no answer, with {signature.by} ({CODES.get(signature.by, 'a code of another version')})"
        case "blocked":
            return f"the guard {signature.by} stopped the answer"
        case "degraded":
            return f"a lower rung of the slot {signature.by} answered"
        case _ if found.apart:
            return "the answer came whole, and was found bad, corrected or diagnosed"
        case _:
            return "the answer came whole, and somebody found it bad"


async def around(store: Store, recording: Recording, window: Window) -> Found | None:
    """The failures like a live recording, from the first to the last with no longer than `QUIET` between two; or those
    in the window where it says from when or until when. None where nothing says that the recording is bad."""
    signature = signature_of(recording)
    if signature.outcome == "cancelled" or not await _is_bad(store, recording):
        return None
    at = recording.started_at
    since, until = window.since or at - AROUND, window.until or at + AROUND
    found, whole = await matching(store, failing(signature), since, until, recording.tenant)
    apart = recording.id not in {each.id for each in found}
    if apart:
        found = sorted([*found, _summary(recording)], key=lambda each: each.started_at)
    if window.since is None and window.until is None:
        found = _chained(found, recording.id)
    return Found(signature, recording, tuple(found), whole, apart)


async def between(store: Store, window: Window, tenant: str = "") -> tuple[Found, ...]:
    """What failed in a window, by signature, the most first. Reads one whole recording of each signature."""
    since, until = window.since or datetime.min.replace(tzinfo=UTC), window.until or datetime.now(UTC)
    bad = Or((*(Is("outcome", "=", outcome) for outcome in _BAD), And((Is("outcome", "=", "ok"), _COMPLAINED))))
    parts = (bad, _LIVE) if window.feature is None else (bad, _LIVE, Is("feature", "=", window.feature))
    left, _ = await matching(store, And(parts), since, until, tenant)
    found: dict[Signature, Found] = {}
    seen: set[str] = set()
    for summary in reversed(left):
        if summary.id in seen:
            continue
        recording = await store.recordings.get(summary.id, tenant)
        signature = signature_of(recording)
        failures, whole = await matching(store, failing(signature), since, until, tenant)
        seen |= {summary.id, *(each.id for each in failures)}
        found.setdefault(signature, Found(signature, recording, tuple(failures) or (summary,), whole))
    return tuple(sorted(found.values(), key=lambda each: (-len(each.failures), each.first_at)))


async def matching(
    store: Store, where: Expression, since: datetime, until: datetime, tenant: str = ""
) -> tuple[list[RecordingSummary], bool]:
    """What an expression holds for in that time, the oldest first; and whether that is all: the newest `MOST` are."""
    query = RecordingQuery(where=where, since=since, until=until, tenant=tenant, limit=_PAGE)
    found: list[RecordingSummary] = []
    while page := await store.recordings.find(query):
        found += page
        if len(page) < _PAGE or len(found) >= MOST:
            break
        query = replace(query, before=page[-1].id)
    return found[MOST - 1 :: -1] if len(found) >= MOST else found[::-1], len(found) < MOST


async def original(store: Store, recording: Recording) -> Recording:
    """The live recording that a replay is of; the recording itself where it is none, or that one is gone."""
    try:
        while recording.replay_of is not None and recording.evaluation is None:
            recording = await store.recordings.get(recording.replay_of, recording.tenant)
    except NotFound:
        return recording  # erased since: the replay is what is left
    return recording


async def _is_bad(store: Store, recording: Recording) -> bool:
    """Whether its outcome says so, somebody did, or a diagnosis was made of it: none is made of what passes."""
    if recording.outcome in _BAD:
        return True
    feedback = await store.feedback.of(recording.id, recording.tenant)
    if any((each.score or 0.0) < 0 or each.correction is not None for each in feedback):
        return True
    query = DiagnosisQuery(recording=recording.id, tenant=recording.tenant, limit=1)
    return bool(await store.diagnoses.find(query))


def _chained(found: list[RecordingSummary], name: str) -> list[RecordingSummary]:
    """Those that no longer silence than `QUIET` separates from the one of that id."""
    at = next(place for place, each in enumerate(found) if each.id == name)
    first = last = at
    while first > 0 and found[first].started_at - found[first - 1].started_at <= QUIET:
        first -= 1
    while last + 1 < len(found) and found[last + 1].started_at - found[last].started_at <= QUIET:
        last += 1
    return found[first : last + 1]


def _summary(recording: Recording) -> RecordingSummary:
    fields = {name: getattr(recording, name) for name in RecordingSummary.__struct_fields__ if name != "asked"}
    return RecordingSummary(**fields)
