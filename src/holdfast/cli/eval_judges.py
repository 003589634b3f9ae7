"""The judges of an evaluation in words: what each is worth, how far it varied, and what it cost.

Knows nothing of how they are laid out.
"""

from __future__ import annotations

from collections.abc import Iterator

from holdfast.cli import words
from holdfast.evaluation import Evaluation, Standing
from holdfast.judgement import Certificate, Interval, Judging

_CONFUSIONS = 5


def judging_lines(evaluation: Evaluation) -> Iterator[str]:
    """A line or two for each judge, and one for each scorer of classes that confused some; none without either."""
    standings = {standing.name: standing for standing in evaluation.standings}
    for judging in evaluation.judging:
        yield f"judge {judging.scorer}: {_worth(judging, standings.get(judging.scorer))}"
        if judging.certificate is not None:
            yield f"  {' · '.join(_agreement(judging.certificate))}"
        yield f"  {' · '.join(_spread(judging))}"
    wrong = [each for each in evaluation.confusions if each.expected != each.got]
    for scorer in dict.fromkeys(each.scorer for each in wrong):
        mine = [each for each in wrong if each.scorer == scorer]
        said = "; ".join(f"{each.got} for {each.expected} ({each.count})" for each in mine[:_CONFUSIONS])
        more = f"; and {len(mine) - _CONFUSIONS} more" if len(mine) > _CONFUSIONS else ""
        yield f"{scorer} confused: {said}{more}"


def _worth(judging: Judging, standing: Standing | None) -> str:
    if not judging.gates:
        return f"informs only, {judging.why}"
    if standing is None or standing.raw is None or standing.estimate is None:
        return "certified"
    by = "people's labels correct" if standing.corrected == "ppi" else "its error rates correct"
    return f"certified; it passes {standing.raw:.3f}, which {by} to {standing.estimate:.3f}"


def _agreement(certificate: Certificate) -> Iterator[str]:
    """How far the judge agrees with people."""
    yield f"{words.counted(certificate.n, 'label')}: kappa {_interval(certificate.kappa)}"
    yield f"good ones passed: {_interval(certificate.sensitivity)}"
    yield f"bad ones failed: {_interval(certificate.specificity)}"
    if certificate.overlap:
        yield f"people among themselves: kappa {_interval(certificate.people)} on {certificate.overlap}"
    yield f"until {certificate.expires_at:%Y-%m-%d} · {certificate.id}"


def _interval(found: Interval | None) -> str:
    if found is None:
        return "not measured"
    return f"{found.estimate:.2f} ({found.low or 0.0:.2f} to {1.0 if found.high is None else found.high:.2f})"


def _spread(judging: Judging) -> Iterator[str]:
    if judging.twice:
        yield f"asked twice of {words.counted(judging.twice, 'answer')}, it differed on {judging.differed}"
    if (parts := judging.variance) is not None:
        named = (("cases", parts.cases), ("answers", parts.answers), ("judge", parts.judge))
        yield "variance: " + ", ".join(f"{name} {share:.0%}" for name, share in named if share is not None)
    yield "judging cost " + ("an unknown price" if judging.spent_usd is None else words.usd(judging.spent_usd))
    if judging.certifying_usd != 0:
        usd = judging.certifying_usd
        yield "certifying " + ("an unknown price" if usd is None else words.usd(usd))
