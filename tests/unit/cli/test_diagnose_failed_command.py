"""`holdfast diagnose --failed` at a real project: what it says, in which form, and its exit code."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.contract.test_store_diagnoses import NOW
from tests.unit.cli.said import Type

from holdfast.cli.diagnose_failed import since_of
from holdfast.cli.diagnose_failed_pretty import show_failures
from holdfast.cli.terminal import Terminal
from holdfast.diagnosis import Fix, NextTest, SideEffects
from holdfast.errors import Misconfigured
from holdfast.failures import Cluster, ClusterFix, Failures, LookedInto
from holdfast.judgement import Interval


@pytest.fixture
def broken(folder: Path, typed: Type) -> Path:
    """A project that answers without a model, whose document on refunds is gone, and whose cases found that out."""
    config = folder / "holdfast.toml"
    lines = [
        'models = ["extractive"]' if line.startswith("models = ") else line for line in config.read_text().splitlines()
    ]
    config.write_text("\n".join(lines))
    (folder / "data" / "refunds.md").unlink()
    assert typed("sync").code == 0
    typed("eval", "answer_ticket")
    return folder


def test_where_nothing_failed_there_is_nothing_to_do(folder: Path, typed: Type) -> None:
    said = typed("diagnose", "--failed", "--json")
    assert (said.code, said.error["code"]) == (5, "HF203")
    assert "since 7d" in said.error["message"]


def test_failed_cases_are_sorted_and_shown_with_what_failed(broken: Path, typed: Type) -> None:
    said = typed("diagnose", "--failed")
    assert said.code == 0, said.err
    assert "at most about 200 calls of models" in said.err
    assert "answer_ticket: " in said.out
    assert "95 % interval" in said.out
    assert "no document says what was expected" in said.out
    assert "such as rec_" in said.out
    assert "side effects were not repeated" in said.out
    assert "\x1b[" not in said.out


def test_as_json_clusters_come_with_the_verdict_first_and_the_biggest_first(broken: Path, typed: Type) -> None:
    said = typed("diagnose", "--failed", "--json", "--feature", "answer_ticket", "--strict")
    (found,) = said.json["failures"]
    clusters = found["clusters"]
    assert all(next(iter(each)) == "verdict" for each in clusters)
    assert [each["count"] for each in clusters] == sorted((each["count"] for each in clusters), reverse=True)
    assert sum(each["count"] for each in clusters) == found["looked_at"] == found["of"] > 0
    assert said.code == (4 if all(each["verdict"] == "unknown" for each in clusters) else 0)
    assert said.err == ""


def test_with_nothing_to_spend_it_only_looks_and_strict_says_that_nothing_is_known(broken: Path, typed: Type) -> None:
    said = typed("diagnose", "--failed", "--max-cost", "0", "--strict")
    assert said.code == 4
    assert "stopped: $0 were spent" in said.out
    assert "no verdict: none of it was diagnosed" in said.out


def test_flags_that_say_nothing_here_are_refused_with_what_to_type(folder: Path, typed: Type) -> None:
    for words in (["diagnose"], ["diagnose", "last", "--failed"], ["diagnose", "last", "--since", "7d"],
                  ["diagnose", "--failed", "--case", "c"], ["diagnose", "--failed", "--since", "yesterday"],
                  ["diagnose", "--failed", "--since", "7d or outcome=ok"],
                  ["diagnose", "--failed", "--limit", "0"]):  # fmt: skip
        said = typed(*words, "--json")
        assert (said.code, said.error["code"]) == (2, "HF100"), words
        assert said.error["fix"], words
    said = typed("diagnose", "--failed", "--feature", "answer_tickets", "--json")
    assert (said.code, said.error["code"]) == (2, "HF200")
    assert "answer_ticket" in said.error["fix"]


def test_since_is_a_moment_or_how_long_ago() -> None:
    assert since_of("2026-01-31") == datetime(2026, 1, 31, tzinfo=UTC)
    assert abs(since_of("2d") - (datetime.now(UTC) - timedelta(days=2))) < timedelta(minutes=1)
    with pytest.raises(Misconfigured, match="--since"):
        since_of("")


def test_a_fix_is_told_with_how_many_it_suffices_for_and_what_to_type(capsys: pytest.CaptureFixture[str]) -> None:
    half = Interval(0.5, 0.3, 0.7)
    fix = Fix(part="ranking", advice="more passages", passed=7, asked=8, share=half, changes={"help.k": 40},
              cost_usd=0.002, side_effects=SideEffects(asked=6, broken=1, share=half))  # fmt: skip
    sure = Cluster(
        verdict="ranking", said="31 of 74 failures: ranking, 96%: …", probability=0.96, count=31, distinct=30,
        share=half, signs=("an answer that is not good", "what answers did not reach the prompt (29 of 31)"),
        examples=("rec_1", "rec_2", "rec_3", "rec_4"),
        fixes=(ClusterFix(fix=fix, suffices=2, diagnosis="dg_1", number=3),),
        looked_into=(LookedInto(recording="rec_1", diagnosis="dg_1", verdict="ranking", probability=0.96),
                     LookedInto(recording="rec_2", refused="HF740: it cannot be asked again; write calls"),
                     LookedInto(recording="rec_3", diagnosis="dg_2", verdict="unknown", probability=0.5)),
    )  # fmt: skip
    test = NextTest(substitution="wider", said="ask with more passages", calls=2, cost_usd=0.01)
    unsure = Cluster(verdict="unknown", said="43 of 74 failures: unknown", count=43, distinct=43, share=half,
                     note="the likeliest is model, 60%, which is not sure enough", next_test=test)  # fmt: skip
    found = Failures(id="fs_1", feature="answer", since=NOW, started_at=NOW, clusters=(unsure, sure), of=900, live=800,
                     evaluated=100, looked_at=74, distinct=73, calls=41,
                     stopped="of 41 calls all were made")  # fmt: skip
    show_failures(Terminal(), (found,))
    out = capsys.readouterr().out
    assert "answer: 900 failures since 2026-11-20 12:00:00, 800 of requests and 100 of cases" in out
    assert "74 of them, chosen by chance, were looked at" in out
    assert "30 different requests; an answer that is not good; what answers did not reach the prompt (29 of 31)" in out
    assert "more passages; 7 of 8 pass with it, in 2 of 2 looked into; $0.002 more an answer; of 6 good" in out
    assert "holdfast eval answer --against live --set help.k=40" in out
    assert "holdfast release create --from-diagnosis dg_1 --fix 3" in out
    assert "such as rec_1: ranking, 96% (dg_1)" in out
    assert "such as rec_2: HF740: it cannot be asked again" in out
    assert "such as rec_3: unknown (dg_2)" in out
    assert "rec_4" not in out
    assert "no verdict: the likeliest is model" in out
    assert "would change this: ask with more passages (2 calls, $0.01)" in out
    assert "stopped: of 41 calls" in out
    assert "failures fs_1 · 41 calls" in out
