"""The page of findings, from the catalogue of the corpus's checks. Knows nothing of how one is found."""

from __future__ import annotations

from holdfast.corpus.checks.catalogue import CATALOGUE
from holdfast.corpus.quality import SEVERITIES, Severity
from tools.reference.markdown import page, table

_MEANS: dict[Severity, str] = {
    "broken": "Broken: somebody should act",
    "worth_a_look": "Worth a look: a person can tell",
    "note": "Notes",
}


def findings() -> str:
    """Every code that a quality report may carry, by severity."""
    parts = []
    for severity in SEVERITIES:
        rows = [(f"`{code}`", kind.message, kind.fix) for code, kind in CATALOGUE.items() if kind.severity == severity]
        parts.append(f"## {_MEANS[severity]}\n\n{table(('code', 'what it means', 'what to do'), rows)}")
    intro = (
        "What `holdfast corpus show CORPUS --quality` and `GET /v1/corpora/{name}/quality` may say of a corpus's data. "
        "Each code can be a limit in `[corpora.NAME.limits]`. [What is wrong with the data]"
        "(../how-to/operate/data-quality.md) says how to read a report."
    )
    return page("Findings about data", intro, parts)
