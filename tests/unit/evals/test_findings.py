"""Every code of a finding: it is there where it should be, not where it should not, and not for a single event."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from tests.unit.evals.findings_made import (
    NOW,
    case,
    corpus,
    counted,
    diagnosed,
    judged,
    many,
    recorded,
    releases,
    result,
    searched,
    tried,
    unjudged,
    view,
    wrong_data,
    wrote,
)

from holdfast.evals.findings.codes import EVERY, FAMILIES, findings_of
from holdfast.evals.findings.seen import Seen, VersionSeen
from holdfast.finding import Finding, Totals
from holdfast.records import Blocked, Degraded, Failure, Message, Recording, Usage

SIX = ("a.md", "b.md", "c.md", "d.md", "e.md", "f.md")
CROWD = ("a.md", "a.md", "a.md", "a.md", "b.md")
V2 = VersionSeen("v2", NOW - timedelta(days=20))
V1 = VersionSeen("v1", NOW - timedelta(days=30))
LONG = Usage(input_tokens=2000, output_tokens=10)
CACHED = Usage(input_tokens=200, cache_read_tokens=1800)
ASKED = Message(role="user", text="Answer it.")
MEND = (ASKED, Message(role="assistant", text="{}"), Message(role="user", text="Mend it."))
FAILED = Failure(code="HF301", message="m", fix="f")
GIVEN_UP = many(4, wrote(attempts=[tried("silent: no word")]), outcome="failed", failure=FAILED, output=None)
LOWER = many(6, wrote(attempts=[tried("quota: used up")]), outcome="degraded",
             degraded=Degraded(slot="write", rung=1, model="x", reason="quota"))  # fmt: skip
STOPPED = many(6, judged(False), outcome="blocked", blocked=Blocked(guard="grounded", reason="r"))


def asking(*questions: str, confidence: float = 0.05, cites: tuple[str, ...] = (), who: str = "") -> list[Recording]:
    """One recording for each question; of different subjects unless somebody is named."""
    return [
        recorded(searched("a.md", query=each, confidence=confidence), cites=cites, subject=who or f"s{n}")
        for n, each in enumerate(questions)
    ]


def apart(number: int, *, other: str) -> list[Recording]:
    """Pairs of nearly equal questions; one finds `a.md`, the other `other`."""
    found = []
    for n in range(number):
        question = f"how do i change the delivery address of order {n} please tell me soon"
        found += [recorded(searched("a.md", query=question)), recorded(searched(other, query=f"{question} now"))]
    return found


def timed(slow: int, p95_ms: float) -> Seen:
    sample = (*many(slow, searched("a.md", ms=20.0), wrote(ms=900.0), ms=950.0), *many(100 - slow, wrote()))
    return view(sample, limits={"p95_ms": 500.0}, totals=Totals(counted=(counted(100, slower=slow),), p95_ms=p95_ms))


def priced(mean: float, dearer: int) -> Seen:
    dear = many(dearer, wrote(attempts=[tried(cost_usd=0.04, usage=LONG)]), cost_usd=0.04)
    totals = Totals(counted=(counted(100, priced=100, cost_usd=mean * 100, dearer=dearer),))
    return view((*dear, *many(100 - dearer, wrote())), limits={"cost_usd": 0.01}, totals=totals)


def ended(number: int, of: int, wrong: tuple[Recording, ...], **how: str) -> Seen:
    totals = Totals(counted=(counted(of - number), counted(number, how.pop("outcome", "ok"), **how)))
    return view(many(of, wrote()), totals=totals, wrong=wrong)


def touching(code: str, cites: int) -> Seen:
    answers = (*many(cites, searched(*SIX), cites=["a.md"]), *many(20, searched(*SIX), cites=["f.md"]))
    return view(answers, corpora=(corpus(wrong_data(code, "a.md", "z.md")),))


def waver(*names: str) -> Seen:
    steady = [result("steady", n) for n in range(3)]
    return view(results=(*steady, *(result(name, n, *(["no"] if n else [])) for name in names for n in range(2))))


RETRIES = (judged(False), judged(False, turn=1))
MENDED = (judged(False), judged(True, turn=1))
ANSWERED = asking(*["reset my password"] * 20, confidence=0.9, cites=("a.md",))
SHOWS: dict[str, Seen] = {
    "HD101": view(tested=(*(case(False, 9 + n) for n in range(4)), *(case(True, 1) for _ in range(10)))),
    "HD102": view([*asking(*["the vat invoice"] * 6), *ANSWERED]),
    "HD103": view(many(30, searched("a.md"), searched("n.md", corpus="news@v1"), cites=["a.md"])),
    "HD104": view(many(6, searched("a.md")), corpora=(corpus(versions=(V2, V1)),)),
    "HD105": view(apart(6, other="b.md")),
    "HD106": view((*many(12, searched(*CROWD), cites=["b.md"]), *many(12, searched(*SIX), cites=["b.md"]))),
    "HD107": view((*many(6, searched()), *many(20, searched("a.md")))),
    "HD108": view(tested=(*(case(False, None) for _ in range(4)), *(case(True, 1) for _ in range(10)))),
    "HD109": view(diagnoses=(*diagnosed(3, "ranking"), *diagnosed(4, "prompt"))),
    "HD110": view(diagnoses=diagnosed(3, "data")),
    "HD201": view((*many(4, wrote(stop="length", max_tokens=300)), *many(40, wrote()))),
    "HD202": view((*many(2, wrote("")), *many(2, wrote(attempts=[tried("blank: nothing")])), *many(40, wrote()))),
    "HD203": view(tested=[case(True, 1, "I could not find this in the sources."), *[case(True, 1)] * 9] * 3),
    "HD204": view((*many(4, searched("a.md"), cites=["z.md"]), *many(20, searched("a.md"), cites=["a.md"]))),
    "HD205": view((*many(4, wrote(), wrote(messages=MEND)), *many(40, wrote()))),
    "HD206": view((*many(4, wrote(prompt="Customer: None\nAnswer.")), *many(40, wrote()))),
    "HD207": waver("one", "two"),
    "HD208": view(many(4, wrote(attempts=[tried(served="small-2")]))),
    "HD209": ended(5, 100, GIVEN_UP, outcome="failed", failure="HF301"),
    "HD210": view((*many(4, wrote(stop="content_filter")), *many(40, wrote()))),
    "HD211": view(diagnoses=diagnosed(3, "model")),
    "HD301": view(liked=(*many(4, judged(False), judged(True, turn=1)), *many(10, judged(True)))),
    "HD302": view(many(200, judged(True)), disliked=many(3, judged(True))),
    "HD303": view((*many(4, unjudged()), *many(40, judged(True)))),
    "HD304": view(many(6, *RETRIES), releases=releases("grounded", "retry")),
    "HD305": view((*many(12, *MENDED), *many(40, judged(True))), releases=releases("grounded", "next_rung")),
    "HD306": ended(12, 100, STOPPED, outcome="blocked", guard="grounded"),
    "HD307": view(diagnoses=diagnosed(3, "guard")),
    "HD401": timed(15, 950.0),
    "HD402": priced(0.02, 30),
    "HD403": ended(12, 100, LOWER, outcome="degraded", slot="write"),
    "HD404": view((*many(8, wrote(attempts=[tried("broken_off: x", cost_usd=0.1), tried(part="retry", cost_usd=0.1)])),
                   *many(20, wrote(attempts=[tried()])))),
    "HD405": view([recorded(wrote(prompt=f"Rules. {n}", attempts=[tried(usage=LONG)])) for n in range(60)]),
    "HD406": view(many(4, wrote(attempts=[tried(usage=LONG, model="own")]))),
    "HD501": touching("contradiction", 4),
    "HD502": touching("stale", 4),
    "HD503": view(many(4, searched(*SIX)), corpora=(corpus(wrong_data("near_duplicate", "a.md", "b.md")),)),
    "HD504": touching("broken_link", 4),
    "HD505": view(many(4, searched("a.md")), corpora=(corpus(hidden=SIX),)),
    "HD506": view(many(4, searched("a.md")), corpora=(corpus(every_s=900, synced_at=NOW - timedelta(days=2)),)),
    "HD507": view(many(4, searched("a.md")), corpora=(corpus(wrong_data("volume_drop")),)),
    "HD508": view(many(1, searched(*SIX)), corpora=(corpus(wrong_data("injected", "f.md")),)),
    "HD509": view(many(4, searched("a.md")), corpora=(corpus(refused=("volume_drop",)),)),
}  # fmt: skip
"""A view for each code in which it is to be found."""

SHOWS_NOT: dict[str, tuple[Seen, ...]] = {
    "HD101": (view(tested=[case(False, 9)] * 2), view(tested=[case(False, None)] * 5),
              view(tested=[*[case(False, 9)] * 3, *[case(True, 1)] * 97])),
    "HD102": (view([*asking(*["the vat invoice"] * 4), *ANSWERED]),
              view([*asking(*["the vat invoice"] * 20, confidence=0.5), *ANSWERED]),
              view([*asking(*["the vat invoice"] * 20, cites=("a.md",)), *ANSWERED]),
              view(asking(*["the vat invoice"] * 20)),
              view([*many(20, searched("a.md", confidence=None)), *ANSWERED])),
    "HD103": (view(many(29, searched("a.md"), searched("n.md", corpus="news@v1"), cites=["a.md"])),
              view(many(60, searched("a.md"), searched("n.md", corpus="news@v1"), cites=["a.md", "n.md"])),
              view(many(60, searched("a.md")))),
    "HD104": (view(many(6, searched("a.md", corpus="help@v2")), corpora=(corpus(versions=(V2, V1)),)),
              view(many(6, searched("a.md")), corpora=(corpus(versions=(VersionSeen("v2", NOW), V1)),)),
              view(many(6, searched("a.md")), corpora=(corpus(),))),
    "HD105": (view(apart(6, other="a.md")), view(apart(4, other="b.md"))),
    "HD106": (view(many(40, searched(*SIX), cites=["b.md"])), view(many(4, searched(*CROWD), cites=["b.md"])),
              view(many(40, searched(*CROWD))), view(many(40, searched(*CROWD), cites=["a.md"])),
              view(many(40, searched("a.md"), cites=["b.md"]))),
    "HD107": (view(many(40, searched("a.md"))), view(many(4, searched()))),
    "HD108": (view(tested=[case(False, 150)] * 5), view(tested=[case(False, None)] * 2)),
    "HD109": (view(diagnoses=diagnosed(2, "ranking")), view(diagnoses=diagnosed(9, "unknown"))),
    "HD110": (view(diagnoses=diagnosed(9, "ranking")),),
    "HD201": (view(many(40, wrote())), view(many(2, wrote(stop="length")))),
    "HD202": (view(many(40, wrote())), view(many(2, wrote("")))),
    "HD203": (view(tested=[case(True, 1)] * 9),
              view(tested=[case(False, 1, "I could not find this in the sources.")] * 9)),
    "HD204": (view(many(40, searched("a.md"), cites=["a.md"], text="The text of a.md says so.")),
              view(many(2, searched("a.md"), cites=["z.md"]))),
    "HD205": (view(many(40, wrote(), wrote())), view(many(40, wrote(messages=MEND))),
              view(many(40, wrote(), wrote(messages=MEND, turn=1))), view(many(2, wrote(), wrote(messages=MEND)))),
    "HD206": (view(many(40, wrote(prompt="None of these apply.\nAnswer."))), view(many(2, wrote(prompt="None")))),
    "HD207": (waver("one"), waver(), view(results=[result("a", 0, "no"), result("b", 0)])),
    "HD208": (view(many(40, wrote(attempts=[tried(served="big-2026-01-01")]))),
              view(many(2, wrote(attempts=[tried(served="small")])))),
    "HD209": (ended(2, 100, GIVEN_UP, outcome="failed", failure="HF301"),
              ended(50, 100, GIVEN_UP, outcome="failed", failure="HF309")),
    "HD210": (view(many(40, wrote())), view(many(2, wrote(stop="content_filter")))),
    "HD211": (view(diagnoses=diagnosed(9, "ranking")),),
    "HD301": (view(liked=many(40, judged(True))), view(liked=many(2, judged(False))), view(many(40, judged(False)))),
    "HD302": (view(many(199, judged(True))), view((*many(250, judged(True)), *many(1, judged(False))))),
    "HD303": (view(many(40, judged(True))), view(many(2, unjudged()))),
    "HD304": (view(many(6, *MENDED), releases=releases("grounded", "retry")),
              view(many(6, *RETRIES), releases=releases("grounded", "next_rung")),
              view(many(4, *RETRIES), releases=releases("grounded", "retry")), view(many(6, *RETRIES))),
    "HD305": (view(many(12, *RETRIES), releases=releases("grounded", "next_rung")),
              view(many(12, *MENDED), releases=releases("grounded", "retry")),
              view((*many(12, *MENDED), *many(400, judged(True))), releases=releases("grounded", "next_rung"))),
    "HD306": (ended(4, 20, STOPPED, outcome="blocked", guard="grounded"),
              ended(6, 100, STOPPED, outcome="blocked", guard="grounded")),
    "HD307": (view(diagnoses=diagnosed(9, "ranking")),),
    "HD401": (timed(15, 400.0), timed(7, 950.0), view(many(100, wrote(), ms=9000.0))),
    "HD402": (priced(0.005, 30), priced(0.02, 2), view(many(100, wrote()))),
    "HD403": (ended(4, 20, LOWER, outcome="degraded", slot="write"),
              ended(6, 200, LOWER, outcome="degraded", slot="write")),
    "HD404": (view(many(40, wrote(attempts=[tried()]))),
              view(many(4, wrote(attempts=[tried("x: y"), tried(part="retry")])))),
    "HD405": (view(many(60, wrote(attempts=[tried(usage=CACHED)]))),
              view(many(49, wrote(attempts=[tried(usage=LONG)]))),
              view(many(60, wrote(attempts=[tried(usage=Usage(input_tokens=500))])))),
    "HD406": (view(many(40, wrote(attempts=[tried(usage=LONG, cost_usd=0.1)]))),
              view(many(40, wrote(attempts=[tried(provider="holdfast", usage=LONG)])))),
    "HD501": (touching("contradiction", 2), touching("stale", 9)),
    "HD502": (touching("stale", 2), touching("contradiction", 9)),
    "HD503": (view(many(9, searched("a.md", "c.md")),
                   corpora=(corpus(wrong_data("near_duplicate", "a.md", "b.md")),)),),
    "HD504": (touching("broken_link", 2), touching("stale", 9)),
    "HD505": (view(many(4, searched("a.md")), corpora=(corpus(hidden=("a.md", "b.md")),)),),
    "HD506": (view(many(4, searched("a.md")), corpora=(corpus(every_s=900),)),
              view(many(4, searched("a.md")), corpora=(corpus(synced_at=NOW - timedelta(days=90)),))),
    "HD507": (view(many(4, searched("a.md")), corpora=(corpus(wrong_data("thin")),)),),
    "HD508": (view(many(9, searched("a.md")), corpora=(corpus(wrong_data("injected", "f.md")),)),),
    "HD509": (view(many(4, searched("a.md")), corpora=(corpus(),)),),
}  # fmt: skip
"""Views for each code in which it is not to be found."""


def only(code: str) -> Finding:
    (found,) = EVERY[code](SHOWS[code])
    return found


def test_every_code_is_shown_where_it_should_be_and_where_it_should_not() -> None:
    assert set(SHOWS) == set(SHOWS_NOT) == set(EVERY)


def test_every_code_is_of_its_familys_hundred_and_has_at_least_five_beside_it() -> None:
    assert [family for family, looks in FAMILIES.items() if len(looks) < 5] == []
    for family, looks in FAMILIES.items():
        numbers = [each.__name__.upper() for each in looks]
        assert numbers == [f"{family}{number:02}" for number in range(1, len(looks) + 1)]
    assert len(EVERY) == sum(map(len, FAMILIES.values()))


@pytest.mark.parametrize("code", EVERY)
def test_a_finding_is_there_where_it_should_be(code: str) -> None:
    found = only(code)
    assert found.code == code
    assert found.about == ("help" if code.startswith("HD5") else "answer")
    assert found.count >= 1
    assert found.of is None or found.of >= found.count
    assert (found.share is None) == (found.of is None)
    assert found.share is None or found.share.low is not None
    assert found.first_seen_at <= found.last_seen_at <= NOW
    assert len(found.examples) <= 5
    assert found in findings_of(SHOWS[code])


@pytest.mark.parametrize("code", EVERY)
def test_a_finding_is_not_there_where_it_should_not_be(code: str) -> None:
    assert [list(EVERY[code](each)) for each in (view(), *SHOWS_NOT[code])] == [[]] * (1 + len(SHOWS_NOT[code]))


@pytest.mark.parametrize("code", EVERY)
def test_a_finding_names_no_document_in_its_words(code: str) -> None:
    found = only(code)
    assert not re.search(r"\b[a-fnz]\.md\b", found.said + found.fix)


@pytest.mark.parametrize("code", EVERY)
def test_every_code_has_a_page_with_all_it_promises(code: str) -> None:
    page = EVERY[code].__doc__ or ""
    assert re.match(r"[A-Z][^\n]*\.\n\n", page), "the first line is the title"
    heads = re.findall(r"^ *(What it means|How it is computed|What to do|What it does not say): \S", page, re.MULTILINE)
    assert heads == ["What it means", "How it is computed", "What to do", "What it does not say"]


def test_what_a_feature_without_faults_does_finds_nothing() -> None:
    steps = (searched(*SIX), wrote(attempts=[tried(usage=CACHED, cost_usd=0.001)]), judged(True))
    fine = many(300, *steps, cites=["a.md"], text="The text of a.md says so.")
    one_objection = many(1, searched(*SIX), judged(False))
    assert findings_of(view((*fine, *one_objection), corpora=(corpus(),), limits={"p95_ms": 500.0})) == ()


def test_what_is_asked_for_in_vain_is_named_in_the_words_of_several_people() -> None:
    assert only("HD102").said == (
        "6 of 26 questions came to nothing, and help has nothing that is likely to answer;"
        " words they have in common: invoice."
    )
    (alone,) = EVERY["HD102"](view([*asking(*["the vat invoice of acme"] * 9, who="anna"), *ANSWERED]))
    assert alone.said.endswith("likely to answer.")


def test_a_finding_says_with_figures_what_was_seen_and_what_to_type() -> None:
    found = only("HD101")
    assert found.said == (
        "For 4 of 14 cases the document that answers is found and not given; 4 of them are among the first 12."
    )
    assert found.fix == "holdfast eval answer --against live --set help.k=12"
    (deep,) = EVERY["HD101"](view(tested=[*[case(False, 9), case(False, 80)] * 2, case(True, 1)]))
    assert deep.said.endswith("2 of them are among the first 9.")
    assert deep.fix.endswith("--set help.k=9; for the others, set a reranker under [slots.help]")
    (deeper,) = EVERY["HD101"](view(tested=[case(False, 80)] * 4))
    assert deeper.fix == "set a reranker under [slots.help]"
    assert only("HD201").fix == "holdfast eval answer --against live --set write.max_tokens=600"
    assert "v:big quota (6)" in only("HD403").said
    assert "generate write takes 98% of the time" in only("HD401").said
    assert "retry (8), 50% of what these cost" in only("HD404").said
    assert "they begin with the same 7 characters" in only("HD405").said
    assert "it passed 3 of 3 that people rated bad" in only("HD302").said
    assert "give more; it is the first fix of 3 of these 3" in only("HD109").fix


def test_a_share_of_a_sample_says_so() -> None:
    sample = (*many(4, wrote(stop="length")), *many(40, wrote()))
    (found,) = EVERY["HD201"](view(sample, totals=Totals(counted=(counted(100_000),))))
    assert found.said == "4 of 44 answers of write were cut off (in a sample of 44 of 100,000 requests)."


def test_two_slots_are_two_findings() -> None:
    sample = many(6, searched(), searched("a.md", corpus="news@v1"), searched(corpus="old@v1"))
    assert [(each.slot, each.count) for each in EVERY["HD107"](view(sample))] == [("help", 6), ("old", 6)]


def test_examples_are_the_newest_and_the_times_are_those_of_what_shows_it() -> None:
    sample = many(7, wrote(stop="length"))
    (found,) = EVERY["HD201"](view(sample))
    assert found.examples == tuple(each.id for each in reversed(sample))[:5]
    assert (found.first_seen_at, found.last_seen_at) == (sample[0].started_at, sample[-1].started_at)
