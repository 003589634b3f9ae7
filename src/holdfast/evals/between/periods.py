"""Ranges of time: how one is typed, which release answered most in it, and what was asked and came of it.

Knows nothing of what is asked again.
"""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta

from holdfast.errors import HoldfastError, Misconfigured, NotFound, Refused
from holdfast.evals.between.cells import Question
from holdfast.evals.cases import cases_file, read_cases
from holdfast.evals.choosing import choose
from holdfast.evals.diagnose.examined import Host
from holdfast.evals.diagnose.verifying import SaysTheSame, Verifying
from holdfast.evals.from_recording import Wanted
from holdfast.evals.keeping import Where, case_of
from holdfast.evaluation import Case
from holdfast.identity import canonical
from holdfast.records import Recording, Retrieve
from holdfast.runtime.feature import Feature
from holdfast.stores import RecordingQuery
from holdfast.where import And, Expression, Is

LOOKED_AT = 300
"""Recordings of a range that are looked at, by lot."""
_TOGETHER = 64
_WEEK = re.compile(r"(\d{4})-W(\d{2})")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_LOOKS_LIKE = re.compile(r"\d{4}-(W|\d)")
_HOW = "write a week (2026-W44), a day (2026-11-03) or days with both ends (2026-11-01..2026-11-07), in UTC"


@dataclass(frozen=True, slots=True)
class Period:
    """A range of time as it was typed; `until` is not in it."""

    name: str
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Heard:
    """One recorded answer: the question, as it would be asked again, and whether it passed as far as is known.

    `passed` is what the scorers say; `disliked`: somebody found it bad. `known`: something says what a good answer is.
    """

    recording: Recording
    question: Question
    known: bool
    passed: bool
    disliked: bool

    @property
    def good(self) -> bool:
        return self.passed and not self.disliked


@dataclass(frozen=True, slots=True)
class Range:
    """A range of time as it was: how many requests there were, those looked at, and what answered most of them.

    `code_hash` is the code that did, and `pins` the versions of corpora that were searched most. Of `looked_at`
    answers, `others` were of another release or code.
    """

    period: Period
    requests: int
    heard: tuple[Heard, ...]
    release: str
    code_hash: str
    pins: Mapping[str, str]
    looked_at: int = 0
    others: int = 0


def period_of(text: str) -> Period | None:
    """The range that a text names; None where it looks like none.

    Raises Misconfigured (HF100) for one that is no range, though it looks like one.
    """
    if not _LOOKS_LIKE.match(text):
        return None
    first, dots, last = text.partition("..")
    start, end = _days(first, text), _days(last if dots else first, text)
    if end[1] <= start[0]:
        raise Misconfigured("HF100", f"'{text}' ends before it begins", _HOW)
    since, until = (datetime.combine(day, time(), UTC) for day in (start[0], end[1]))
    return Period(text, since, until)


def _days(text: str, whole: str) -> tuple[date, date]:
    """The first day of a week or a day, and the first one after it."""
    try:
        if week := _WEEK.fullmatch(text):
            monday = date.fromisocalendar(int(week[1]), int(week[2]), 1)
            return monday, monday + timedelta(days=7)
        if _DAY.fullmatch(text):
            day = date.fromisoformat(text)
            return day, day + timedelta(days=1)
    except ValueError as error:
        raise Misconfigured("HF100", f"'{whole}' is no range of time: {error}", _HOW) from error
    raise Misconfigured("HF100", f"'{whole}' is neither a release nor a range of time", _HOW)


async def read(host: Host, feature: Feature, period: Period, verify: Verifying, place: int) -> Range:
    """What was asked in a range, and how it was answered. No model is asked, and replays and evaluations are left out.

    `place` is 0 for the first range and 1 for the second. Raises NotFound (HF203) where nothing was asked in it.
    """
    where = And((Is("feature", "=", feature.name), Is("since", "=", period.since)))
    chosen = await choose(host.store, where, period.until, LOOKED_AT, verify.tenant)
    if not chosen.ids:
        raise await _empty(host, feature, period, verify.tenant)
    recordings: list[Recording] = []
    for first in range(0, len(chosen.ids), _TOGETHER):
        recordings += await host.store.recordings.whole(chosen.ids[first : first + _TOGETHER], verify.tenant)
    answered_most = Counter((each.release, each.code_hash) for each in recordings).most_common(1)[0][0]
    by_most = [each for each in recordings if (each.release, each.code_hash) == answered_most]
    reading = _Reading(host, feature, verify, await _of_file(host, feature))
    heard = [one for each in recordings if (one := await reading.heard(each, place)) is not None]
    return Range(
        period=period,
        requests=chosen.matching,
        heard=tuple(heard),
        release=answered_most[0],
        code_hash=answered_most[1],
        pins=_pins(by_most),
        looked_at=len(recordings),
        others=len(recordings) - len(by_most),
    )


async def corrected(host: Host, feature: Feature, verify: Verifying, most: int) -> tuple[Question, ...]:
    """The newest questions that somebody's correction answers, each once, and none that the feature's file has."""
    reading = _Reading(host, feature, verify, await _of_file(host, feature))
    ids: dict[str, None] = {}
    for where in (_DISLIKED, None):  # a correction may come without a score
        query = RecordingQuery(feature=feature.name, tenant=verify.tenant, where=where, limit=LOOKED_AT)
        ids |= dict.fromkeys(each.id for each in await host.store.recordings.find(query))
    found: dict[bytes, Question] = {}
    for recording in await host.store.recordings.whole(tuple(ids), verify.tenant):
        asked = canonical(recording.input)
        if len(found) < most and asked not in found and asked not in reading.cases:
            question = await reading.question(recording, 0)
            if question is not None and reading.says(question.case):
                found[asked] = replace(question, period=None)
    return tuple(found.values())


_DISLIKED: Expression = Is("feedback.score", "<", 0.0)


class _Reading:
    """Reads recordings of one feature as questions, with what is known of a good answer to each."""

    def __init__(self, host: Host, feature: Feature, verify: Verifying, cases: Mapping[bytes, Case]) -> None:
        self.cases = cases
        self._host = host
        self._feature = feature
        self._verify = verify
        self._prose = replace(verify, scorers={**verify.scorers, "exact": SaysTheSame()})

    @staticmethod
    def says(case: Case) -> bool:
        return bool(case.facts or case.gold or case.expected is not None or case.unanswerable)

    async def heard(self, recording: Recording, place: int) -> Heard | None:
        """A recorded answer and what is known of it; None where it cannot be asked again, and so not be compared."""
        question = await self.question(recording, place)
        if question is None:
            return None
        verify = self._prose if question.in_prose else self._verify
        feedback = await self._host.store.feedback.of(recording.id, recording.tenant)
        newest = next((each.score for each in reversed(feedback) if each.score is not None), 0.0)
        return Heard(
            recording=recording,
            question=question,
            known=self.says(question.case),
            passed=await verify(recording, question.case),
            disliked=newest < 0,
        )

    async def question(self, recording: Recording, place: int) -> Question | None:
        """What was asked, with what the file or else a correction says; None for an input that the feature does not
        take any more, or that held a secret."""
        host = self._host
        try:
            self._feature.parse(recording.input)
            where = Where(host.store, host.config.folder, host.feature)
            made = (await case_of(where, recording.id, Wanted(), tenant=recording.tenant)).case
        except (Refused, NotFound):
            return None
        known = self.cases.get(canonical(recording.input))
        feedback = await host.store.feedback.of(recording.id, recording.tenant)
        is_corrected = any(each.correction is not None for each in feedback)
        if known is not None:
            case = _with(made, known)
        elif is_corrected:
            case = made
        else:  # what an answer cited is not known to be right
            case = Case(id=recording.id, input=recording.input, calls=made.calls, recording=recording.id)
        in_prose = known is None and is_corrected and isinstance(case.expected, str)
        return Question(case, recording.subject, in_prose, place)


def _with(made: Case, known: Case) -> Case:
    """A recording's case with what the file says of a good answer to the same input."""
    return Case(
        id=made.id,
        input=made.input,
        expected=known.expected,
        facts=known.facts,
        gold=known.gold,
        tags=known.tags,
        calls={**made.calls, **known.calls},
        recording=made.recording,
    )


async def _of_file(host: Host, feature: Feature) -> dict[bytes, Case]:
    """The cases of the feature's file by what they ask."""
    cases = await asyncio.to_thread(read_cases, cases_file(host.config.folder, feature.name), feature.parse)
    return {canonical(case.input): case for case in cases}


def _pins(recordings: Sequence[Recording]) -> dict[str, str]:
    """The version of each corpus that most of the searches went to."""
    counts: dict[str, Counter[str]] = {}
    for recording in recordings:
        for step in recording.steps:
            if isinstance(step.effect, Retrieve):
                name, _, version = step.effect.corpus.partition("@")
                counts.setdefault(name, Counter())[version] += 1
    return {name: found.most_common(1)[0][0] for name, found in counts.items()}


async def _empty(host: Host, feature: Feature, period: Period, tenant: str) -> HoldfastError:
    """What to say of a range without a request: when the newest was."""
    newest = await host.store.recordings.find(RecordingQuery(feature=feature.name, tenant=tenant, limit=1))
    said = "there is none at all" if not newest else f"the newest started at {newest[0].started_at:%Y-%m-%d %H:%M} UTC"
    message = f"no request to '{feature.name}' started in {period.name}: {said}"
    return NotFound("HF203", message, f"holdfast recordings list --where feature={feature.name} shows when there were")
