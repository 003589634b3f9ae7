"""The scorers a project chooses from, each an object with its settings: `hf.App(scorers={"tone": scorers.Judge()})`.

Knows nothing of how they score; those that every project has need no choosing.
"""

from holdfast.evals.bounds import Length, Refuses, Within
from holdfast.evals.classes import Classes
from holdfast.evals.inventions import Invented
from holdfast.evals.judged import Judge, Preferred
from holdfast.evals.matching import Contains, Extraction, Matches, SameFields, Schema
from holdfast.evals.overlap import Overlap, Similar
from holdfast.evals.probing import Bias, Robust
from holdfast.evals.ranking import Ranking

__all__ = [
    "Bias",
    "Classes",
    "Contains",
    "Extraction",
    "Invented",
    "Judge",
    "Length",
    "Matches",
    "Overlap",
    "Preferred",
    "Ranking",
    "Refuses",
    "Robust",
    "SameFields",
    "Schema",
    "Similar",
    "Within",
]
