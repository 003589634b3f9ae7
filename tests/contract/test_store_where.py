"""What an expression finds is the same in every store, and is what `holds` says.

Knows nothing of how a database compares.
"""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import count

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from tests.contract.store_samples import recording
from tests.unit.where.expressions import anything, expressions, said

from holdfast.evaluation import Case, CaseResult, Evaluation, Score
from holdfast.identity import new_id
from holdfast.records import Blocked, Degraded, Failure, Feedback, RecordingSummary
from holdfast.store.preview import preview, says_in
from holdfast.stores import RecordingQuery, Store
from holdfast.where import Expression, Is, Not, Seen, holds, parse

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
_numbers = count()


def evaluation(tenant: str = "") -> Evaluation:
    return Evaluation(
        id=new_id("ev"), feature="f", release="r_1", code_hash="c", started_at=NOW, cases=1, tenant=tenant
    )


async def kept(store: Store, one: Seen, tenant: str) -> Seen:
    """Keep a recording of which all of this is seen; as it is seen then."""
    summary, id_ = one.summary, new_id("rec")
    made = recording(
        summary.asked or "",
        id=id_,
        tenant=tenant,
        output={"text": one.answered, "citations": ["else"]},
        degraded=None if one.degraded is None else Degraded(slot=one.degraded, rung=1, model="m", reason="r"),
        blocked=None if one.blocked is None else Blocked(guard=one.blocked, reason="r"),
        failure=None if one.failure is None else Failure(code=one.failure, message="m", fix="f"),
        **{
            name: getattr(summary, name)
            for name in ("feature", "release", "outcome", "cost_usd", "ms", "started_at", "subject", "replay_of")
        },
        evaluation=summary.evaluation,
    )
    await store.recordings.add(made)
    for each in one.feedback:
        await store.feedback.add(replace(each, id=new_id("fb"), recording_id=id_), tenant)
    begun = evaluation(tenant)
    await store.evaluations.add(begun, [Case(id="c", input="x")])
    scores = tuple(Score(scorer=scorer, value=value) for scorer, value in one.scores)
    result = CaseResult(
        case="c",
        repeat=0,
        recording=id_,
        outcome="ok",
        ms=1,
        cost_usd=0,
        spent_usd=0,
        scores=(*scores, Score(scorer="x")),
    )
    for _ in range(2):  # the second time changes nothing
        await store.evaluations.add_result(begun.id, result, tenant)
    asked = replace(summary, id=id_, tenant=tenant, asked=preview(made.input))
    answered = one.answered if one.answered is not None else "else"
    return replace(one, summary=asked, answered=preview(answered))


async def found(store: Store, where: Expression, **filters: object) -> list[str]:
    query = RecordingQuery(where=where, **filters)  # type: ignore[arg-type]
    return [each.id for each in await store.recordings.find(query)]


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(st.lists(anything(), min_size=1, max_size=3), st.lists(expressions, min_size=1, max_size=8))
async def test_what_an_expression_finds_is_what_it_holds_for(
    store: Store, many: list[Seen], asked: list[Expression]
) -> None:
    tenant = f"t{next(_numbers)}"
    seen = [await kept(store, one, tenant) for one in many]
    for expression in asked:
        query = RecordingQuery(where=expression)
        wanted = {
            one.summary.id
            for one in seen
            if holds(expression, one, says_in) and not (query.live_only and one.summary.evaluation is not None)
        }
        assert set(await found(store, expression, tenant=tenant)) == wanted, str(expression)


async def test_recordings_of_evaluations_are_found_only_where_it_speaks_of_evaluations_or_scores(store: Store) -> None:
    asked, live = (recording(evaluation=of) for of in ("ev_1", None))
    for each in (asked, live):
        await store.recordings.add(each)
    assert await found(store, parse("outcome=ok")) == [live.id]
    assert await found(store, parse("evaluation!=none")) == [asked.id]
    assert await found(store, parse("evaluation=none")) == [live.id]
    assert await found(store, parse("not score.exact=1")) == [live.id, asked.id]
    assert await found(store, parse("outcome=ok"), evaluation="ev_1") == [asked.id]


async def test_an_expression_narrows_with_the_other_filters_page_by_page(store: Store) -> None:
    many = [recording(f"parcel {n}", feature="a" if n % 2 else "b", ms=float(n)) for n in range(20)]
    for each in many:
        await store.recordings.add(each)
    pages: list[str] = []
    where = parse("ms>=4 and ms<15 and asked~parcel")
    while page := await found(store, where, feature="a", limit=2, before=pages[-1] if pages else None):
        pages += page
    assert pages == [each.id for each in reversed(many) if each.feature == "a" and 4 <= each.ms < 15]


async def test_what_is_said_of_another_tenants_recording_finds_nothing(store: Store) -> None:
    one = Seen(
        summary=RecordingSummary(
            id="", feature="f", release="r", outcome="ok", cost_usd=None, ms=1, started_at=NOW, subject="anna"
        ),
        scores=(("exact", True),),
        feedback=said(((1.0, "good"),)),
    )
    theirs = await kept(store, one, "theirs")
    mine = replace(recording(), id=theirs.summary.id, tenant="mine")
    await store.recordings.add(mine)
    for text in ("score.exact=1", "feedback.label=good"):
        assert await found(store, parse(text), tenant="theirs") == [theirs.summary.id]
        assert await found(store, parse(text), tenant="mine") == []
    await store.recordings.delete_subject("anna", "theirs")
    assert await found(store, Not(Is("score.exact", "=", 1.0)), tenant="theirs") == []


async def test_the_same_feedback_again_is_found_once_and_as_it_first_was(store: Store) -> None:
    one = recording()
    await store.recordings.add(one)
    first = Feedback(id="fb_1", recording_id=one.id, at=NOW, score=-1.0, label="wrong")
    for each in (first, replace(first, score=1.0, label="right")):
        await store.feedback.add(each)
    assert await found(store, parse("feedback.score<0 and feedback.label=wrong")) == [one.id]
    assert await found(store, parse("feedback.score>0 or feedback.label=right")) == []
