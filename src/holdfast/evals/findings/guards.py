"""HD3xx: guards that stop what is good, let pass what is not, or cost more than they bring.

Knows nothing of how a guard judges.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping

from holdfast.evals.findings.seen import Least, Seen, Share, Words, blamed, each_slot, made
from holdfast.evals.findings.shown import checked, passes_of, shares
from holdfast.finding import Finding
from holdfast.records import Check, Checked, Failed, Recording, Step
from holdfast.release import GuardSlot


def hd301(seen: Seen) -> Iterator[Finding]:
    """A guard objects to answers that people find good.

    What it means: it is too strict, and every false alarm costs another try, a safe answer or a block.

    How it is computed: over the newest recordings that people rated good and that the guard judged, those it objected
    to in any pass; at least 3, and 5 %.

    What to do: lower its threshold, or let it only flag, and evaluate both.

    What it does not say: that the answer which was stopped was good: after a retry, people rated the one that followed.
    """
    objected = shares(seen.liked, checked, _objects)

    def say(guard: str, share: Share) -> Words:
        said = f"Guard {guard} objected to {share} answers that people rated good."
        fix = f"holdfast eval {seen.feature} --against live --set {guard}.on_fail=flag, or with a lower threshold"
        return Words(said, fix)

    yield from each_slot(seen, "HD301", objected, Least(3, 0.05), say)


def hd302(seen: Seen) -> Iterator[Finding]:
    """A guard never objects.

    What it means: it costs time and protects from nothing, or its threshold is out of reach.

    How it is computed: over the sample, a guard that judged at least 200 requests and passed all of them: the true
    share is below 1.3 %, at 95 % confidence. Answers that it passed and that people rated bad are counted beside it.

    What to do: give it a case that it must stop. If it passes that too, raise its threshold.

    What it does not say: that it is not needed. What it is for may be rare.
    """
    passed = shares(seen.sample, checked, lambda step: not _objects(step))
    objected = shares(seen.sample, checked, _objects)
    bad = shares(seen.disliked, checked, lambda step: not _objects(step))
    never = {guard: share for guard, share in passed.items() if not objected[guard].count and share.of >= 200}

    def say(guard: str, share: Share) -> Words:
        said = f"Guard {guard} judged {share.of:,} requests and objected to none{seen.sampled}"
        rated = bad.get(guard, Share())
        said += f"; it passed {rated} that people rated bad." if rated.count else "."
        return Words(
            said, f"add a case that it must stop, and raise its threshold under [guards.{guard}] until it does"
        )

    yield from each_slot(seen, "HD302", never, Least(200), say)


def hd303(seen: Seen) -> Iterator[Finding]:
    """A guard fails to judge.

    What it means: the answer was given without having been judged, or the request failed because of the guard.

    How it is computed: over the sample, checks that ended in an error; at least 3 recordings, and 1 %.

    What to do: see the error in an example; a guard that asks a model needs a ladder with more than one rung.

    What it does not say: what it would have said.
    """
    failed = shares(seen.sample, checked, lambda step: isinstance(step.result, Failed))

    def say(guard: str, share: Share) -> Words:
        codes = {s.result.code for r in share.showing for s in r.steps if checked(s) and isinstance(s.result, Failed)}
        said = f"Guard {guard} failed to judge {share} requests ({', '.join(sorted(codes))}){seen.sampled}."
        return Words(said, "see the step's error: holdfast recordings show ID")

    yield from each_slot(seen, "HD303", failed, Least(3, 0.01), say)


def hd304(seen: Seen) -> Iterator[Finding]:
    """Trying again never satisfies a guard.

    What it means: `on_fail = "retry"` makes people wait and pay for answers that are stopped all the same.

    How it is computed: over the sample, recordings of a release that retries for the guard, in which it objected to the
    first pass and judged another one; those whose last pass it did not pass either. At least 5, and 80 %.

    What to do: go to the next rung instead, or give the safe answer at once.

    What it does not say: that the guard is right.
    """
    hopeless = {guard: Share([r for r, last in each if not last], len(each)) for guard, each in _retried(seen).items()}

    def say(guard: str, share: Share) -> Words:
        said = f"After an objection of guard {guard} another try passed it {share.of - share.count} of {share.of} times"
        fix = f"holdfast eval {seen.feature} --against live --set {guard}.on_fail=next_rung"
        return Words(f"{said}{seen.sampled}.", fix)

    yield from each_slot(seen, "HD304", hopeless, Least(5, 0.8), say)


def hd305(seen: Seen) -> Iterator[Finding]:
    """The next rung always passes a guard that the first one does not.

    What it means: the first model is paid for, waited for and thrown away.

    How it is computed: over the sample, recordings of a release that goes to the next rung for the guard; those in
    which it objected to the first pass and passed the last one. At least 10; nine in ten of those it objected to; and
    a tenth of all that it judged.

    What to do: put the next rung first, if what it costs allows.

    What it does not say: what that costs. The evaluation does.
    """
    judged = shares(seen.sample, checked, _objects)
    for guard, each in _retried(seen, "next_rung").items():
        passed = Share([recording for recording, last in each if last], len(each))
        if not (
            Least(10, 0.9).reached(passed.count, passed.of) and Least(10, 0.1).reached(passed.of, judged[guard].of)
        ):
            continue
        said = f"Of {judged[guard].of:,} requests guard {guard} sent {passed.of} to the next rung, which passed"
        fix = f"holdfast eval {seen.feature} --against live, with the next rung first in the slot's models"
        words = Words(f"{said} {passed.count} of them{seen.sampled}.", fix)
        yield made(seen, "HD305", passed, words, guard)


def hd306(seen: Seen) -> Iterator[Finding]:
    """A guard blocks many requests.

    What it means: people get a safe answer, or none, where they asked for something.

    How it is computed: over all live requests, those that the guard blocked; at least 5, and 10 %.

    What to do: diagnose an example: it says whether the guard or what it judges is at fault.

    What it does not say: whether the guard is right.
    """
    of = seen.totals.recordings
    for guard, count in _blocked(seen):
        if not Least(5, 0.1).reached(count, of):
            continue
        mine = [each for each in seen.wrong if each.blocked is not None and each.blocked.guard == guard]
        said = f"Guard {guard} blocked {count:,} of {of:,} requests."
        fix = f"holdfast diagnose {mine[0].id}" if mine else "holdfast recordings list --where outcome=blocked"
        yield made(seen, "HD306", Share(mine, of, count), Words(said, fix), guard)


def hd307(seen: Seen) -> Iterator[Finding]:
    """Diagnoses come to a guard.

    What it means: of the answers that were looked into one by one, many pass without the guard.

    How it is computed: diagnoses of the window with the verdict `guard`; at least 3, and a fifth of those that came to
    any verdict.

    What to do: the fix that came first most often; evaluate it before it is released.

    What it does not say: a share of all answers. Only answers that somebody chose were diagnosed.
    """
    yield from blamed(seen, "HD307", ("guard",), "a guard")


CODES = (hd301, hd302, hd303, hd304, hd305, hd306, hd307)


def _objects(step: Step) -> bool:
    return isinstance(step.result, Checked) and not step.result.verdict.passed


def _retried(seen: Seen, on_fail: str = "retry") -> Mapping[str, list[tuple[Recording, bool]]]:
    """By guard, the recordings in which it objected to a first pass and judged another one, as its release asks for;
    and whether it passed the last."""
    found: dict[str, list[tuple[Recording, bool]]] = defaultdict(list)
    for recording in seen.sample:
        for guard in sorted({step.effect.guard for step in recording.steps if isinstance(step.effect, Check)}):
            passed = list(passes_of(recording, guard))
            if len(passed) > 1 and not passed[0] and _on_fail(seen, recording, guard) == on_fail:
                found[guard].append((recording, passed[-1]))
    return found


def _on_fail(seen: Seen, recording: Recording, guard: str) -> str:
    release = seen.releases.get(recording.release)
    slot = release.slots.get(guard) if release is not None else None
    return slot.on_fail if isinstance(slot, GuardSlot) else ""


def _blocked(seen: Seen) -> list[tuple[str, int]]:
    found: dict[str, int] = defaultdict(int)
    for each in seen.totals.counted:
        if each.guard is not None:
            found[each.guard] += each.recordings
    return sorted(found.items())
