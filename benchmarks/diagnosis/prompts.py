"""The prompts of the bench's features: clauses that are put together, so that one can be dropped or turned round.

Knows nothing of who reads them.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

CLAUSES: Mapping[str, tuple[str, ...]] = {
    "role": ("You answer for a company's help desk.", "You help customers find their way.", "You are a careful clerk."),
    "only": ("Use only the numbered passages below.", "Answer only from the sources given.",
             "Rely solely on the passages that follow."),
    "exact": ("Give the exact words, name, number or date that is asked for.",
              "Be specific: say precisely what the passage says.", "Quote what was asked for exactly."),
    "refuse": ("If they do not answer it, reply: I could not find this in the sources.",),
    "tone": ("Write plainly, in at most two sentences.", "Be brief and friendly.", "At most 60 words."),
}  # fmt: skip
HARMFUL: tuple[str, ...] = (
    "Do not mention names, numbers, dates or details of any kind.",
    "Answer in general terms only.",
    "Answer with yes or no, in one word.",
)
REWRITE = "Rewrite the message as a search query that finds its answer. Reply with the query alone."
SUBJECT = "Reply with the general subject of the message, in one or two words, as a search query."
_BODY: Mapping[str, str] = {
    "sources": "{{ passages | sources }}",
    "question": "{{ question }}",
}


@dataclass(frozen=True, slots=True)
class Prompted:
    """A prompt in its parts. `labels` are listed in it, `sources` and `question` say whether it shows those."""

    clauses: tuple[str, ...]
    labels: tuple[tuple[str, str], ...] = ()
    sources: bool = True
    question: bool = True
    harmful: str = ""

    def text(self) -> str:
        """The template."""
        system = [*self.clauses, *([self.harmful] if self.harmful else [])]
        if self.labels:
            system += ["Choose the team that deals with it:", *(f"- {name}: {about}" for name, about in self.labels)]
        sources = f"\n\n{_BODY['sources']}" if self.sources else ""
        question = _BODY["question"] if self.question else "{{ message | default('') }}"
        lines = "\n".join(system)
        return (
            f"{{% block system %}}\n{lines}{sources}\n{{% endblock %}}\n"
            f"{{% block user %}}\nMessage: {question}\n{{% endblock %}}\n"
        )

    def without(self, clause: str) -> Prompted:
        """The prompt with the clauses of one kind left out."""
        return replace(self, clauses=tuple(one for one in self.clauses if one not in CLAUSES[clause]))


def answering(draw: random.Random, *, sources: bool = True) -> Prompted:
    """Clauses for an answer, each with one of its wordings. One that is not needed may be missing."""
    kinds = ["role", "only", "exact", "refuse", "tone"] if sources else ["role", "tone"]
    kept = [kind for kind in kinds if kind in ("only", "exact") or draw.random() < 0.8]
    return Prompted(clauses=tuple(draw.choice(CLAUSES[kind]) for kind in kept), sources=sources)


def rewriting(instruction: str = REWRITE) -> str:
    """The template of the step that makes a query."""
    return f"{instruction}\n\nMessage: {{{{ question }}}}\n"


def listed(labels: Sequence[str], titles: Mapping[str, Sequence[str]]) -> tuple[tuple[str, str], ...]:
    """Labels with what they are about."""
    return tuple((label, "; ".join(title[:40] for title in titles[label][:2])) for label in labels)
