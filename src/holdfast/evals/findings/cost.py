"""HD4xx: answers that come late, cost too much, or come from a lower rung.

Knows nothing of whether an answer is good.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence

from holdfast.evals.findings.seen import Least, Seen, Share, Words, each_slot, made
from holdfast.evals.findings.shown import attempts, generated, kinds, most, shares, slot_of
from holdfast.evals.shares import jeffreys
from holdfast.finding import Finding
from holdfast.records import Attempt, Generate, Recording, Step

_ANSWERED = 20
"""Answers below which a 95th percentile, or a mean cost, is chance."""
_CACHEABLE = 1024
"""Tokens below which vendors cache no prompt."""
_COMPARED = 50
"""Prompts whose beginnings are compared."""


def hd401(seen: Seen) -> Iterator[Finding]:
    """Answers come later than the bar allows.

    What it means: more than one in twenty waits longer than `p95_ms` of the feature's bar.

    How it is computed: over all live requests that were answered, at least 20 of them: the 95th percentile is above the
    limit, and so surely that the lower bound of the share that is slower is above 5 %. The step named takes most of the
    time of the slow ones in the sample.

    What to do: look at that step: a shorter prompt, a faster model first, a hedge, a smaller k.

    What it does not say: what people notice. With streaming, the first words may come early.
    """
    limit, p95 = seen.limits.get("p95_ms"), seen.totals.p95_ms
    answered = [each for each in seen.totals.counted if each.outcome in ("ok", "degraded", "blocked")]
    of, count = sum(each.recordings for each in answered), sum(each.slower for each in answered)
    share = jeffreys(count, of)
    if limit is None or p95 is None or share is None or of < _ANSWERED or p95 <= limit or (share.low or 0.0) <= 0.05:
        return
    slow = [each for each in seen.sample if each.ms > limit and each.outcome not in ("failed", "cancelled")]
    step, part = _largest(slow, lambda each: each.ms)
    named = f"; in the slow ones {step} takes {part:.0%} of the time" if step else ""
    said = f"One in twenty answers takes {p95:,.0f} ms or more, the bar is {limit:,.0f}: {count:,} of {of:,} are slower"
    fix = f"make {step or 'the slowest step'} faster, then holdfast eval {seen.feature} --against live"
    yield made(seen, "HD401", Share(slow, of, count), Words(f"{said}{named}.", fix), step.partition(" ")[2])


def hd402(seen: Seen) -> Iterator[Finding]:
    """Answers cost more than the bar allows.

    What it means: the mean cost of an answer is above `cost_usd` of the feature's bar.

    How it is computed: over all live requests whose cost is known, at least 20 of them. `count` are those that cost
    more than the limit. The step named costs most in the sample.

    What to do: look at that step: a cheaper model first, fewer passages, a prompt that the vendor can cache (HD405).

    What it does not say: what a wrong answer costs.
    """
    limit = seen.limits.get("cost_usd")
    of = sum(each.priced for each in seen.totals.counted)
    if limit is None or of < _ANSWERED:
        return
    mean = sum(each.cost_usd for each in seen.totals.counted) / of
    count = sum(each.dearer for each in seen.totals.counted)
    if mean <= limit or count < 3:
        return
    dear = [each for each in seen.sample if each.cost_usd is not None and each.cost_usd > limit]
    step, part = _largest(dear, _cost)
    named = f"; {step} is {part:.0%} of it" if step else ""
    said = f"An answer costs ${mean:.6f} on average, and the bar is ${limit:g}{named}. {count:,} of {of:,} cost more."
    fix = f"make {step or 'the dearest step'} cheaper, then holdfast eval {seen.feature} --against live"
    yield made(seen, "HD402", Share(dear, of, count), Words(said, fix), step.partition(" ")[2])


def hd403(seen: Seen) -> Iterator[Finding]:
    """A ladder is often degraded.

    What it means: the model that was chosen does not answer, and a lower rung does.

    How it is computed: over all live requests, those that the slot degraded; at least 5, and 5 %. Providers and errors
    are those of the newest.

    What to do: what the error asks for: a higher limit, another key, a longer wait; or another model first.

    What it does not say: that the answers are worse. `holdfast replay` with the model alone tells.
    """
    of = seen.totals.recordings
    degraded: Counter[str] = Counter()
    for each in seen.totals.counted:
        if each.slot is not None:
            degraded[each.slot] += each.recordings
    for slot, count in sorted(degraded.items()):
        if not Least(5, 0.05).reached(count, of):
            continue
        mine = [each for each in seen.wrong if each.degraded is not None and each.degraded.slot == slot]
        why = most(_faults(mine, slot)) or most(each.degraded.reason for each in mine if each.degraded is not None)
        said = f"{count:,} of {of:,} requests were answered by a lower rung of {slot}{f': {why}' if why else ''}."
        fix = f"holdfast doctor; mend the provider, or put another model first in [slots.{slot}] models"
        yield made(seen, "HD403", Share(mine, of, count), Words(said, fix), slot)


def hd404(seen: Seen) -> Iterator[Finding]:
    """Many requests need a second try.

    What it means: retries and hedges add to time and cost, before a rung is left at all.

    How it is computed: over the sample, requests with an attempt that is a retry, a hedge or a rescue; at least 5, and
    20 % of those that asked a model. The share of cost is over attempts whose price is known.

    What to do: for retries, see the errors; for hedges, the model's first token is late more often than `hedge` is
    meant for.

    What it does not say: that it would be quicker without.
    """
    again = shares(seen.sample, lambda step: bool(attempts(step)), lambda step: any(map(_again, attempts(step))))

    def say(slot: str, share: Share) -> Words:
        tries = [
            one for each in share.showing for step in each.steps if slot_of(step) == slot for one in attempts(step)
        ]
        why = most(one.detail.part for one in tries if _again(one))
        spent = sum(one.cost_usd or 0.0 for one in tries)
        extra = sum(one.cost_usd or 0.0 for one in tries if _again(one))
        cost = f", {extra / spent:.0%} of what these cost" if spent else ""
        said = f"{share} requests of {slot} needed more than one try: {why}{cost}{seen.sampled}."
        return Words(said, f"see the attempts of an example; holdfast doctor; [slots.{slot}] retries and hedge")

    yield from each_slot(seen, "HD404", again, Least(5, 0.2), say)


def hd405(seen: Seen) -> Iterator[Finding]:
    """Prompts are long and never read from the vendor's cache.

    What it means: the same beginning is paid for in full every time.

    How it is computed: over the sample, answered attempts whose tokens the vendor counted, at least 50 of a slot, with
    1,024 input tokens or more on average, none of them from the cache. The characters named are those that up to 50
    prompts of different requests begin with alike.

    What to do: what is the same for everybody goes first in the prompt, what changes last.

    What it does not say: what is saved; vendors differ.
    """
    used: dict[str, list[tuple[Recording, Attempt, str]]] = defaultdict(list)
    for recording in seen.sample:
        for step in filter(generated, recording.steps):
            for one in attempts(step):
                if one.usage is not None and not one.usage.estimated and one.error is None:
                    used[slot_of(step)].append((recording, one, _prompt(step)))
    for slot, each in sorted(used.items()):
        tokens = [usage.input_tokens + usage.cache_read_tokens for _, one, _ in each if (usage := one.usage)]
        read = any(one.usage is not None and one.usage.cache_read_tokens for _, one, _ in each)
        if read or len(each) < 50 or sum(tokens) < _CACHEABLE * len(each):
            continue
        alike = len(_beginning([prompt for _, _, prompt in each[:_COMPARED]]))
        said = f"{len(each)} prompts of {slot} have {sum(tokens) // len(each):,} tokens on average, none of them cached"
        said += f"; they begin with the same {alike:,} characters{seen.sampled}."
        words = Words(said, f"put what is the same for every request first in the prompt of [slots.{slot}]")
        yield made(seen, "HD405", Share([recording for recording, _, _ in each], len(each)), words, slot)


def hd406(seen: Seen) -> Iterator[Finding]:
    """Models are used whose price is not known.

    What it means: costs are null, budgets stop early, and the bar for `cost_usd` cannot be judged.

    How it is computed: over the sample, attempts that used tokens and have no cost; at least 3 recordings.

    What to do: write the price into `[prices]`.

    What it does not say: that it is expensive.
    """
    unpriced = shares(seen.sample, generated, lambda step: bool(list(_unpriced(step))))

    def say(slot: str, share: Share) -> Words:
        names = [
            name for each in share.showing for step in each.steps if slot_of(step) == slot for name in _unpriced(step)
        ]
        said = f"{share} requests of {slot} used a model without a price: {most(names)}{seen.sampled}."
        return Words(said, f'write its price into holdfast.toml: [prices."{Counter(names).most_common(1)[0][0]}"]')

    yield from each_slot(seen, "HD406", unpriced, Least(3), say)


CODES = (hd401, hd402, hd403, hd404, hd405, hd406)


def _largest(recordings: Sequence[Recording], of: Callable[[Step], float]) -> tuple[str, float]:
    """The kind and slot of the steps that have most of something, and which part of it; empty where there is none."""
    found: dict[str, float] = defaultdict(float)
    for recording in recordings:
        for step in recording.steps:
            found[f"{type(step.effect).__name__.lower()} {slot_of(step)}".strip()] += of(step)
    name = max(sorted(found), key=lambda each: found[each], default="")
    total = sum(found.values())
    return (name, found[name] / total) if total else ("", 0.0)


def _cost(step: Step) -> float:
    return sum(one.cost_usd or 0.0 for one in step.attempts)


def _again(one: Attempt) -> bool:
    return one.detail.part != "first"


def _faults(recordings: Iterable[Recording], slot: str) -> Iterator[str]:
    """Who failed and how, once for each request."""
    for recording in recordings:
        yield from {
            f"{one.provider}:{one.model} {kind}"
            for step in recording.steps
            if slot_of(step) == slot and kinds(step)
            for one in step.attempts
            if one.error and (kind := one.error.partition(":")[0])
        }


def _unpriced(step: Step) -> Iterator[str]:
    return (f"{one.provider}:{one.model}" for one in attempts(step) if one.usage is not None and one.cost_usd is None)


def _prompt(step: Step) -> str:
    return "\n".join(message.text for message in step.effect.messages) if isinstance(step.effect, Generate) else ""


def _beginning(texts: Sequence[str]) -> str:
    """What all different ones of them begin with."""
    first, last = min(texts), max(texts)
    if first == last:
        return first
    return first[
        : next((at for at, pair in enumerate(zip(first, last, strict=False)) if pair[0] != pair[1]), len(first))
    ]
