"""A diagnosis in words. Knows nothing of how it was come to, and never says more than was seen: with a substitution an
answer passes, which is not to say that what it replaced is the one cause.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from holdfast.diagnosis import Diagnosis, Fact, NextTest, Planted, Reading, Tried, Verdict, Verifier
from holdfast.evals.answered import passages_of, text_in
from holdfast.evals.diagnose.examined import Examined
from holdfast.evals.diagnose.gold import Located
from holdfast.evals.diagnose.planning import Option, Said
from holdfast.evals.diagnose.posterior import Key
from holdfast.evals.diagnose.substituting import Made
from holdfast.evals.diagnose.tables import SIGNS
from holdfast.evals.shares import jeffreys
from holdfast.evaluation import Case
from holdfast.identity import canonical
from holdfast.records import Json

MEANS: Mapping[Verdict, str] = {
    "provider": "the provider did not give what was asked of it",
    "guard": "a guard stopped or changed an answer that passes",
    "data": "the sources do not say what was expected",
    "retrieval": "the sources say it, and the search does not find it",
    "ranking": "it is found, and does not get into the prompt",
    "context_noise": "it is in the prompt, among too much else",
    "prompt": "with another prompt it passes",
    "model": "with another model it passes",
    "task": "what was expected is wrong or undecided",
    "verifier": "the answer is good, and whoever judged it erred",
    "intermittent": "asked again, it passes more often than not",
    "interaction": "two parts at once: mending one of them is not enough",
    "unknown": "nothing is likely enough to be said",
}


_LISTED, _WORTH = 3, 0.02
UNSAID = "what was expected"
"""The reading of what was expected where no words say it, as in a case with gold alone."""


def headline(diagnosis: Diagnosis) -> str:
    """The verdict in a line, as in "Ranking, 86% (ranking 86, retrieval 9, prompt 3, other 2): it is found, and does
    not get into the prompt"."""
    ordered = sorted(diagnosis.probabilities.items(), key=lambda item: -item[1])
    shown = [(name, chance) for name, chance in ordered if chance >= _WORTH][:_LISTED]
    parts = [f"{_worded(name)} {chance:.0%}".removesuffix("%") for name, chance in shown]
    if (other := 1 - sum(chance for _, chance in shown)) >= 0.005:
        parts.append(f"other {other:.0%}".removesuffix("%"))
    verdict = _worded(diagnosis.verdict)
    if diagnosis.verdict == "interaction":
        verdict = f"interaction of {' and '.join(map(_worded, diagnosis.parts))}"
    chance = "" if diagnosis.verdict == "unknown" else f", {diagnosis.probability:.0%}"
    return f"{verdict[0].upper()}{verdict[1:]}{chance} ({', '.join(parts)}): {MEANS[diagnosis.verdict]}"


def _worded(name: str) -> str:
    return name.replace("_", " ")


def because(said: Said, facts: Sequence[Fact], tried: Sequence[Tried], verifier: Verifier) -> tuple[str, ...]:
    """The evidence, in sentences: facts that speak for or against, then what was tried, then who judged."""
    sentences = [f"{fact.said}." for fact in facts if fact.said and _speaks(fact, said)]
    again = next((each for each in tried if each.substitution == "again"), None)
    sentences += [_sentence(each, again) for each in tried]
    sentences.append(
        f"Judged by {verifier.name}, which finds {verifier.sensitivity:.0%} of good answers good and"
        f" {verifier.specificity:.0%} of bad ones bad{_measured(verifier)}."
    )
    return tuple(sentence[0].upper() + sentence[1:] for sentence in sentences)


def on_planted(verdict: Verdict, planted: Sequence[Planted]) -> tuple[str, ...]:
    """How often this verdict was right of faults that were planted in the feature; nothing without a calibration."""
    if not planted:
        return ()
    if verdict == "unknown":
        all_ = sum(each.count for each in planted)
        unsaid = sum(each.count for each in planted if each.said == verdict)
        return (f"Of {all_} faults planted in this feature, {unsaid} were left unknown.",)
    mine = [each for each in planted if each.said == verdict]
    right, all_ = sum(each.count for each in mine if each.planted == verdict), sum(each.count for each in mine)
    if not all_:
        return ("On faults planted in this feature this verdict was never given.",)
    times = "time" if all_ == 1 else "times"
    return (f"On faults planted in this feature this verdict was right {right} of {all_} {times}.",)


def next_test(
    option: Option | None,
    examined: Examined,
    made: Mapping[Key, Made],
    count: int,
    each_usd: float | None,
    *,
    unset: bool = False,
) -> NextTest:
    """What would tell most: a model that is set up, a label where none is known, else the substitution that is expected
    to."""
    if unset:
        said = "set up the model that is asked first: holdfast doctor says what is missing"
        return NextTest(substitution=None, said=said)
    if examined.grade == "none" and examined.recording.steps:
        said = "say which passage answers, or what a good answer says: a case with gold or facts, or a correction"
        return NextTest(substitution=None, said=said)
    if option is None:
        said = "nothing that can be substituted here would tell more: name a stronger model, or label what answers"
        return NextTest(substitution=None, said=said)
    one = made[option.key]
    cost = None if each_usd is None else round(each_usd * count, 9)
    return NextTest(substitution=option.key[0], said=f"ask {one.said}", calls=one.calls * count, cost_usd=cost)


def readings_of(examined: Examined, located: Located) -> tuple[tuple[Reading, ...], str]:
    """What was expected and what was answered, each with what it rests on, and the question which of them is right."""
    expected = expected_of(examined.case) or UNSAID
    answered = _in_words(examined.recording.output) or "what was answered"
    readings = (
        Reading(text=expected, rests_on=tuple(p for p in located.passages if located.in_corpus)),
        Reading(text=answered, rests_on=passages_of(examined.recording)[:3]),
    )
    return readings, "Which of the two is right, and what rule says so? The answer becomes a clause and a case."


def expected_of(case: Case) -> str:
    """What a case expects, as a reading says it; empty where no words say it."""
    return _in_words(case.expected) or "; ".join(case.facts)


def _in_words(value: Json) -> str:
    """The text of an output; one that has none, as JSON."""
    return text_in(value) or ("" if value in (None, "") else canonical(value).decode())


def _speaks(fact: Fact, said: Said) -> bool:
    """Whether a fact is worth a sentence: it could be told, and is about a part spoken of, or is unusual."""
    if fact.holds is None:
        return True
    sign = SIGNS.get(fact.name)
    if sign is None:
        return False
    return any(part in sign.holds for part in said.parts) or fact.holds != (sign.otherwise > 0.5)


def _sentence(tried: Tried, again: Tried | None) -> str:
    share = jeffreys(tried.passed, tried.asked, 0.9)
    between = "" if share is None else f" (90 % interval {share.low:.2f} to {share.high:.2f})"
    against = ""
    if again is not None and tried is not again:
        against = f", against {again.passed} of {again.asked} with nothing replaced"
    return f"{tried.said}: {tried.passed} of {tried.asked} pass{between}{against}."


def _measured(verifier: Verifier) -> str:
    return (
        f", measured on {verifier.measured_on} labels" if verifier.measured_on else ", as assumed: nothing measured it"
    )
