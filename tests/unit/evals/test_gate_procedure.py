"""The gate's way through what is to be asked, and what it comes to, on answers that are given to it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest

from holdfast.evals import confirming, planning
from holdfast.evals.gating import Decided, Sides, Wanted, decide
from holdfast.evals.observed import Evidence, by_case, steady
from holdfast.evals.ruling import Terms
from holdfast.evaluation import Case, CaseResult, Score, Standing
from holdfast.gate import GatePlan

Says = Callable[[Wanted, str, int], CaseResult]


def result(case: str, nth: int = 0, *, passed: bool = True, output: str = "", score: float | None = None,
           fault: str | None = None, cost: float | None = 0.001) -> CaseResult:  # fmt: skip
    return CaseResult(
        case=case, repeat=nth, recording=f"rec_{case}_{nth}", outcome="failed" if fault else "ok", ms=100.0,
        cost_usd=cost, spent_usd=cost, wrong=() if passed else ("wrong",), fault=fault,
        output_hash=output or ("good" if passed else "bad"),
        scores=() if score is None else (Score(scorer="soft", value=score),),
    )  # fmt: skip


class Answers:
    """Answers as it is told, and remembers what it was asked."""

    def __init__(self, says: Says, *, most: int | None = None, bar: tuple[Standing, ...] = ()) -> None:
        self.says, self.most, self.bar = says, most, bar
        self.asked: list[Wanted] = []
        self.calls: Counter[str] = Counter()
        self.stopped: str | None = None

    async def ask(self, wanted: Wanted) -> tuple[CaseResult, ...]:
        assert self.stopped is None
        self.asked.append(wanted)
        found = []
        for nth in range(wanted.repeat):
            for case in wanted.cases:
                if self.most is not None and self.calls.total() >= self.most:
                    self.stopped = "the money is spent"
                    return tuple(found)
                self.calls[wanted.role] += 1
                found.append(self.says(wanted, case, nth))
        return tuple(found)

    def informing(self) -> tuple[str, ...]:
        return ()

    def standings(self) -> tuple[Standing, ...]:
        return self.bar


def cases(count: int, *, must_pass: frozenset[int] = frozenset(), tag: Callable[[int], str] = str) -> tuple[Case, ...]:
    return tuple(Case(id=f"c{n}", input=n, tags=(tag(n),), must_pass=n in must_pass) for n in range(count))


def bank(asked: tuple[Case, ...], size: int = 10) -> dict[str, tuple[CaseResult, ...]]:
    return {case.id: tuple(result(case.id, n) for n in range(size)) for case in asked}


def breaks(*broken: str, role: str = "") -> Says:
    def says(wanted: Wanted, case: str, nth: int) -> CaseResult:
        bad = wanted.side == "candidate" and case in broken and (not role or wanted.role == role)
        return result(case, nth, passed=not bad)

    return says


async def held(
    asked: tuple[Case, ...], answers: Answers, size: int = 10, **fields: object
) -> tuple[Decided, list[GatePlan]]:
    plans: list[GatePlan] = []
    terms = fields.pop("terms", Terms(primary="passed", margin=0.05))
    sides = Sides(cases=asked, stored=bank(asked, size) if size else {}, terms=terms, seed="s", **fields)  # type: ignore[arg-type]
    return await decide(sides, answers, plans.append), plans


async def test_a_change_that_changes_nothing_passes_and_what_it_takes_was_said_before() -> None:
    answers = Answers(breaks())
    decided, plans = await held(cases(120), answers)
    assert decided.verdict.ruling == "pass"
    assert [(wanted.role, wanted.repeat) for wanted in answers.asked] == [("control", 1), ("candidate", 1)]
    assert plans == [decided.plan]
    assert decided.plan.calls == answers.calls.total() == 130
    assert decided.plan.cost_usd == pytest.approx(0.13)


async def test_without_a_bank_the_baseline_is_asked_and_the_plan_counts_it() -> None:
    answers = Answers(breaks())
    decided, plans = await held(cases(20), answers, 0)
    assert [(wanted.role, wanted.repeat) for wanted in answers.asked] == [("bank", 5), ("candidate", 3)]
    assert plans[0].calls == answers.calls.total() == 160
    assert plans[0].cost_usd is None
    assert plans[0].detectable > 0.05
    assert decided.verdict.ruling == "pass"


async def test_a_broken_case_is_reproduced_and_named_with_what_its_like_share() -> None:
    asked = cases(100, tag=lambda n: "narrow" if n < 8 else "wide")
    answers = Answers(breaks("c1", "c2", "c3", "c4", "c5"))
    decided, _ = await held(asked, answers)
    verdict = decided.verdict
    assert verdict.ruling == "regressed"
    assert {each.case for each in verdict.regressions} == {"c1", "c2", "c3", "c4", "c5"}
    assert verdict.shared == "narrow"
    assert verdict.flaky == (), "what broke is no flaky case, and the rest is steady"
    narrow = next(each for each in verdict.slices if each.tag == "narrow")
    assert narrow.low is not None
    assert narrow.high is not None
    assert -1 <= narrow.low < narrow.difference < narrow.high < 0
    assert "5 of them tagged 'narrow'" in verdict.reasons[0]
    first = verdict.regressions[0]
    assert (first.fresh_failed, first.fresh, first.baseline_failed) == (5, 5, 0)
    assert first.baseline >= 13
    roles = [(wanted.role, len(wanted.cases), wanted.repeat) for wanted in answers.asked[-2:]]
    assert roles == [("confirm", 5, 5), ("recheck", 5, 3)]


async def test_a_failure_that_does_not_come_again_is_no_regression() -> None:
    answers = Answers(breaks("c1", role="candidate"))
    decided, _ = await held(cases(120), answers)
    assert decided.verdict.newly_failing == 1
    assert decided.verdict.regressions == ()
    (flaky,) = decided.verdict.flaky
    assert (flaky.case, flaky.candidate_passed, flaky.candidate) == ("c1", 5, 6)
    assert (flaky.baseline_passed, flaky.recording) == (flaky.baseline, "rec_c1_0")
    assert decided.verdict.ruling == "pass"


async def test_what_the_baseline_fails_now_too_is_held_against_nobody() -> None:
    def says(wanted: Wanted, case: str, nth: int) -> CaseResult:
        return result(case, nth, passed=case != "c1" or wanted.role == "control")

    decided, _ = await held(cases(120), Answers(says))
    assert decided.verdict.regressions == ()
    assert decided.drifted
    assert "c1" in decided.verdict.notes[-1]
    assert decided.verdict.ruling == "pass"


async def test_a_baseline_that_drifted_is_asked_anew() -> None:
    def says(wanted: Wanted, case: str, nth: int) -> CaseResult:
        return result(case, nth, passed=nth % 2 == 1, output=f"{case}{nth}{wanted.role}")

    answers = Answers(says)
    decided, plans = await held(cases(120), answers)
    assert decided.drifted
    assert "no longer answers as it did" in decided.verdict.notes[0]
    roles = [wanted.role for wanted in answers.asked]
    assert roles[:3] == ["control", "bank", "bank"]
    assert len(plans) == 2  # one answer each would not do for a baseline that wavers so


async def test_a_steady_answer_that_changed_is_drift_by_itself() -> None:
    asked = cases(12)
    stored = bank(asked)
    assert not planning.drifted(stored, [result(f"c{n}") for n in range(10)])
    assert planning.drifted(stored, [*(result(f"c{n}") for n in range(9)), result("c9", passed=False, output="new")])
    assert not planning.drifted(stored, [result("c9", passed=False, fault="HF305")])


async def test_answers_that_stand_out_now_and_then_are_no_drift_where_they_always_did() -> None:
    stored = bank(cases(100))
    for n in range(12):  # one answer in eighty fails
        first, *others = stored[f"c{n}"]
        stored[f"c{n}"] = (result(first.case, passed=False, output="odd"), *others)
    one_odd = [*(result(f"c{n}") for n in range(50, 59)), result("c59", passed=False, output="odd")]
    assert not planning.drifted(stored, one_odd)
    assert planning.drifted(bank(cases(100)), one_odd)
    assert planning.drifted(stored, [result(f"c{n}", passed=n > 55, output="odd") for n in range(50, 60)])


async def test_a_case_that_must_pass_fails_on_two_fresh_failures_never_on_one() -> None:
    def fails(times: int) -> Says:
        def says(wanted: Wanted, case: str, nth: int) -> CaseResult:
            first = wanted.role == "candidate" and nth == 0
            bad = wanted.side == "candidate" and case == "c3" and (first or (wanted.role == "confirm" and nth < times))
            return result(case, nth, passed=not bad, output=f"{nth}{wanted.role}")

        return says

    asked = cases(40, must_pass=frozenset({3}))
    once, _ = await held(asked, Answers(fails(1)))
    assert (once.verdict.bar_missed, once.verdict.regressions) == ((), ())
    twice, _ = await held(asked, Answers(fails(2)))
    assert twice.verdict.bar_missed == ("must pass: c3",)
    assert [each.case for each in twice.verdict.regressions] == ["c3"]
    assert twice.verdict.ruling == "regressed"


async def test_a_case_that_must_pass_and_never_did_misses_the_bar_but_is_no_regression() -> None:
    asked = cases(30, must_pass=frozenset({3}))

    def says(wanted: Wanted, case: str, nth: int) -> CaseResult:
        return result(case, nth, passed=case != "c3")

    decided, _ = await held(asked, Answers(says), 0)
    assert decided.verdict.regressions == ()
    assert decided.verdict.bar_missed == ("must pass: c3",)
    assert decided.verdict.ruling == "pass"


@pytest.mark.parametrize("side", ["baseline", "candidate"])
async def test_too_many_faults_on_a_side_cannot_be_compared(side: str) -> None:
    def says(wanted: Wanted, case: str, nth: int) -> CaseResult:
        return result(case, nth, fault="HF305" if wanted.side == side and int(case[1:]) % 10 == 0 else None)

    missed = Standing(name="facts", measure="mean", n=100, estimate=0.5, limit=0.9, verdict="missed")
    decided, _ = await held(cases(100), Answers(says, bar=(missed,)), 2)
    assert decided.verdict.ruling == "not_comparable"
    assert f"of the {side} could not be had" in decided.verdict.reasons[0]
    assert [each.name for each in decided.verdict.bar] == ["facts"]
    assert decided.verdict.bar_missed == ("facts",)


async def test_a_baseline_that_cannot_be_asked_is_taken_from_the_bank_or_not_at_all() -> None:
    answers = Answers(breaks("c1"))
    decided, _ = await held(cases(100), answers, can_ask=False)
    assert decided.verdict.ruling == "regressed"
    assert {wanted.side for wanted in answers.asked} == {"candidate"}
    answers = Answers(breaks())
    decided, plans = await held(cases(100), answers, 1, can_ask=False)
    assert decided.verdict.ruling == "not_comparable"
    assert "--repeat 5" in decided.verdict.reasons[0]
    assert (answers.asked, plans) == ([], []), "nothing is spent on what cannot be compared"


async def test_where_the_money_ends_it_is_inconclusive_and_says_so() -> None:
    for most in (3, 50, 109):
        decided, _ = await held(cases(100), Answers(breaks(), most=most))
        assert decided.verdict.ruling == "inconclusive"
        assert "the money is spent" in decided.verdict.reasons[0]
        assert decided.verdict.settling is None


def wavers(fall: float) -> Says:
    """Passes 9 of 10 times, by turns; the candidate less often by `fall` of the times."""

    def says(wanted: Wanted, case: str, nth: int) -> CaseResult:
        turn = (int(case[1:]) * 7 + nth * 3 + (1 if wanted.side == "candidate" else 0) * 5) % 20
        least = 2 + (round(20 * fall) if wanted.side == "candidate" else 0)
        return result(case, nth, passed=turn >= least, output=f"{case}{nth}{wanted.role}{wanted.batch}")

    return says


async def test_what_is_not_clear_says_what_would_settle_it_and_more_batches_do() -> None:
    asked = cases(40)
    stored = {
        case.id: tuple(wavers(0)(Wanted("bank", "baseline", (), 1), case.id, n) for n in range(10)) for case in asked
    }

    async def with_batches(batches: int) -> Decided:
        sides = Sides(asked, stored, Terms(primary="passed", margin=0.05), batches=batches, seed="s")
        return await decide(sides, Answers(wavers(0)), lambda plan: None)

    first = await with_batches(0)
    assert first.verdict.ruling == "inconclusive"
    settling = first.verdict.settling
    assert settling is not None
    assert settling.calls == settling.batches * 240
    assert settling.cost_usd == pytest.approx(settling.calls * 0.001)
    last = await with_batches(12)
    assert last.verdict.e_not_worse > 40
    assert last.verdict.ruling == "pass"


async def test_a_declared_slice_decides_and_another_is_only_looked_at() -> None:
    def says(wanted: Wanted, case: str, nth: int) -> CaseResult:
        bad = wanted.side == "candidate" and int(case[1:]) % 5 == 0 and nth == 1  # a third of the slice's answers
        return result(case, nth, passed=not bad, output=f"{case}{nth}{wanted.role}")

    asked = cases(60, tag=lambda n: "weak" if n % 5 == 0 else "strong")
    declared = Terms(primary="passed", margin=0.2, slices=("weak", "strong"))
    decided, _ = await held(asked, Answers(says), terms=declared)
    found = {each.tag: each for each in decided.verdict.slices}
    assert found["weak"].worse
    assert not found["strong"].worse
    assert decided.verdict.ruling == "regressed"
    decided, _ = await held(asked, Answers(says), terms=Terms(primary="passed", margin=0.2))
    found = {each.tag: each for each in decided.verdict.slices}
    assert not found["weak"].worse
    assert found["weak"].p_worse is None
    assert found["weak"].difference < found["weak"].shrunk < 0


async def test_a_soft_measure_decides_where_it_is_the_primary_one_and_is_guarded_where_it_is_not() -> None:
    def says(wanted: Wanted, case: str, nth: int) -> CaseResult:
        score = 0.8 + (int(case[1:]) * 3 + nth) % 5 / 50 - (0.1 if wanted.side == "candidate" else 0)
        return result(case, nth, score=score, output=f"{case}{nth}{wanted.role}")

    asked = cases(120)
    stored = {case.id: tuple(says(Wanted("bank", "baseline", (), 1), case.id, n) for n in range(5)) for case in asked}
    for primary in ("soft", "passed"):
        sides = Sides(asked, stored, Terms(primary=primary, margin=0.05), seed="s")
        decided = await decide(sides, Answers(says), lambda plan: None)
        assert decided.verdict.ruling == "regressed"
        assert f"'soft' fell by 10 points, {0.84:.1%} to {0.74:.1%}" in decided.verdict.reasons
        assert decided.plan.answers == (3 if primary == "soft" else 1)


async def test_costs_are_compared_case_by_case() -> None:
    def says(wanted: Wanted, case: str, nth: int) -> CaseResult:
        return result(case, nth, cost=0.001 * (1 + int(case[1:]) % 7) * (1.5 if wanted.side == "candidate" else 1))

    decided, _ = await held(cases(40), Answers(says), 0)
    ratio = next(each for each in decided.verdict.ratios if each.name == "cost_usd")
    assert (ratio.ratio, ratio.cases) == (pytest.approx(1.5), 40)
    assert decided.verdict.ruling == "pass"


def test_only_so_many_cases_are_asked_again_and_those_that_must_pass_are_among_them() -> None:
    asked = cases(80, must_pass=frozenset({77}))
    evidence = Evidence(asked, bank(asked), {case.id: (result(case.id, passed=False),) for case in asked})
    failing = confirming.newly_failing(evidence)
    again = confirming.to_ask_again(failing, "seed")
    assert (len(failing), len(again)) == (80, confirming.MOST)
    assert "c77" in {case.id for case in again}
    assert again == confirming.to_ask_again(failing, "seed")


def test_what_reads_the_same_is_steady_as_far_as_three_answers_show() -> None:
    same = [result("a", n) for n in range(3)]
    other = [result("a", n, output="else") for n in range(2)]
    ones, twos = [1.0] * 3, [1.0] * 2
    assert steady([same], [ones])
    assert steady([same, other], [ones, twos])
    assert not steady([same, other[:1]], [ones, [1.0]])
    assert not steady([[*same[:2], other[0]]], [ones])
    assert not steady([same[:2]], [twos])
    assert not steady([same], [[1.0, 0.5, 1.0]])
    assert by_case([result("a", fault="HF302")]) == {}
