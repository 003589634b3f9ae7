"""HD1xx: what goes wrong between a question and the passages that answer it.

Knows nothing of what a model makes of passages.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import timedelta
from itertools import combinations
from typing import NamedTuple

from holdfast.evals.diagnose.gold import WIDE
from holdfast.evals.findings.seen import Least, Seen, Share, Tested, Words, blamed, each_slot, made
from holdfast.evals.findings.shown import by_corpus, came_to_nothing, cited, found_by, retrieved, shares, slot_of
from holdfast.evals.overlap import words
from holdfast.finding import Finding
from holdfast.records import Recording, Retrieve, Retrieved, Step
from holdfast.support.vocabulary import STOP_WORDS

UNSURE = 0.2
"""Below this confidence four of five questions have no answer in the corpus, by its calibration; long ones more often
do, so that it is not enough alone."""
AFFORDABLE = 30
"""Passages that a prompt may well hold."""
ALIKE = 0.8
"""From this share of common words on, two questions ask for the same."""
PAIRED = 300
"""Questions that are held against one another."""
LATE = timedelta(hours=1)
"""A server may serve the version before for a moment; not for this long."""


def hd101(seen: Seen) -> Iterator[Finding]:
    """The passage that answers is found, but below what is given to the model.

    What it means: the search knows the answer and ranks it too low, so the model never reads it.

    How it is computed: over the cases with gold of the newest evaluation, those whose gold document was not given and
    is among the first 200 that the same search finds. At least 3, and 5 % of the cases with gold. The k that is named
    reaches all of them that are among the first 30.

    What to do: evaluate with the k that is named. What stands further down needs a reranker, which costs less than a
    prompt of a hundred passages.

    What it does not say: that the answers will be right with it. More passages distract some models; the evaluation
    tells.
    """
    for corpus, cases in _by_corpus(seen).items():
        low = [each for each in cases if not each.given and each.place is not None]
        share = Share([each.recording for each in low], len(cases))
        if not Least(3, 0.05).reached(share.count, share.of):
            continue
        within = [each.place for each in low if each.place is not None and each.place <= AFFORDABLE]
        k = max(within, default=0)
        said = f"For {share} cases the document that answers is found and not given"
        reached = f"{len(within)} of them are among the first {k}." if k else f"none is among the first {AFFORDABLE}."
        fix = f"holdfast eval {seen.feature} --against live --set {corpus}.k={k}" if k else ""
        more = f"set a reranker under [slots.{corpus}]" if len(within) < share.count else ""
        words = Words(f"{said}; {reached}", "; for the others, ".join(filter(None, (fix, more))))
        yield made(seen, "HD101", share, words, corpus)


def hd102(seen: Seen) -> Iterator[Finding]:
    """Questions that came to nothing, for which the search was not confident.

    What it means: people ask for what the corpus does not have, or says in words of its own.

    How it is computed: over the sample, requests whose search had a confidence below 0.2, and that came to nothing:
    declined, blocked, failed, or without a citation where other answers cite. At least 5, and 5 %. The words are those
    that at least 3 of them by different subjects have in common, and that are three times as frequent as in the others.

    What to do: write what the words are about, or say it in the words that people use.

    What it does not say: which document is missing, or that one is. Some of these questions have their answer in the
    corpus, and the model did not see it.
    """
    cites = any(map(cited, seen.sample))

    def known(step: Step) -> bool:
        return isinstance(step.result, Retrieved) and step.result.confidence is not None

    def unsure(step: Step) -> bool:
        return isinstance(step.result, Retrieved) and (step.result.confidence or 0.0) < UNSURE

    found: dict[str, Share] = defaultdict(Share)
    for recording in seen.sample:
        nothing = came_to_nothing(recording) or (cites and not cited(recording))
        for corpus, share in shares([recording], known, unsure).items():
            found[corpus].add(recording, nothing and bool(share.count))
    yield from each_slot(seen, "HD102", found, Least(5, 0.05), lambda slot, share: _unsure(seen, slot, share))


def hd103(seen: Seen) -> Iterator[Finding]:
    """A corpus is searched and never cited.

    What it means: its passages cost time and tokens, and no answer rests on them.

    How it is computed: over the answers of the sample that cite anything and were found passages in this corpus; at
    least 30, none of which cites a document of it. With none of 30 the true share is below 8 %, at 95 % confidence.

    What to do: take the search out of the feature, or see in an example why what it finds is of no use.

    What it does not say: that the corpus is bad. The questions may be about something else.
    """
    found: dict[str, Share] = defaultdict(Share)
    for recording in seen.sample:
        if mine := cited(recording):
            for corpus, documents in by_corpus(recording).items():
                if documents:
                    found[corpus].add(recording, mine.isdisjoint(documents))
    never = {corpus: share for corpus, share in found.items() if share.count == share.of}

    def say(corpus: str, share: Share) -> Words:
        said = f"None of {share.of} answers that cite something cites {corpus}, which was searched for each of them"
        return Words(f"{said}{seen.sampled}.", f"take {corpus} out of the feature, or see what it finds in an example")

    yield from each_slot(seen, "HD103", never, Least(30), say)


def hd104(seen: Seen) -> Iterator[Finding]:
    """Answers come from an older version of a corpus than there is.

    What it means: what was corrected at the source is still answered the old way.

    How it is computed: over the sample, searches in a version when a newer one had been published for an hour; at least
    5, and 5 % of the searches of that corpus.

    What to do: where the release pins the version, release one that does not; where it does not, a version was
    restored, or a server lags behind.

    What it does not say: that the answers are wrong. A pinned version may be meant.
    """
    versions = {each.name: each.versions for each in seen.corpora}

    def old(recording: Recording, corpus: str, version: str) -> bool:
        made_at = {each.name: each.made_at for each in versions.get(corpus, ())}
        if version not in made_at:
            return False
        newer = [at for at in made_at.values() if at > made_at[version]]
        return any(at + LATE < recording.started_at for at in newer)

    found: dict[str, Share] = defaultdict(Share)
    for recording in seen.sample:
        used = {
            tuple(step.effect.corpus.split("@", 1)) for step in recording.steps if isinstance(step.effect, Retrieve)
        }
        for corpus, version in sorted(each for each in used if len(each) == 2):
            found[corpus].add(recording, old(recording, corpus, version))

    def say(corpus: str, share: Share) -> Words:
        said = f"{share} answers came from a version of {corpus} that a newer one had replaced{seen.sampled}."
        pinned = f'set version = "latest" under [slots.{corpus}] and create a release'
        return Words(said, f"holdfast corpus list; {pinned}")

    yield from each_slot(seen, "HD104", found, Least(5, 0.05), say)


def hd105(seen: Seen) -> Iterator[Finding]:
    """Nearly the same question finds other documents.

    What it means: the ranking hangs on single words, so that answers differ for no reason that a person sees.

    How it is computed: over the sample, pairs of different questions of at least four words that share four fifths of
    them and all numbers, searched alike in the same version; those whose documents have less than a third in common. At
    least 5 pairs, and a fifth of such pairs. At most 300 questions are held against one another.

    What to do: see how each was ranked; search by meaning as well (`mode = "hybrid"`) where that is not done.

    What it does not say: which of the two finds the right ones.
    """
    for corpus, (pairs, apart) in _apart(seen).items():
        if not Least(5, 0.2).reached(len(apart), pairs):
            continue
        share = Share([one for one, _ in apart], pairs)
        said = f"{share} pairs of nearly equal questions find mostly other documents in {corpus}{seen.sampled}."
        fix = f"holdfast why --recording ID --corpus {corpus} --document ID, with what the other question found"
        yield made(seen, "HD105", share, Words(said, fix), corpus)


def hd106(seen: Seen) -> Iterator[Finding]:
    """A document takes most of the places, and the answer rests on others.

    What it means: passages that are of no use crowd out the ones that are.

    How it is computed: over the answers of the sample that cite anything, searches that gave at least 4 passages; those
    in which more than half are of one document, and the answer cites others only. At least 5 recordings, and 5 %.

    What to do: allow fewer passages of a document.

    What it does not say: that what was crowded out is better. Of a feature that cites nothing it says nothing.
    """

    def crowded(recording: Recording, step: Step) -> bool:
        counted = Counter(each.document for each in found_by(step))
        return any(count * 2 > counted.total() and name not in cited(recording) for name, count in counted.items())

    found: dict[str, Share] = defaultdict(Share)
    for recording in filter(cited, seen.sample):
        steps = [step for step in recording.steps if len(found_by(step)) >= 4]
        for corpus in sorted({slot_of(step) for step in steps}):
            mine = [step for step in steps if slot_of(step) == corpus]
            found[corpus].add(recording, any(crowded(recording, step) for step in mine))

    def say(corpus: str, share: Share) -> Words:
        said = f"For {share} answers {corpus} gave mostly passages of one document, and others are cited{seen.sampled}."
        return Words(said, f"holdfast eval {seen.feature} --against live --set {corpus}.max_per_document=2")

    yield from each_slot(seen, "HD106", found, Least(5, 0.05), say)


def hd107(seen: Seen) -> Iterator[Finding]:
    """A search gives no passage at all.

    What it means: the model answers without sources, or says that it does not know.

    How it is computed: over the sample, searches that found nothing; at least 5 recordings, and 5 %.

    What to do: see an example: the filter of the search (`where`), the groups of whoever asked, an empty question.

    What it does not say: whether there was anything to find.
    """
    found = shares(seen.sample, retrieved, lambda step: isinstance(step.result, Retrieved) and not step.result.passages)

    def say(corpus: str, share: Share) -> Words:
        said = f"{share} requests found nothing at all in {corpus}{seen.sampled}."
        return Words(
            said, "holdfast why --recording ID --document ID, with an example and a document that should be there"
        )

    yield from each_slot(seen, "HD107", found, Least(5, 0.05), say)


def hd108(seen: Seen) -> Iterator[Finding]:
    """The document that answers is not found at all.

    What it means: question and document have too little in common for the search, or the document is not there.

    How it is computed: over the cases with gold of the newest evaluation, those whose gold document was not given and
    is not among the first 200 that the same search finds. At least 3, and 5 % of the cases with gold.

    What to do: `holdfast why` walks one document through one search, and tries what would bring it in.

    What it does not say: which of the two is at fault.
    """
    for corpus, cases in _by_corpus(seen).items():
        lost = [each.recording for each in cases if not each.given and each.place is None]
        share = Share(lost, len(cases))
        if Least(3, 0.05).reached(share.count, share.of):
            said = f"For {share} cases the document that answers is not among the first {WIDE} that {corpus} finds."
            fix = f"holdfast why --recording ID --corpus {corpus} --document ID, with an example and the case's gold"
            yield made(seen, "HD108", share, Words(said, fix), corpus)


def hd109(seen: Seen) -> Iterator[Finding]:
    """Diagnoses come to the search.

    What it means: of the answers that were looked into one by one, many failed between question and prompt.

    How it is computed: diagnoses of the window with the verdict `retrieval`, `ranking` or `context_noise`; at least 3,
    and a fifth of those that came to any verdict.

    What to do: the fix that came first most often; evaluate it before it is released.

    What it does not say: a share of all answers. Only answers that somebody chose were diagnosed.
    """
    yield from blamed(seen, "HD109", ("retrieval", "ranking", "context_noise"), "the search")


def hd110(seen: Seen) -> Iterator[Finding]:
    """Diagnoses find that no document says what was expected.

    What it means: of the answers that were looked into one by one, many had nothing to rest on.

    How it is computed: diagnoses of the window with the verdict `data`; at least 3, and a fifth of those that came to
    any verdict.

    What to do: write what was missing; each diagnosis says what was expected.

    What it does not say: a share of all answers. Only answers that somebody chose were diagnosed.
    """
    yield from blamed(seen, "HD110", ("data",), "the data: no document says what was expected")


CODES = (hd101, hd102, hd103, hd104, hd105, hd106, hd107, hd108, hd109, hd110)


def _by_corpus(seen: Seen) -> dict[str, list[Tested]]:
    found: dict[str, list[Tested]] = defaultdict(list)
    for each in seen.tested:
        found[each.corpus].append(each)
    return dict(sorted(found.items()))


def _unsure(seen: Seen, slot: str, share: Share) -> Words:
    unsure = {each.id for each in share.showing}
    common = _common(share.showing, [each for each in seen.sample if each.id not in unsure], slot)
    about = f"; words they have in common: {', '.join(common)}" if common else ""
    said = f"{share} questions came to nothing, and {slot} has nothing that is likely to answer{about}{seen.sampled}."
    return Words(said, "write what they ask for, in their words; see them: holdfast recordings show ID")


def _common(unsure: list[Recording], others: list[Recording], slot: str) -> list[str]:
    """Words that tell these questions from the others, most frequent first. One counts once for each subject."""
    here, there = _askers(unsure, slot), _askers(others, slot)
    mine, theirs = (max(1, len(frozenset[str]().union(*each.values()))) for each in (here, there))
    telling = {
        word: len(askers)
        for word, askers in here.items()
        if len(askers) >= 3 and len(askers) * theirs >= 3 * len(there.get(word, ())) * mine
    }
    return sorted(telling, key=lambda word: (-telling[word], word))[:5]


def _askers(recordings: list[Recording], slot: str) -> dict[str, set[str]]:
    """Who used each word in a question; where nobody knows who asked, every different question counts."""
    askers: dict[str, set[str]] = defaultdict(set)
    for recording in recordings:
        for step in recording.steps:
            if isinstance(step.effect, Retrieve) and slot_of(step) == slot:
                for word in words(step.effect.query):
                    if len(word) > 3 and word not in STOP_WORDS and not word.isdigit():
                        askers[word].add(recording.subject or step.effect.query)
    return askers


def _apart(seen: Seen) -> dict[str, tuple[int, list[tuple[Recording, Recording]]]]:
    """By corpus: how many pairs of questions are nearly equal, and the pairs that find mostly other documents."""
    found: dict[str, tuple[int, list[tuple[Recording, Recording]]]] = {}
    for (pinned, _, _), questions in sorted(_questions(seen).items()):
        pairs, apart = found.get(pinned.partition("@")[0], (0, []))
        for one, other in combinations(questions.values(), 2):
            if one.recording.id != other.recording.id and _near(one.words, other.words):
                pairs += 1
                if len(one.documents & other.documents) * 3 < len(one.documents | other.documents):
                    apart.append((one.recording, other.recording))
        found[pinned.partition("@")[0]] = pairs, apart
    return found


class _Question(NamedTuple):
    recording: Recording
    words: frozenset[str]
    documents: frozenset[str]


def _questions(seen: Seen) -> dict[tuple[str, str, tuple[str, ...]], dict[str, _Question]]:
    """Different questions that found anything, by how they were searched for."""
    asked: dict[tuple[str, str, tuple[str, ...]], dict[str, _Question]] = defaultdict(dict)
    for recording in seen.sample:
        for step in recording.steps:
            if isinstance(effect := step.effect, Retrieve) and isinstance(step.result, Retrieved):
                mine = asked[effect.corpus, repr(effect.search), effect.principals]
                documents = frozenset(each.document for each in step.result.passages)
                bag = frozenset(words(effect.query))
                if len(bag) >= 4 and documents and len(mine) < PAIRED:
                    mine.setdefault(effect.query, _Question(recording, bag, documents))
    return asked


def _near(one: frozenset[str], other: frozenset[str]) -> bool:
    """Whether two questions are the same but for some words; with another number one asks for something else."""
    numbers = {word for word in one ^ other if any(letter.isdigit() for letter in word)}
    return one != other and not numbers and len(one & other) >= ALIKE * len(one | other)
