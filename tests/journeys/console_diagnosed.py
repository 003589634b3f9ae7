"""Diagnoses of a site's answers, kept to be looked at: one of each kind that has a page of its own.

Knows nothing of a browser.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from holdfast.app import Project
from holdfast.diagnosis import (
    Diagnosis,
    Fact,
    Fix,
    NextTest,
    Planted,
    Reading,
    SideEffects,
    Tried,
    Verifier,
)
from holdfast.judgement import Interval
from holdfast.records import Passage, Recording

AT = datetime(2026, 3, 1, tzinfo=UTC)
FEATURE = "answer_ticket"
GOLD = Passage(
    document="reset.md", chunk="1", title="Reset the alarm", text="Hold the red button for five seconds to reset it."
)
FACTS = (
    Fact(name="gold_in_corpus", holds=True, said="the answer stands in reset.md"),
    Fact(name="gold_in_candidates", holds=True, said="`reset.md` is number 14 of what is found"),
    Fact(name="gold_in_context", holds=False, said="8 passages were given, and it is not among them"),
    Fact(name="provider_failed", holds=False, said="every model answered, whole and at once"),
    Fact(name="prompt_incomplete", holds=False, said="the prompt is filled in"),
    Fact(name="gold_in_prompt", holds=True),
    Fact(name="crowded", holds=True),
    Fact(name="guard_acted", holds=False, said="no guard objected"),
    Fact(name="search_changed", holds=True, said="changed since the last good answer: manual.k"),
    Fact(name="labels_conflict", holds=None, said="nothing says which passage answers"),
)
PLANTED = tuple(
    Planted(planted=planted, said=said, count=count)
    for planted, said, count in (
        ("ranking", "ranking", 41),
        ("retrieval", "ranking", 3),
        ("prompt", "prompt", 38),
        ("prompt", "unknown", 6),
    )
)
BETTER: Any = {"manual.k": 40}


async def blocked(project: Project) -> Recording:
    """An answer that a guard stopped."""
    return await project.run(FEATURE, {"body": "Is the alarm on the moon?"})


async def diagnosed(project: Project, recording: Recording, **fields: Any) -> Diagnosis:
    """A diagnosis of a recording that is kept: ranking, with two fixes, unless `fields` say otherwise."""
    kept = (await project.run(FEATURE, {"body": "Reset it"})).id
    usual: dict[str, Any] = {
        "id": "dg_1", "feature": FEATURE, "started_at": AT, "finished_at": AT, "sure_at": 0.85,
        "verdict": "ranking", "parts": ("ranking",), "probability": 0.93,
        "probabilities": {"ranking": 0.93, "retrieval": 0.04, "context_noise": 0.02, "unknown": 0.01},
        "because": ("`reset.md` is number 14 of what is found.", "With more passages: 4 of 4 pass."),
        "known": ("A good answer is what the case `reset` says.",),
        "facts": FACTS, "gold": (GOLD,), "grade": "labelled", "planted": PLANTED,
        "verifier": Verifier(name="what the case says", sensitivity=0.95, specificity=0.92, measured_on=60),
        "tried": (
            Tried(substitution="again", passed=0, asked=4, said="asked again, nothing replaced", recordings=(kept,)),
            Tried(substitution="placebo", passed=0, asked=2, said="with passages that do not matter reordered"),
            Tried(substitution="wider", passed=4, asked=4, said="with more passages", changes=BETTER,
                  recordings=(kept,), spent_usd=0.004, in_words=3),
            Tried(substitution="wider", beside="minimal_prompt", passed=2, asked=2),
        ),
        "fixes": (
            Fix(part="ranking", advice="more passages, or a reranker, bring in the one that answers: manual.k=40",
                passed=4, asked=4, share=Interval(1.0, 0.57, 1.0), changes=BETTER, cost_usd=0.0004,
                side_effects=SideEffects(asked=6, broken=1, share=Interval(0.167, 0.02, 0.5), recordings=(kept,))),
            Fix(part="ranking", advice="mend its title and words", passed=0, asked=0, share=Interval(0.0, None, None)),
        ),
        "calls": 24, "spent_usd": 0.06,
    }  # fmt: skip
    diagnosis = Diagnosis(recording=recording.id, **{**usual, **fields})
    await project.store.diagnoses.add(diagnosis)
    return diagnosis


UNSURE: dict[str, Any] = {
    "id": "dg_2", "verdict": "unknown", "parts": (), "probability": 0.48, "fixes": (), "planted": (), "gold": (),
    "grade": "none", "probabilities": {"prompt": 0.48, "model": 0.4, "verifier": 0.12},
    "next_test": NextTest(substitution="stronger_model", said="ask a stronger model", calls=4, cost_usd=0.02),
    "stopped": "30 calls of models were made",
    "verifier": Verifier(name="a correction", sensitivity=0.95, specificity=0.8),
}  # fmt: skip
"""What is different of a diagnosis that came to nothing."""
DOUBTED: dict[str, Any] = {
    "id": "dg_3", "verdict": "task", "parts": ("task",), "probability": 0.9,
    "probabilities": {"task": 0.9, "verifier": 0.1},
    "fixes": (
        Fix(part="task", advice="decide what the right answer is: the question below asks for it", passed=0, asked=0,
            share=Interval(0.0, None, None)),
    ),
    "readings": (
        Reading(text="Hold it for nine seconds."),
        Reading(text="Hold the red button for five seconds. [1]", rests_on=(GOLD,)),
    ),
    "question": "Which of the two is right, and what rule says so? The answer becomes a clause and a case.",
}  # fmt: skip
"""What is different of one in which the task itself is in doubt."""
