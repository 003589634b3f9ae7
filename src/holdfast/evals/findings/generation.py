"""HD2xx: what goes wrong while a model writes an answer.

Knows nothing of how passages were found, nor of what an answer costs.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator

from holdfast.evals.answered import citations_of, text_in
from holdfast.evals.findings.seen import Least, Seen, Share, Words, blamed, each_slot, made
from holdfast.evals.findings.shown import attempts, declines, generated, given, kinds, mended, most, shares
from holdfast.evals.shares import jeffreys
from holdfast.evaluation import CaseResult
from holdfast.finding import MAX_EXAMPLES, Finding
from holdfast.records import Generate, Generated, Recording, Step
from holdfast.support import RESTS, grounding

_HOLE = re.compile(r"(?m)^\s*(?:[\w .-]{1,40}:)?\s*(?:None|null|undefined|nan|\{\{.*\}\}|\{%.*%\})\s*$")
"""A line that is a value which is not there, alone or after its label."""
_WEIGHED = 150
"""Answers whose citations are weighed: each takes some milliseconds."""
_UNANSWERED = ("HF301", "HF302", "HF305", "HF311", "HF312")
"""Failures that mean that no model answered."""


def hd201(seen: Seen) -> Iterator[Finding]:
    """Answers are cut off.

    What it means: the model reached its limit of tokens, so that the end of the answer is missing, or its JSON is.

    How it is computed: over the sample, generations that ended with `length`; at least 3 recordings, and 1 %.

    What to do: raise `max_tokens`, or ask for less in the prompt. A model that reasons spends the same tokens on that.

    What it does not say: that what is missing mattered.
    """
    cut = shares(seen.sample, generated, lambda step: _ended(step, "length"))

    def say(slot: str, share: Share) -> Words:
        limits = {
            s.effect.sampling.max_tokens for r in share.showing for s in r.steps if isinstance(s.effect, Generate)
        }
        most_tokens = max((each for each in limits if each is not None), default=None)
        said = f"{share} answers of {slot} were cut off{seen.sampled}."
        if most_tokens is None:
            return Words(said, f"set max_tokens under [slots.{slot}], or ask for a shorter answer in the prompt")
        return Words(said, f"holdfast eval {seen.feature} --against live --set {slot}.max_tokens={most_tokens * 2}")

    yield from each_slot(seen, "HD201", cut, Least(3, 0.01), say)


def hd202(seen: Seen) -> Iterator[Finding]:
    """Answers are empty.

    What it means: a model gave no text and called no tool.

    How it is computed: over the sample, generations that are blank, or that had to be asked again since an attempt was;
    at least 3 recordings, and 1 %.

    What to do: see an example. Often all tokens went into reasoning: raise `max_tokens` or lower `reasoning_effort`.

    What it does not say: whether whoever asked saw it: a ladder goes on after a blank attempt.
    """

    def blank(step: Step) -> bool:
        result = step.result
        empty = isinstance(result, Generated) and not result.text.strip() and not result.tool_calls
        return empty or "blank" in kinds(step)

    def say(slot: str, share: Share) -> Words:
        said = f"{share} requests got an empty answer from a model of {slot}{seen.sampled}."
        return Words(said, f"raise max_tokens or lower reasoning_effort under [slots.{slot}]; see an example")

    yield from each_slot(seen, "HD202", shares(seen.sample, generated, blank), Least(3, 0.01), say)


def hd203(seen: Seen) -> Iterator[Finding]:
    """The answer says that nothing was found, although the passage that answers was given.

    What it means: the model or the prompt is too careful, or the passage is lost among the others.

    How it is computed: over the cases with gold of the newest evaluation to whose model a gold document was given,
    those that were declined; at least 3, and 5 %. Declining is known by its words, in English.

    What to do: diagnose an example: it tells a prompt from a model and from too many passages.

    What it does not say: which of the three it is.
    """
    had = [each for each in seen.tested if each.given]
    declined = Share([each.recording for each in had if declines(each.recording)], len(had))
    if Least(3, 0.05).reached(declined.count, declined.of):
        said = f"{declined} cases were declined although the document that answers was given."
        fix = f"holdfast diagnose {declined.showing[0].id}"
        yield made(seen, "HD203", declined, Words(said, fix))


def hd204(seen: Seen) -> Iterator[Finding]:
    """Citations do not bear what is said.

    What it means: a reader who follows a citation finds something else, or nothing.

    How it is computed: over 150 answers of the sample that cite, those that cite a document which was not given, or of
    whose claims fewer than half rest on the passages that they cite (support 0.2). At least 3, and 5 %.

    What to do: put the guard `grounded` over the cited passages, or say in the prompt that every sentence names its
    source.

    What it does not say: that the answer is wrong. Words of its own rest on nothing that words can tell.
    """
    share = Share()
    for recording in seen.sample:
        if share.of < _WEIGHED and citations_of(recording.output):
            share.add(recording, _unborne(recording))
    if Least(3, 0.05).reached(share.count, share.of):
        said = f"{share} answers that cite do not rest on what they cite{seen.sampled}."
        fix = "await ctx.guard('grounded', text, sources=...) with the cited passages; see an example"
        yield made(seen, "HD204", share, Words(said, fix))


def hd205(seen: Seen) -> Iterator[Finding]:
    """Replies do not match what was asked for, and are asked for again.

    What it means: every such answer is paid for twice and comes late; some do not come at all (HF303).

    How it is computed: over the sample, generations of which an attempt broke the schema or a tool's parameters, or
    that were followed in the same pass by one that shows the model its own reply. At least 3 recordings, and 2 %.

    What to do: a simpler output type, or a stronger model first.

    What it does not say: which field is hard. The message to the model in an example does.
    """
    again = mended(seen.sample)

    def say(slot: str, share: Share) -> Words:
        said = (
            f"{share} requests had a reply of {slot} that did not match its type and was asked for again{seen.sampled}."
        )
        return Words(said, f"simplify the output type, or put a stronger model first in [slots.{slot}] models")

    yield from each_slot(seen, "HD205", again, Least(3, 0.02), say)


def hd206(seen: Seen) -> Iterator[Finding]:
    """The prompt has holes where values should stand.

    What it means: a field was empty, or a name in the template is not the one that the feature gives.

    How it is computed: over the sample, generations with a line in their messages that is only `None`, `null`,
    `undefined`, `nan` or an unfilled `{{ }}`, alone or after a label; at least 3 recordings, and 1 %.

    What to do: write `{% if ... %}` around what may be missing.

    What it does not say: that the answer suffered. A document may hold such a line of its own.
    """

    def hole(step: Step) -> bool:
        effect = step.effect
        return isinstance(effect, Generate) and any(_HOLE.search(each.text) for each in effect.messages)

    def say(slot: str, share: Share) -> Words:
        return Words(
            f"{share} prompts of {slot} have an empty value where something should stand{seen.sampled}.",
            f"put {{% if %}} around it in the prompt of [slots.{slot}]; an example's messages show the line",
        )

    yield from each_slot(seen, "HD206", shares(seen.sample, generated, hole), Least(3, 0.01), say)


def hd207(seen: Seen) -> Iterator[Finding]:
    """Cases waver: they pass at times.

    What it means: what people get depends on luck, and an evaluation that asks once says little.

    How it is computed: over the cases that the newest evaluation asked more than once, those that neither always passed
    nor always failed; at least 2 of them. What a provider's fault prevented does not count.

    What to do: a lower temperature, a clearer rule in the prompt; and ask every case as often before you compare.

    What it does not say: why. Diagnose an example; a verifier may waver as well.
    """
    asked: dict[str, list[CaseResult]] = defaultdict(list)
    for result in seen.results:
        if result.fault is None:
            asked[result.case].append(result)
    often = {case: results for case, results in asked.items() if len(results) > 1}
    wavering = {case: each for case, each in often.items() if 0 < sum(one.passed for one in each) < len(each)}
    if len(wavering) < 2:
        return
    recordings = [next(one.recording for one in each if not one.passed) for each in wavering.values()]
    at = seen.evaluated_at or seen.looked_at
    yield Finding(
        code="HD207",
        about=seen.feature,
        said=f"{len(wavering)} of {len(often)} cases that were asked more than once passed at times.",
        fix=f"holdfast diagnose {recordings[0]}",
        count=len(wavering),
        of=len(often),
        share=jeffreys(len(wavering), len(often)),
        examples=tuple(recordings[:MAX_EXAMPLES]),
        first_seen_at=at,
        last_seen_at=at,
    )


def hd208(seen: Seen) -> Iterator[Finding]:
    """Another model answered than the one that was asked for.

    What it means: a vendor moved a name to a newer model, or a proxy routes as it likes; evaluations of before speak of
    another model.

    How it is computed: over the sample, generations of which an attempt says that it was served by a model whose name
    neither begins with the one that was asked for nor the other way round. At least 3 recordings.

    What to do: name the dated model, and evaluate with it.

    What it does not say: that the other model is worse.
    """
    other = shares(seen.sample, generated, lambda step: bool(list(_others(step))))

    def say(slot: str, share: Share) -> Words:
        names = [name for each in share.showing for step in each.steps for name in _others(step)]
        said = f"{share} requests of {slot} were served by another model: {most(names)}{seen.sampled}."
        return Words(
            said, f"name a dated model in [slots.{slot}] models, then holdfast eval {seen.feature} --against live"
        )

    yield from each_slot(seen, "HD208", other, Least(3), say)


def hd209(seen: Seen) -> Iterator[Finding]:
    """Requests fail because no model answered.

    What it means: every rung of a ladder was down, out of quota, too slow, or refused the request.

    How it is computed: over all live requests, those that failed with HF301, HF302, HF305, HF311 or HF312; at least 3,
    and 1 %. The errors are those of the newest that failed.

    What to do: a rung of another provider, or `extractive` as the last one.

    What it does not say: whose fault it is; `holdfast drill` shows what such a fault does.
    """
    failed = [each for each in seen.totals.counted if each.failure in _UNANSWERED]
    count, of = sum(each.recordings for each in failed), seen.totals.recordings
    if not Least(3, 0.01).reached(count, of):
        return
    mine = [each for each in seen.wrong if each.failure is not None and each.failure.code in _UNANSWERED]
    met = most(kind for each in mine for step in each.steps for kind in dict.fromkeys(kinds(step)))
    said = f"{count:,} of {of:,} requests failed because no model answered{f': {met}' if met else ''}."
    fix = "add a rung of another provider, or extractive as the last one; holdfast drill shows what a fault does"
    yield made(seen, "HD209", Share(mine, of, count), Words(said, fix))


def hd210(seen: Seen) -> Iterator[Finding]:
    """A content filter of a provider stops answers.

    What it means: the vendor took question, passages or answer for something it does not write about.

    How it is computed: over the sample, generations that ended with `content_filter` or met the fault `filtered`; at
    least 3 recordings, and 0.5 %.

    What to do: `on_filtered = "next_rung"` where another vendor may answer, or have the vendor lower its filter.

    What it does not say: whether the filter was right.
    """
    stopped = shares(seen.sample, generated, lambda step: _ended(step, "content_filter") or "filtered" in kinds(step))

    def say(slot: str, share: Share) -> Words:
        said = f"{share} requests of {slot} were stopped by a provider's filter{seen.sampled}."
        return Words(said, f'set on_filtered = "next_rung" under [slots.{slot}], or have the vendor lower its filter')

    yield from each_slot(seen, "HD210", stopped, Least(3, 0.005), say)


def hd211(seen: Seen) -> Iterator[Finding]:
    """Diagnoses come to the prompt or the model.

    What it means: of the answers that were looked into one by one, many had what they needed and were written badly.

    How it is computed: diagnoses of the window with the verdict `prompt` or `model`; at least 3, and a fifth of those
    that came to any verdict.

    What to do: the fix that came first most often; evaluate it before it is released.

    What it does not say: a share of all answers. Only answers that somebody chose were diagnosed.
    """
    yield from blamed(seen, "HD211", ("prompt", "model"), "the prompt or the model")


CODES = (hd201, hd202, hd203, hd204, hd205, hd206, hd207, hd208, hd209, hd210, hd211)


def _ended(step: Step, reason: str) -> bool:
    return isinstance(step.result, Generated) and step.result.stop_reason == reason


def _unborne(recording: Recording) -> bool:
    """Whether an answer cites what it was not given, or mostly says what the passages that it cites do not."""
    passages = given(recording)
    documents = {each.document for each in passages}
    citations = citations_of(recording.output)
    if any(each.document not in documents for each in citations):
        return True
    chunks = {(each.document, each.chunk) for each in citations}
    texts = [each.text for each in passages if (each.document, each.chunk) in chunks]
    return bool(texts) and grounding(text_in(recording.output), texts, threshold=RESTS).share < 0.5


def _others(step: Step) -> Iterator[str]:
    """The models that served instead of the one asked for, as in `gpt-5-mini by gpt-5-nano`."""
    for one in attempts(step):
        served = one.detail.served
        if served and not served.startswith(one.model) and not one.model.startswith(served):
            yield f"{one.model} by {served}"
