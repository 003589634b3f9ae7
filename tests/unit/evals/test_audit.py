"""The audit split is the same everywhere, moves for nobody, and never holds what must pass."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.errors import NotFound
from holdfast.evals.audit import split, to_ask
from holdfast.evaluation import Case

shares = st.floats(0, 0.5)
made = st.lists(st.builds(Case, id=st.text(), input=st.integers(), must_pass=st.booleans()), unique_by=lambda c: c.id)


@given(made, made, shares, shares)
def test_a_case_stays_where_it_is_whatever_stands_beside_it(
    cases: list[Case], others: list[Case], share: float, larger: float
) -> None:
    working, audit = split(cases, share)
    assert sorted(working + audit, key=lambda case: case.id) == sorted(cases, key=lambda case: case.id)
    assert not any(case.must_pass for case in audit)
    beside = [case for case in others if case.id not in {each.id for each in cases}]
    assert set(map(id, audit)) <= set(map(id, split([*beside, *cases], share)[1]))
    if larger >= share:
        assert set(map(id, audit)) <= set(map(id, split(cases, larger)[1]))


def test_the_share_is_about_what_was_asked_for_and_the_same_every_day() -> None:
    cases = [Case(id=f"case-{number}", input=number) for number in range(1000)]
    _, audit = split(cases, 0.2)
    assert 160 < len(audit) < 240
    assert [case.id for case in audit[:3]] == ["case-24", "case-25", "case-26"]
    assert split(cases, 0.0)[1] == ()


def test_only_an_audit_asks_the_audit_split() -> None:
    cases = [Case(id=f"case-{number}", input=number) for number in range(20)]
    working, audit = split(cases, 0.3)
    assert to_ask(cases, 0.3) == working
    assert to_ask(cases, 0.3, audit=True) == audit
    with pytest.raises(NotFound, match="HF207"):
        to_ask(cases, 0.0, audit=True)
    with pytest.raises(NotFound, match="HF207"):
        to_ask(audit, 0.3)
