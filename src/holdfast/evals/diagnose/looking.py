"""The free look at an answer: the passages that answer, and every fact that can be told without asking a model.

Knows nothing of substitutions, nor of what follows from a fact.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from holdfast.diagnosis import Fact
from holdfast.evals.diagnose.examined import Examined, Host
from holdfast.evals.diagnose.finding_facts import facts_of
from holdfast.evals.diagnose.gold import Located, locate, unsaid_by
from holdfast.evals.diagnose.in_words import said_in_words
from holdfast.evals.diagnose.known import Known
from holdfast.records import Recording


@dataclass(frozen=True, slots=True)
class Looked:
    """What a look at an answer tells: it and its case, the passages that answer, and the facts in the order in which an
    answer comes about."""

    examined: Examined
    located: Located
    facts: tuple[Fact, ...]


async def look(host: Host, recording: Recording, known: Known, opinions: Sequence[bool] = ()) -> Looked:
    """Look at an answer that is not good. No model is asked, and looking twice tells the same.

    `opinions` are what the verifier said of it, asked again and again; without any nothing is told of the verifier.
    Raises NotFound and Misconfigured where its feature or release is gone.
    """
    feature = host.feature(recording.feature)
    release = host.completed(feature, await host.store.releases.get(recording.release))
    located = await locate(host, recording, known.case, known.later)
    examined = Examined(recording, feature, release, known.case, located.passages, located.grade)
    facts = await facts_of(host, examined, located, known.earlier)
    words = () if known.by_words else _of_its_words(examined)
    return Looked(examined, located, (*facts, *_of_the_label(examined, located), *words, *_of_the_verifier(opinions)))


def _of_its_words(examined: Examined) -> Iterable[Fact]:
    """Whether the answer says by its words what was expected, whoever judges it."""
    said = said_in_words(examined.case, examined.recording.output)
    if said is not None:
        what = f"the answer {'says' if said else 'does not say'} what was expected, word for word"
        yield Fact(name="said_in_words", holds=said, said=what)


def _of_the_label(examined: Examined, located: Located) -> list[Fact]:
    """Whether the documents that are labelled as answering say what was expected."""
    case = examined.case
    if located.grade != "labelled" or not located.in_corpus or located.withheld or not case.facts:
        return []
    texts = [*(passage.text for passage in located.passages), *(gold.span for gold in case.gold if gold.span)]
    unsaid = unsaid_by("\n".join(texts), case.facts)
    said = f"what answers does not say: {'; '.join(unsaid)}" if unsaid else "what answers says what was expected"
    return [Fact(name="labels_conflict", holds=bool(unsaid), said=said)]


def _of_the_verifier(opinions: Sequence[bool]) -> Iterable[Fact]:
    if not opinions:
        return
    said = f"asked {len(opinions)} times, it found the same answer good {sum(opinions)} times"
    yield Fact(name="verifier_unstable", holds=any(opinions), said=said)
