"""What is said of the judges of an evaluation."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

from tests.contract.test_store_certificates import certificate
from tests.contract.test_store_evaluations import evaluation

from holdfast.cli.eval_formats import report
from holdfast.cli.eval_judges import judging_lines
from holdfast.evals.evaluate import Evaluated
from holdfast.evaluation import Confusion, Standing
from holdfast.judgement import Interval, Judging, Variance


def judging(**fields: Any) -> Judging:
    return Judging(scorer="tone", judge="j", **{"gates": True, "spent_usd": 0.02, **fields})


def standing(**fields: Any) -> Standing:
    return Standing(name="tone", measure="share", n=40, estimate=0.9, low=0.8, high=1.0, limit=0.8, **fields)


def test_a_certified_judge_is_said_with_its_agreement_its_noise_and_its_price() -> None:
    known = judging(
        certificate=certificate(1, people=Interval(0.8, 0.5, 1.0), overlap=12),
        twice=10,
        differed=1,
        variance=Variance(cases=0.8, judge=0.2),
        certifying_usd=0.1,
    )
    stands = standing(verdict="met", raw=0.85, corrected="error_rates")
    assert list(judging_lines(evaluation(1, judging=(known,), standings=(stands,)))) == [
        "judge tone: certified; it passes 0.850, which its error rates correct to 0.900",
        "  20 labels: kappa 0.70 (0.40 to 0.90) · good ones passed: not measured · bad ones failed: 0.80 (0.00 to "
        "1.00) · people among themselves: kappa 0.80 (0.50 to 1.00) on 12 · until 2026-03-04 · cert_001",
        "  asked twice of 10 answers, it differed on 1 · variance: cases 80%, judge 20% · judging cost $0.02 · "
        "certifying $0.1",
    ]


def test_a_judge_that_only_informs_says_why() -> None:
    lines = list(judging_lines(evaluation(1, judging=(judging(gates=False, why="no certificate: x", spent_usd=None),))))
    assert lines == ["judge tone: informs only, no certificate: x", "  judging cost an unknown price"]


def test_classes_that_are_confused_are_said_the_most_frequent_first() -> None:
    pairs = (Confusion("topic", "a", "a", 9), Confusion("topic", "a", "b", 2), Confusion("topic", "b", "c", 1))
    assert list(judging_lines(evaluation(1, confusions=pairs))) == ["topic confused: b for a (2); c for b (1)"]
    assert list(judging_lines(evaluation(1))) == []


def test_every_form_of_a_report_has_the_judges_and_a_limit_that_informs_is_skipped() -> None:
    known = judging(gates=False, why="no certificate: it has no labels by people")
    done = Evaluated(evaluation(1, judging=(known,), standings=(standing(verdict="informs"),)), (), ())
    for format in ("pretty", "md"):
        assert "informs only, no certificate" in report(done, format)
    suite = ElementTree.fromstring(report(done, "junit"))[0]
    assert suite.get("skipped") == "1"
    assert suite.find("testcase/skipped") is not None
