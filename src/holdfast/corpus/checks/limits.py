"""The limits of `[corpora.NAME.limits]`, and whether a version keeps them.

Knows nothing of how a version is published, or of how a refusal is shown.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from holdfast.corpus.checks.catalogue import CATALOGUE
from holdfast.corpus.quality import Broken, CorpusFinding, QualityReport
from holdfast.errors import Misconfigured, StoreFailed, nearest


class Limit(Struct, frozen=True):
    """The most that is allowed: so many documents, or such a share, in 0..1."""

    most: float
    is_share: bool


class LimitStanding(Struct, frozen=True, kw_only=True):
    """Where a report stands against one limit. `breaks`: a new version like it is not published."""

    code: str
    limit: float
    figure: float
    is_share: bool
    breaks: bool


def standings(report: QualityReport, limits: Mapping[str, Limit]) -> tuple[LimitStanding, ...]:
    """The report beside each limit, by code; what somebody let pass counts as broken."""
    found = {finding.code: finding for finding in report.findings}
    figures = {code: _figure(found.get(code), limit) for code, limit in sorted(limits.items())}
    return tuple(
        LimitStanding(
            code=code,
            limit=limits[code].most,
            figure=figure,
            is_share=limits[code].is_share,
            breaks=figure > limits[code].most,
        )
        for code, figure in figures.items()
    )


def limits_of(corpus: str, given: Mapping[str, str | int]) -> dict[str, Limit]:
    """`{"near_duplicate": "20%", "injected": 0}` as limits. Raises Misconfigured (HF100) for an unknown code."""
    for code in given:
        if code not in CATALOGUE:
            raise Misconfigured(
                "HF100",
                f"[corpora.{corpus}.limits] names '{code}', which is no finding of the quality report",
                f"{nearest(code, CATALOGUE)}; docs/reference/findings.md lists them",
            )
    return {code: _limit(value) for code, value in given.items()}


def _limit(value: str | int) -> Limit:
    if isinstance(value, str):
        return Limit(float(value.strip().removesuffix("%")) / 100, is_share=True)
    return Limit(float(value), is_share=False)


def refused(
    report: QualityReport, previous: QualityReport | None, limits: Mapping[str, Limit]
) -> tuple[tuple[Broken, ...], tuple[Broken, ...]]:
    """The limits that the version breaks: those to refuse it for, and those that somebody let pass before.

    What was let pass in the version before stays so while it does not get worse; a figure that came back below its
    limit has to be let pass anew.
    """
    found = {finding.code: finding for finding in report.findings}
    passed = {} if previous is None else {broken.code: broken for broken in previous.accepted}
    breaking, standing = [], []
    for code, limit in sorted(limits.items()):
        figure = _figure(found.get(code), limit)
        if figure <= limit.most:
            continue
        before = passed.get(code)
        if before is not None and before.is_share == limit.is_share and figure <= before.figure:
            standing.append(before)
        else:
            breaking.append(Broken(code=code, limit=limit.most, figure=figure, is_share=limit.is_share))
    return tuple(breaking), tuple(standing)


def accepted(broken: Sequence[Broken], by: str, at: datetime) -> tuple[Broken, ...]:
    """The same, let pass."""
    return tuple(replace(each, by=by, at=at) for each in broken)


def refusal(report: QualityReport, broken: Sequence[Broken]) -> StoreFailed:
    """The error (HF621) that names each limit and its figure, and says what to type.

    It names no document: an error may be shown to somebody who must not see them. The report names them.
    """
    said = "; ".join("{} is {}, the limit {}".format(each.code, *figures(each)) for each in broken)
    return StoreFailed(
        "HF621",
        f"corpus '{report.corpus}' was not published, the version before still serves: {said}",
        f"see holdfast corpus show {report.corpus} --quality; if that is right: holdfast sync {report.corpus} --accept",
    )


def figures(broken: Broken) -> tuple[str, str]:
    """The figure and the limit, as one writes them."""
    if broken.is_share:
        return f"{broken.figure:.1%}", f"{100 * broken.limit:g}%"
    return f"{broken.figure:g}", f"{broken.limit:g}"


def _figure(finding: CorpusFinding | None, limit: Limit) -> float:
    if finding is None:
        return 0.0
    return finding.share if limit.is_share else float(finding.count)
