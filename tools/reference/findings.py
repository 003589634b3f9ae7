"""The page of findings: those of features from the functions that find them, those about data from the catalogue of the
corpus's checks. Knows nothing of how one is found."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator

from holdfast.corpus.checks.catalogue import CATALOGUE
from holdfast.corpus.quality import SEVERITIES, Severity
from holdfast.evals.findings.codes import FAMILIES, Looks
from tools.reference.markdown import page, table

_MEANS: dict[Severity, str] = {
    "broken": "Broken: somebody should act",
    "worth_a_look": "Worth a look: a person can tell",
    "note": "Notes",
}
_FAMILIES = {
    "HD1": "HD1xx: retrieval",
    "HD2": "HD2xx: generation",
    "HD3": "HD3xx: guards",
    "HD4": "HD4xx: cost and latency",
    "HD5": "HD5xx: data, and the answers it touched",
}
_LABEL = re.compile(r"^(What it means|How it is computed|What to do|What it does not say):")


def findings() -> str:
    """Every code of a finding with its page, and every code that a quality report may carry, by severity."""
    parts = [part for family, looks in FAMILIES.items() for part in _family(_FAMILIES[family], looks)]
    parts.append(
        "## What a quality report says of data\n\n"
        "What `holdfast corpus show CORPUS --quality` and `GET /v1/corpora/{name}/quality` may say of a corpus's data. "
        "Each code can be a limit in `[corpora.NAME.limits]`. [What is wrong with the data]"
        "(../how-to/operate/data-quality.md) says how to read a report."
    )
    for severity in SEVERITIES:
        rows = [(f"`{code}`", kind.message, kind.fix) for code, kind in CATALOGUE.items() if kind.severity == severity]
        parts.append(f"### {_MEANS[severity]}\n\n{table(('code', 'what it means', 'what to do'), rows)}")
    intro = (
        "What `holdfast diagnose --findings` and `GET /v1/features/{name}/findings` may say of a feature, by code. "
        "[What is wrong with a feature](../how-to/operate/findings.md) says how to read it. Behind them stand the "
        "codes of a corpus's quality report."
    )
    return page("Findings", intro, parts)


def _family(title: str, looks: tuple[Looks, ...]) -> Iterator[str]:
    yield f"## {title}"
    yield table(("code", "what was seen"), [(f"`{each.__name__.upper()}`", _title(each)) for each in looks])
    for each in looks:
        yield f"### {each.__name__.upper()}: {_title(each).rstrip('.')}"
        yield from (_LABEL.sub(r"**\1:**", " ".join(part.split())) for part in _parts(each)[1:])


def _title(looks: Looks) -> str:
    return " ".join(_parts(looks)[0].split())


def _parts(looks: Looks) -> list[str]:
    return inspect.cleandoc(looks.__doc__ or "").split("\n\n")
