"""What came of sorting a feature's failures, as a report: each kind with its share, verdict, examples and fixes.

Knows nothing of how failures were found or diagnosed.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from msgspec.structs import replace

from holdfast.diagnosis import NextTest
from holdfast.evals.diagnose.agreeing import Agreed, agreed, fixes_among, verdicts
from holdfast.evals.diagnose.gathering import Gathered
from holdfast.evals.diagnose.kinds import Kind, effective
from holdfast.evals.diagnose.signs import in_words
from holdfast.evals.diagnose.telling import MEANS
from holdfast.evals.shares import jeffreys
from holdfast.failures import Cluster, Failures
from holdfast.identity import new_id
from holdfast.judgement import Interval

_EXAMPLES = 5


def reported(gathered: Gathered, kinds: Sequence[Kind], begun: Failures) -> Failures:
    """The report that was begun, with what came of each kind of the feature's failures, the biggest first."""
    independent = effective([seen for kind in kinds for seen in kind.seen])
    clusters = [_cluster(kind, gathered.looked_at, independent) for kind in kinds]
    return replace(
        begun,
        id=new_id("fs"),
        finished_at=datetime.now(UTC),
        clusters=tuple(sorted(clusters, key=lambda each: (-each.count, each.examples))),
        of=gathered.live + gathered.evaluated,
        live=gathered.live,
        evaluated=gathered.evaluated,
        looked_at=gathered.looked_at,
        distinct=len(gathered.failing),
        undiagnosed=sum(each.count for each in clusters if each.verdict == "unknown"),
    )


def _cluster(kind: Kind, of: int, independent: float) -> Cluster:
    said = agreed(kind.diagnoses)
    share = jeffreys(kind.count / of * independent, independent)
    assert share is not None
    typical = [each.failing.recording.id for each in kind.examples(_EXAMPLES)]
    looked_into = [each.recording for each in kind.looked_into]
    return Cluster(
        verdict=said.verdict,
        said=_headline(said, kind.count, of),
        probability=said.probability,
        probabilities=said.probabilities,
        parts=said.parts,
        count=kind.count,
        distinct=len(kind.seen),
        share=Interval(share.estimate, share.low, share.high),
        signs=in_words(kind.weights()),
        examples=tuple(dict.fromkeys([*looked_into, *typical]))[:_EXAMPLES],
        looked_into=tuple(kind.looked_into),
        fixes=fixes_among(kind.diagnoses, said.verdict),
        note=_note(kind, said),
        next_test=_next_test(kind, said),
    )


def _headline(said: Agreed, count: int, of: int) -> str:
    """As in "31 of 74 failures: ranking, 96%: it is found, and does not get into the prompt"."""
    verdict = said.verdict.replace("_", " ")
    if said.verdict == "interaction":
        verdict = f"interaction of {' and '.join(part.replace('_', ' ') for part in said.parts)}"
    sure = "" if said.verdict == "unknown" else f", {said.probability:.0%}"
    return f"{count} of {of} failures: {verdict}{sure}: {MEANS[said.verdict]}"


def _next_test(kind: Kind, said: Agreed) -> NextTest | None:
    """The cheapest of what would tell most, where there is no verdict."""
    tests = [each.next_test for each in kind.diagnoses if each.next_test is not None]
    return None if said.verdict != "unknown" else min(tests, key=lambda each: each.calls, default=None)


def _note(kind: Kind, said: Agreed) -> str | None:
    """Why there is no verdict, in a sentence; None where there is one."""
    if said.verdict != "unknown":
        return None
    differing = verdicts(kind.diagnoses)
    if len(differing) > 1:
        each = [
            f"{verdict.replace('_', ' ')} ({', '.join(d.recording for d in kind.diagnoses if d.verdict == verdict)})"
            for verdict in differing
        ]
        return f"its examples differ, and the facts do not tell them apart: {', '.join(each)}"
    if kind.diagnoses:
        likeliest = max(said.probabilities, key=lambda name: said.probabilities[name])
        return f"the likeliest is {likeliest.replace('_', ' ')}, {said.probability:.0%}, which is not sure enough"
    refused = [each.refused for each in kind.looked_into if each.refused] + [
        each.refused for each in kind.seen if each.refused
    ]
    return refused[0] if refused else "none of it was diagnosed"
