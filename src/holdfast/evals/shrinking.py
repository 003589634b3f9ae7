"""A failing case made the least that still fails in the same way, asked as an evaluation asks.

Knows nothing of which part of an input is left out (see `minimise`).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from msgspec import Struct
from msgspec.structs import replace

from holdfast.contracts import Progress, silent
from holdfast.errors import Refused
from holdfast.evals.answered import citations_of, passages_of, text_in
from holdfast.evals.evaluate import asking
from holdfast.evals.facts import tokens
from holdfast.evals.host import Host
from holdfast.evals.minimise import Spent, least
from holdfast.evaluation import Case, CaseResult, Evaluation
from holdfast.identity import canonical, new_id
from holdfast.records import Json, Recording
from holdfast.release import Release
from holdfast.runtime.feature import AT_MOST, Bar
from holdfast.runtime.tape import Tape

TIMES = 3
"""How often in a row an input must fail: what fails by chance half of the time does so once in eight."""
MOST_PROBES = 200
_OUTAGE = "outage"
_UNREACHED = frozenset({"HF301", "HF302", "HF305", "HF311"})
_ALIKE = 0.5
"""The share that two answers have in common of their words, and of their sources, which are taken for the same."""


class Shrunk(Struct, frozen=True, kw_only=True):
    """The least case that was found to fail, for the same `reasons` as the whole one (scorers, guards, error codes).

    `minimal`: whatever single part is left out of its input, it fails no more, or differently. `probes` is how many
    requests were made, each of them a recording of `evaluation`. `before` and `after` are the lengths of the inputs as
    JSON, in characters.
    """

    case: Case
    reasons: tuple[str, ...]
    minimal: bool
    probes: int
    before: int
    after: int
    evaluation: str


class Search(Struct, frozen=True, kw_only=True):
    """How far to look: at most so many requests, telling `progress` of each."""

    most_probes: int = MOST_PROBES
    progress: Progress = silent


SEARCH = Search()


async def shrunk(host: Host, recording: Recording, case: Case, search: Search = SEARCH) -> Shrunk:
    """The least case that still fails as the given one does, which is a recording's, under the recording's release.

    Each probe is asked like a case of an evaluation: nothing live, the corpus versions of the recording, its
    generations remembered where a probe asks for the very same. An input is taken only when it fails `TIMES` times in a
    row, for the same reasons, with a like answer (the same documents cited, or else half of the words) and from like
    sources (half of the documents, and every gold one that the whole case found). So what is left is the same mistake,
    and not just a question that is too short to be answered; whether what is expected still answers it, nobody but a
    person can say. At the end it is asked afresh, and where it does not fail every time, the one before it is taken.
    Raises Refused (HF722) where the whole case does not fail every time; what a probe comes to is never raised.
    """
    release = await host.store.releases.get(recording.release)
    probing = _Probing(host, recording, case, release, search)
    await probing.begin()
    found = await least(case.input, probing.fails, probing.possible)
    chain, minimal = list(found.chain), found.minimal
    while len(chain) > 1 and not await probing.sure(chain[-1]):
        chain.pop()
        minimal = False
    return Shrunk(
        case=replace(case, input=chain[-1]),
        reasons=tuple(sorted(probing.reasons)),
        minimal=minimal,
        probes=probing.asked,
        before=len(canonical(case.input).decode()),
        after=len(canonical(chain[-1]).decode()),
        evaluation=probing.evaluation,
    )


class _Probing:
    """Asks parts of one case, and knows in which way the whole of it failed."""

    def __init__(self, host: Host, recording: Recording, case: Case, release: Release, search: Search) -> None:
        feature = host.feature(recording.feature)
        evaluation = Evaluation(
            id=new_id("min"),
            feature=feature.name,
            release=release.id,
            code_hash=feature.code_hash,
            started_at=datetime.now(UTC),
            cases=1,
            pins=dict(Tape.of(recording).pins),
            tenant=recording.tenant,
        )
        self._host = host
        self._case = case
        self._tenant = recording.tenant
        self._feature = feature
        self._release = release
        self._search = search
        self._ask = asking(host, evaluation, release, {(case.id, 0): recording.id})
        self._whole: list[Recording] = []
        self.evaluation = evaluation.id
        self.reasons: frozenset[str] = frozenset()
        self.asked = 0

    async def begin(self) -> None:
        """Ask the whole case afresh and learn how it fails. Raises Refused (HF722)."""
        await self._host.keep(self._release)
        came = [await self._came(self._case.input, repeat) for repeat in range(1, TIMES + 1)]
        self.reasons = frozenset.intersection(*(reasons for reasons, _ in came))
        self._whole = [recording for _, recording in came]
        if _OUTAGE in self.reasons:
            message = f"no model that was to be asked answered: {_outage(self._whole[0])}"
            raise Refused("HF722", message, "minimise it where they can be asked; holdfast doctor says what is missing")
        if self.reasons:
            return
        failed = sum(bool(reasons) for reasons, _ in came)
        if failed:
            message = f"the case fails, but not every time in the same way: {failed} of {TIMES} times"
            raise Refused("HF722", message, "leave out --minimise; holdfast eval --repeat 10 shows how often it fails")
        message = "the case does not fail: nothing that is known of a good answer is missed"
        raise Refused("HF722", message, "send feedback with a correction first, or leave out --minimise")

    def possible(self, value: Json) -> bool:
        """Whether the feature takes it."""
        try:
            self._feature.parse(value)
        except Refused:
            return False
        return True

    async def fails(self, value: Json) -> bool:
        """Whether it fails as the whole case does, every time. Raises Spent."""
        for repeat in range(TIMES):
            if self.asked >= self._search.most_probes:
                raise Spent
            if not self._same(*await self._came(value, repeat)):
                return False
        return True

    async def sure(self, value: Json) -> bool:
        """Whether it fails every time, asked afresh; what was learned before does not count."""
        for repeat in range(1, TIMES + 1):
            if not self._same(*await self._came(value, repeat)):
                return False
        return True

    async def _came(self, value: Json, repeat: int) -> tuple[frozenset[str], Recording]:
        """Why an input fails, empty where it does not, and its recording."""
        result = await self._ask(replace(self._case, input=value), repeat)
        self.asked += 1
        self._search.progress("requests", self.asked, self._search.most_probes)
        recording = await self._host.store.recordings.get(result.recording, self._tenant)
        return frozenset(_reasons(result, recording, self._feature.bar)), recording

    def _same(self, reasons: frozenset[str], recording: Recording) -> bool:
        gold = {gold.document for gold in self._case.gold}
        return self.reasons <= reasons and any(
            _alike(recording.output, whole.output) and _from_alike(recording, whole, gold) for whole in self._whole
        )


def _reasons(result: CaseResult, recording: Recording, bar: Bar | None) -> Sequence[str]:
    """Why a case did not pass, as names that stay the same from answer to answer."""
    if not result.wrong:
        return ()
    if _outage(recording) is not None:
        return (_OUTAGE,)
    if recording.failure is not None:
        return (recording.failure.code,)
    if recording.degraded is not None:
        return (f"degraded {recording.degraded.slot}",)
    limits = {} if bar is None else {name: limit for name, limit in bar.limits.items() if name not in AT_MOST}
    found = [
        score.scorer
        for score in result.scores
        if score.error is not None
        or score.value is False
        or (isinstance(score.value, float) and score.value < limits.get(score.scorer, float(score.scorer == "facts")))
    ]
    if recording.blocked is not None:
        found.append(f"guard {recording.blocked.guard}")
    return found


def _outage(recording: Recording) -> str | None:
    """Why models could not be asked, which no part of the input changes; None where they could."""
    if recording.failure is not None and recording.failure.code in _UNREACHED:
        return recording.failure.message
    if recording.degraded is not None and not recording.degraded.reason.startswith("guard "):
        return recording.degraded.reason
    return None


def _from_alike(one: Recording, whole: Recording, gold: set[str]) -> bool:
    """Whether half of the documents that either found both did, and all the gold that the whole case found."""
    found, before = ({passage.document for passage in passages_of(each)} for each in (one, whole))
    return len(found & before) >= _ALIKE * len(found | before) and before & gold <= found


def _alike(one: Json, other: Json) -> bool:
    """Whether two outputs are the same answer, or the same lack of one."""
    cited = [{citation.document for citation in citations_of(output)} for output in (one, other)]
    if any(cited):
        return cited[0] == cited[1]
    words = [set(tokens(text_in(output))) for output in (one, other)]
    if any(words):
        return len(words[0] & words[1]) >= _ALIKE * len(words[0] | words[1])
    return bool(one == other)
