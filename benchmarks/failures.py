"""How well failures are put together by what their facts make likely, against counting the facts that differ.

    python benchmarks/failures.py

Draws failures of four random parts from the tables that a diagnosis believes in, each number of which is first moved
by a random amount (sd 1.2 logits), so that the tables are wrong by a good deal; six in ten have a label. Nothing but
facts is looked at. `pure` is the share of failures that are of the part most others of their cluster are of; `top` is
the same in the five biggest clusters, which are diagnosed first. Ways are compared at a like number of clusters.
Prints, and writes the figures with the machine's name under benchmarks/results.
"""

from __future__ import annotations

import json
import math
import platform
import random
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path

from holdfast.diagnosis import Part
from holdfast.evals.diagnose.clustering import clusters
from holdfast.evals.diagnose.signs import Signature, distance
from holdfast.evals.diagnose.tables import PRIOR, SIGNS, Sign

WORLDS, FAILURES, PARTS, LABELLED, MOVED_BY = 60, 120, 4, 0.6, 1.2
GOLD = ("gold_in_corpus", "gold_in_candidates", "gold_in_context", "labels_conflict")
LEFT_OUT = ("provider_not_set_up", "verifier_unstable")
Tables = Mapping[str, Mapping[Part, float]]
Distance = Callable[[Signature, Signature], float]


def moved(chance: float, lot: random.Random) -> float:
    """A probability that is wrong by a good deal."""
    bounded = min(0.999, max(0.001, chance))
    return 1 / (1 + math.exp(-(math.log(bounded / (1 - bounded)) + lot.gauss(0, MOVED_BY))))


def drawn(part: Part, tables: Tables, lot: random.Random) -> Signature:
    """A failure of this part, as a look at it would show it."""

    def holds(name: str) -> bool:
        return lot.random() < tables[name][part]

    facts = {name: holds(name) for name in SIGNS if name not in (*GOLD, *LEFT_OUT)}
    labelled = lot.random() < LABELLED
    if labelled:
        facts["gold_in_corpus"] = holds("gold_in_corpus")
    if facts.get("gold_in_corpus"):
        facts["gold_in_candidates"] = holds("gold_in_candidates")
        facts["gold_in_context"] = facts["gold_in_candidates"] and holds("gold_in_context")
        facts["labels_conflict"] = holds("labels_conflict")
    down = not facts["guard_acted"] and facts["provider_failed"] and lot.random() < 0.6
    return Signature(
        outcome="blocked" if facts["guard_acted"] else "failed" if down else "ok",
        guards=("shape",) if facts["guard_acted"] else (),
        code="HF301" if down else None,
        grade="labelled" if labelled else "none",
        facts=tuple(sorted(facts.items())),
    )


def bits(sign: Sign) -> float:
    """How much a fact tells on average of which part failed."""
    total = sum(PRIOR.values())
    chances = [(weight / total, sign.holds.get(part, sign.otherwise)) for part, weight in PRIOR.items()]
    return entropy(sum(w * p for w, p in chances)) - sum(w * entropy(p) for w, p in chances)


def entropy(p: float) -> float:
    return 0.0 if p in (0.0, 1.0) else -p * math.log2(p) - (1 - p) * math.log2(1 - p)


def differing(weights: Mapping[str, float], half: float) -> Distance:
    """The weights of the facts that differ; one that only one of the two has counts for `half` of its weight."""

    def apart(one: Signature, other: Signature) -> float:
        if one.shows != other.shows:
            return math.inf
        mine, yours = dict(one.facts), dict(other.facts)
        both = [weights[name] for name in mine.keys() & yours.keys() if mine[name] != yours[name]]
        return sum(both) + half * sum(weights[name] for name in mine.keys() ^ yours.keys())

    return apart


def measured(apart: Distance, within: float) -> dict[str, float]:
    """Clusters, purity and the purity and share of the five biggest, on average over the worlds."""
    totals = Counter[str]()
    for world in range(WORLDS):
        lot = random.Random(world)
        parts = lot.sample(list(PRIOR), PARTS)
        tables = {n: {part: moved(s.holds.get(part, s.otherwise), lot) for part in PRIOR} for n, s in SIGNS.items()}
        failures = [(part, drawn(part, tables, lot)) for part in lot.choices(parts, k=FAILURES)]
        found = clusters(Counter(one for _, one in failures), apart, within)
        counts = [Counter(part for part, one in failures if one in group) for group in map(set, found)]
        top = counts[:5]
        totals["clusters"] += len(found)
        totals["pure"] += sum(max(each.values()) for each in counts) / FAILURES
        totals["top_share"] += sum(map(Counter.total, top)) / FAILURES
        totals["top"] += sum(max(each.values()) for each in top) / sum(map(Counter.total, top))
    return {name: round(total / WORLDS, 2) for name, total in totals.items()}


def main() -> None:
    told = {name: bits(sign) for name, sign in SIGNS.items()}
    ways: dict[str, tuple[Distance, tuple[float, ...]]] = {
        "what facts make likely": (distance, (0.1, 0.2, 0.3, 0.5, 0.7)),
        "facts that differ, by what they tell": (differing(told, 0.5), (0.2, 0.3, 0.5)),
        "facts that differ, counted": (differing(dict.fromkeys(SIGNS, 1.0), 1.0), (0, 1, 2, 3)),
    }
    figures = {
        name: {str(within): measured(apart, within) for within in withins} for name, (apart, withins) in ways.items()
    }
    report = {"machine": platform.node(), "python": platform.python_version(), **figures}
    written = json.dumps(report, indent=1)
    print(written)
    (Path(__file__).parent / "results" / "failures.json").write_text(written + "\n")


if __name__ == "__main__":
    main()
