"""HD5xx: what is wrong with the data, and how many answers it touched.

Knows nothing of how it is found; the corpus's quality report says that, in codes of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta

from holdfast.evals.findings.seen import CorpusSeen, Least, Remark, Seen, Words
from holdfast.evals.findings.shown import by_corpus, cited
from holdfast.evals.shares import jeffreys
from holdfast.finding import MAX_EXAMPLES, Finding
from holdfast.records import Recording

_TOUCHED = Least(3)
"""Answers that the data must have touched: one may be chance."""


def hd501(seen: Seen) -> Iterator[Finding]:
    """Answers rest on documents that contradict others.

    What it means: who asks gets one of two answers, and nobody knows which is right.

    How it is computed: documents that the corpus's quality report names under `contradiction`; answers of the sample
    that cite one of them, or that were found its passages where the feature cites nothing. At least 3. A report names
    only some documents of a kind, so there may be more.

    What to do: read the two sentences side by side, and correct one.

    What it does not say: that these answers are wrong, or that what they say is what is contradicted.
    """
    yield from _touching(seen, "HD501", ("contradiction",), "documents that contradict others")


def hd502(seen: Seen) -> Iterator[Finding]:
    """Answers rest on stale documents.

    What it means: they were not touched for long and speak of years past, or of what was to come.

    How it is computed: as HD501, of documents under `stale`. At least 3 answers.

    What to do: have somebody who knows read them; correct them, or take them out.

    What it does not say: that they are wrong by now.
    """
    yield from _touching(seen, "HD502", ("stale",), "stale documents")


def hd503(seen: Seen) -> Iterator[Finding]:
    """Documents that say the same take each other's places.

    What it means: a search gives the same thing twice, and something else is left out.

    How it is computed: documents that the quality report names together under `duplicate`, `near_duplicate` or
    `paraphrase`; answers of the sample that were found two of such a group. At least 3.

    What to do: keep one, and let the others link to it.

    What it does not say: what was left out.
    """
    for corpus in seen.corpora:
        remarks = _found(corpus, ("duplicate", "near_duplicate", "paraphrase"))
        groups = [group for each in remarks for group in each.together]

        def twice(documents: frozenset[str], groups: list[frozenset[str]] = groups) -> bool:
            return any(len(documents & group) > 1 for group in groups)

        touched, of = _touched(seen, corpus, twice, by_citation=False)
        documents = sorted(frozenset[str]().union(*groups))
        said = "answers were given documents that say the same"
        yield from _raised(seen, "HD503", corpus, (remarks, touched, of, documents), said)


def hd504(seen: Seen) -> Iterator[Finding]:
    """Answers rest on documents whose links lead nowhere.

    What it means: who follows the answer to its source gets stuck there.

    How it is computed: as HD501, of documents under `broken_link`, `broken_anchor` or `link_to_unpublished`. At least 3
    answers.

    What to do: point the links at where the document is now.

    What it does not say: that the answer told anybody to follow the link.
    """
    kinds = ("broken_link", "broken_anchor", "link_to_unpublished")
    yield from _touching(seen, "HD504", kinds, "documents whose links lead nowhere")


def hd505(seen: Seen) -> Iterator[Finding]:
    """Documents that nobody may see.

    What it means: they are synced, and no answer can ever rest on them.

    How it is computed: documents of the newest version that are for groups only, none of which a subject has in
    `[server.groups]`; at least 3.

    What to do: give subjects the groups, or leave the documents out at the source.

    What it does not say: that somebody should see them; they may be meant for a program that hands in groups itself.
    """
    for corpus in seen.corpora:
        if len(corpus.hidden) >= 3:
            said = f"{len(corpus.hidden):,} documents of {corpus.name} are for groups that nobody has."
            fix = "give subjects the groups under [server.groups] in holdfast.toml, or leave the documents out"
            yield _of_corpus(seen, "HD505", corpus, len(corpus.hidden), Words(said, fix), corpus.hidden)


def hd506(seen: Seen) -> Iterator[Finding]:
    """A corpus is older than it should be.

    What it means: what changed at the source since then is answered the old way.

    How it is computed: the last finished sync is longer ago than three times the corpus's `every`, and than an hour.
    `count` are the answers of the sample that searched the corpus.

    What to do: sync it by hand and see what it says.

    What it does not say: whether anything changed at the source.
    """
    for corpus in seen.corpora:
        if corpus.every_s is None or corpus.synced_at is None:
            continue
        age = seen.looked_at - corpus.synced_at
        if age > max(timedelta(seconds=3 * corpus.every_s), timedelta(hours=1)):
            touched, _ = _touched(seen, corpus, bool, by_citation=False)
            hours = age.total_seconds() / 3600
            said = f"{corpus.name} was synced {hours:,.1f} hours ago, and is to be every {corpus.every_s / 3600:,.2g}."
            words = Words(said, f"holdfast sync {corpus.name}; it is synced by itself while holdfast up runs")
            yield _of_corpus(seen, "HD506", corpus, len(touched), words)


def hd507(seen: Seen) -> Iterator[Finding]:
    """There is much less data than before.

    What it means: the source gave less, a section or a locale is gone, and with it the answers.

    How it is computed: the quality report of the newest version has `volume_drop`, `locale_vanished` or
    `field_vanished`; `count` is what it counts.

    What to do: see whether a right was lost at the source; `holdfast corpus restore` brings the version before back.

    What it does not say: that somebody did not mean it.
    """
    for corpus in seen.corpora:
        if lost := _found(corpus, ("volume_drop", "locale_vanished", "field_vanished")):
            said = f"{corpus.name}: {' '.join(each.message for each in lost)}"
            fix = f"holdfast corpus diff {corpus.name}; {lost[0].fix}"
            yield _of_corpus(seen, "HD507", corpus, sum(each.count for each in lost), Words(said, fix))


def hd508(seen: Seen) -> Iterator[Finding]:
    """Models are given documents that would command them.

    What it means: text in a document speaks to a language model, and has reached prompts.

    How it is computed: documents that the quality report names under `injected`; answers of the sample that were found
    a passage of one. One is enough: somebody put it there.

    What to do: read it, take it out at the source, and find out who put it there.

    What it does not say: that a model obeyed. The examples' answers tell.
    """
    for corpus in seen.corpora:
        remarks = _found(corpus, ("injected",))
        documents = _named(remarks)
        touched, of = _touched(seen, corpus, _any_of(documents), by_citation=False)
        said = "answers were given documents that speak to a model and would have it do something else"
        yield from _raised(seen, "HD508", corpus, (remarks, touched, of, documents), said, least=1)


def hd509(seen: Seen) -> Iterator[Finding]:
    """The newest data was not published.

    What it means: a sync made a version that breaks the corpus's limits, so that an older one answers.

    How it is computed: the last sync was refused; `count` is how many limits it broke.

    What to do: see what broke them; correct it at the source, or accept it.

    What it does not say: which of the two is right.
    """
    for corpus in seen.corpora:
        if corpus.refused:
            said = f"The last version of {corpus.name} was not published: it breaks {', '.join(corpus.refused)}."
            fix = f"holdfast corpus show {corpus.name} --quality; to let it pass: holdfast sync {corpus.name} --accept"
            yield _of_corpus(seen, "HD509", corpus, len(corpus.refused), Words(said, fix))


CODES = (hd501, hd502, hd503, hd504, hd505, hd506, hd507, hd508, hd509)


def _touching(seen: Seen, code: str, kinds: Iterable[str], what: str) -> Iterator[Finding]:
    """A finding for every corpus whose documents of these kinds answers rest on."""
    for corpus in seen.corpora:
        remarks = _found(corpus, kinds)
        documents = _named(remarks)
        touched, of = _touched(seen, corpus, _any_of(documents))
        yield from _raised(seen, code, corpus, (remarks, touched, of, documents), f"answers rest on {what}")


def _raised(
    seen: Seen,
    code: str,
    corpus: CorpusSeen,
    how: tuple[list[Remark], list[Recording], int, Iterable[str]],
    said: str,
    least: int = _TOUCHED.count,
) -> Iterator[Finding]:
    """The finding, where enough answers were touched; its examples are the documents that touched one."""
    remarks, touched, of, documents = how
    if len(touched) < least:
        return
    used = frozenset[str]().union(*(by_corpus(each).get(corpus.name, frozenset()) for each in touched))
    times = sorted(each.started_at for each in touched)
    kinds = ", ".join(f"{each.code} ({each.count:,})" for each in remarks)
    yield Finding(
        code=code,
        about=corpus.name,
        said=f"{len(touched):,} of {of:,} {said}{seen.sampled}; the data's report counts {kinds}.",
        fix=f"{remarks[0].fix} See: holdfast corpus show {corpus.name} --quality",
        count=len(touched),
        of=of,
        share=jeffreys(len(touched), of),
        examples=tuple(each for each in documents if each in used)[:MAX_EXAMPLES],
        first_seen_at=times[0],
        last_seen_at=times[-1],
    )


def _of_corpus(
    seen: Seen, code: str, corpus: CorpusSeen, count: int, words: Words, documents: Iterable[str] = ()
) -> Finding:
    """A finding about the data as it is, whatever it touched: seen at the last sync, and now."""
    return Finding(
        code=code,
        about=corpus.name,
        said=words.said,
        fix=words.fix,
        count=count,
        examples=tuple(documents)[:MAX_EXAMPLES],
        first_seen_at=min(corpus.synced_at or seen.looked_at, seen.looked_at),
        last_seen_at=seen.looked_at,
    )


def _any_of(documents: Iterable[str]) -> Callable[[frozenset[str]], bool]:
    named = frozenset(documents)
    return lambda found: not found.isdisjoint(named)


def _found(corpus: CorpusSeen, kinds: Iterable[str]) -> list[Remark]:
    wanted = set(kinds)
    return [each for each in corpus.remarks if each.code in wanted]


def _named(remarks: Iterable[Remark]) -> list[str]:
    """The documents that the report names, each once."""
    return list(dict.fromkeys(name for each in remarks for name in each.documents))


def _touched(
    seen: Seen, corpus: CorpusSeen, holds: Callable[[frozenset[str]], bool], *, by_citation: bool = True
) -> tuple[list[Recording], int]:
    """The answers of the sample whose documents of the corpus are so, and how many answers searched it.

    The documents are those that an answer cites; where none does, or not `by_citation`, those that it was given.
    """
    searched = [(each, by_corpus(each)[corpus.name]) for each in seen.sample if corpus.name in by_corpus(each)]
    cites = by_citation and any(cited(each) for each, _ in searched)
    touched = [each for each, found in searched if holds(found & cited(each) if cites else found)]
    return touched, len(searched)
