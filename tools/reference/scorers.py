"""The page of scorers, from the classes a project chooses from. Knows nothing of how they score."""

from __future__ import annotations

import inspect
from typing import Any

from msgspec import Struct

from holdfast import judgement as nouns
from holdfast import scorers as chosen
from holdfast.contracts import Lab, Probe, Scorer
from holdfast.evals.judged import Comparison, Question
from holdfast.evals.scorers import BUILT_IN
from holdfast.evaluation import Confusion, Scored
from tools.reference.markdown import page, prose, table
from tools.reference.records import fields, struct

FOLLOWING = (
    ("`NAME_macro_f1`", "the mean of F1 over all classes", "the least"),
    ("`NAME_ece`", "how far confidence is from accuracy, over ten bins", "the most"),
    ("`NAME_brier`", "the mean squared distance between confidence and whether the class is right", "the most"),
    ("`NAME.FIELD`", "F1 of one field's values over all cases", "the least"),
    ("`NAME_flip_rate`", "the share of changes that changed the answer", "the most"),
    ("`NAME_control_rate`", "the share of answers that were another when nothing was changed", "the most"),
)


def scorers() -> str:
    """Every scorer with its settings, what follows from all of their scores, and what judges are known by."""
    own: list[type[Struct]] = [getattr(chosen, name) for name in chosen.__all__]
    details = (nouns.Fields, nouns.Field, nouns.Classified, nouns.Consistency, nouns.Changed, nouns.Judged)
    known = (nouns.Certificate, nouns.Interval, nouns.Disagreement, nouns.Judging, nouns.Variance)
    parts = [
        "## Those that every project has\n\n"
        + table(("name", "what it says"), [(f"`{name}`", prose(type(each))) for name, each in BUILT_IN.items()]),
        "## Those a project chooses\n\n`from holdfast import scorers`, and then "
        '`hf.App(scorers={"NAME": scorers.Contains(("sorry",), absent=True)})`: the name is what stands in a bar.',
        *(part for kind in own for part in (f"### `scorers.{kind.__name__}`", said(kind))),
        "## Measures of all cases\n\nThey follow from the scores of one scorer together, and a bar may name them as "
        "it names scorers: `hf.Bar(topic_macro_f1=0.8)`. Intervals that are not of a mean are percentile bootstraps "
        "over cases.\n\n" + table(("name", "what it is", "a limit is"), FOLLOWING),
        "## A scorer of your own",
        f"### {Scorer.__name__}\n\n{prose(Scorer)} {doc_of(Scorer.score)}",
        f"### {Probe.__name__}\n\n{prose(Probe)} {doc_of(Probe.probe)} {prose(Lab)}",
        table(
            ("of the lab", "what it is"),
            [(f"`{name}`", doc_of(getattr(Lab, name))) for name in ("ask", "again", "embed", "twice")],
        ),
        f"### {Scored.__name__}\n\n{struct(Scored)}",
        "## Details of a score\n\nThe `detail` of a score; `kind` says which.",
        *(f"### {kind.__name__}\n\n{struct(kind)}" for kind in (*details, Confusion)),
        "## The prompt of a judge\n\n" + " ".join((prose(Question), prose(Comparison))),
        "## The file of labels\n\nOne JSON object a line. " + struct(nouns.Label),
        "## Certificates",
        *(f"### {kind.__name__}\n\n{struct(kind)}" for kind in known),
    ]
    intro = (
        "What `holdfast eval` scores answers by. A scorer says True or False (an assertion: a case with a False does "
        "not pass), a number in 0 to 1 (a score, higher is better), a text (a label), or nothing. A scorer that raises "
        "fails its case, and nothing else; a judge that gives no verdict fails nothing."
    )
    return page("Scorers", intro, parts)


def said(kind: type[Struct]) -> str:
    """What a scorer says, and its settings."""
    rows = list(fields(kind))
    return "\n\n".join([prose(kind), table(("setting", "type", "default"), rows) if rows else "No settings."])


def doc_of(member: Any) -> str:
    """The docstring of a method or a property, as one paragraph."""
    return " ".join((inspect.getdoc(member) or "").split())
