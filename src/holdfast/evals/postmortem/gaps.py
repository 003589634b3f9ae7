"""What is not known of an incident, and what to type to find out.

Knows nothing of how anything was found.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from holdfast.evals.postmortem.asked_again import INPUTS
from holdfast.evals.postmortem.document import Claim, Counts, Gap
from holdfast.evals.postmortem.finding import MOST
from holdfast.evals.postmortem.proving import best
from holdfast.evals.postmortem.timeline import Known


@dataclass(frozen=True, slots=True)
class Looked:
    """What was looked at, and what was found."""

    known: Known
    counts: Counts
    fixed: Sequence[Claim]
    has_case: bool


def gaps(looked: Looked) -> tuple[Gap, ...]:
    """The gaps, the weightiest first."""
    return (*_why(looked), *_fixed(looked), *_case(looked), *_counted(looked))


def _why(looked: Looked) -> Iterator[Gap]:
    known = looked.known
    told, main = best(known), known.found.main.id
    if told is None:
        yield Gap(said="Which part failed is not known: no diagnosis was made.", do=f"holdfast diagnose {main}")
    elif told.verdict == "unknown":
        more = "" if told.next_test is None else f" What would tell most: {told.next_test.said}."
        more = more if known.quotes else ""
        yield Gap(said=f"Which part failed is not known: the diagnosis was not sure enough.{more}")
    elif told.question is not None and told.decided is None:
        do = f"holdfast cases from-diagnosis {told.id} --right READING --rule SENTENCE"
        yield Gap(said="What a good answer says is not decided: the diagnosis asks which reading is right.", do=do)
    if known.found.signature.outcome == "ok" and len(known.found.failures) > 1:
        said = "Whether these answers were bad for one reason is not known: what they share is that somebody said so."
        yield Gap(said=said, do=f"holdfast diagnose {main}")
    if not known.quotes:
        yield Gap(said="What people wrote is left out: it was asked for, or it rests on restricted documents.")


def _fixed(looked: Looked) -> Iterator[Gap]:
    known = looked.known
    again, main = known.again, known.found.main.id
    if not looked.fixed:
        asked = [each for each in again.inputs if again.asked_since(each)]
        why = "none of the inputs that failed was asked again" if not asked else "nothing shows that an answer passes"
        yield Gap(said=f"It was not seen to be fixed: {why}.", do=f"holdfast replay {main} --fresh generate")
    elif failing := again.failing_still():
        said = f"{failing} of {len(again.inputs)} inputs that failed were asked again, and are not seen to pass."
        yield Gap(said=said, do=f"holdfast replay {main} --fresh generate")
    if looked.fixed and (silent := [each for each in again.inputs if not again.asked_since(each)]):
        yield Gap(said=f"{len(silent)} of {len(again.inputs)} inputs that failed were not asked again.")


def _case(looked: Looked) -> Iterator[Gap]:
    if not looked.has_case:
        do = f"holdfast cases from-recording {looked.known.found.main.id} --must-pass"
        yield Gap(said="Nothing keeps it from returning unseen: no case asks this.", do=do)


def _counted(looked: Looked) -> Iterator[Gap]:
    counts, found = looked.counts, looked.known.found
    if counts.unnamed:
        said = f"Who was affected is not known of {counts.unnamed} of {counts.failures} failures: they name no subject."
        yield Gap(said=said)
    if not counts.bad and not counts.good:
        yield Gap(said="What those who asked thought is not known: nobody rated these answers.")
    if not found.whole or counts.requests >= MOST:
        yield Gap(said=f"Which share failed is not known, and counts may be too low: {MOST} recordings are looked at.")
    if not looked.known.again.whole:
        yield Gap(said=f"Not every input was looked for again: those of the newest {INPUTS} failures were.")
