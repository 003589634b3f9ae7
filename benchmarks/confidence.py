"""What the confidence of a search is worth: fitted on some judged sets, measured on another; what links it gives.

    python benchmarks/confidence.py [--root FOLDER] [--fit]       FOLDER keeps the corpora for a second run

Every question is asked twice: of the whole corpus, and with all that answers it hidden (gold out). A search is right if
it shows a document that answers, so about half of all searches are wrong. Each set is also asked as a small corpus of
25 documents. Weights are fitted with one set left out (both of Doc2Dial's together) and measured on that set; `--fit`
fits them on all sets and prints them for holdfast.corpus.confidence. Writes benchmarks/results/confidence.json.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from judged import HERE, Collection, Question, collections, rows
from numpy.typing import NDArray

from holdfast.corpus.access import View
from holdfast.corpus.confidence import signs
from holdfast.corpus.encoder import default_cache_dir, load_encoder
from holdfast.corpus.lexical import Visible
from holdfast.corpus.room import open_corpora
from holdfast.corpus.search import Question as Asked
from holdfast.corpus.search import found
from holdfast.corpus.settings import CorpusSettings
from holdfast.corpus.vectors import VectorCache
from holdfast.corpus.version import Version
from holdfast.records import Search

Mode = Literal["hybrid", "lexical"]
K, SMALL, QUESTIONS_AT_MOST, RIDGE = 6, 25, 400, 0.003
LINKED = ("doc2dial", "aws_docs", "covid_faq", "mtrag")
MEASURES = ("auroc", "brier", "ece", "ece_by_chance")
THRESHOLDS = (0.3, 0.5, 0.7)
Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Judged:
    """One search: what was seen, whether a document that answers is shown, and where the first of them stands."""

    question: str
    gold_in: bool
    signs: tuple[float, ...]
    rank: int | None

    @property
    def right(self) -> bool:
        return self.rank is not None and self.rank <= K


def search(version: Version, asked: Asked, gold: frozenset[str], question: str, gold_in: bool) -> Judged | None:
    result = found(version, asked)
    if not result.shown:
        return None
    shown = result.fused.rows[list(result.shown)]
    seen = signs(result, version.rarities(asked.text))
    documents = list(dict.fromkeys(version.owners(shown)))
    rank = next((at for at, one in enumerate(documents, start=1) if one in gold), None)
    return Judged(question, gold_in, seen, rank)


def views(version: Version, question: Question, small: bool) -> Iterator[tuple[bool, View]]:
    """Everything, and everything but what answers; `small`: of 25 documents."""
    everything = set(version.places)
    ignored = {question.ignore} & everything
    if small:
        others = sorted(everything - question.gold - ignored)
        ignored |= set(others) - set(random.Random(question.id).sample(others, min(SMALL, len(others))))
    for gold_in in (True, False) if question.gold else (True,):
        hidden = frozenset(ignored if gold_in else ignored | (question.gold & everything))
        mask = version.view((), version).rows.copy()
        for one in hidden:
            mask[version.rows_of(one)] = False
        yield gold_in, View(Visible(None, hidden, frozenset(), ()), mask)


def judged(version: Version, questions: Sequence[Question], vectors: NDArray[Any], mode: Mode, small: bool) -> Any:
    how = Search(k=K, mode=mode, weight=CorpusSettings(name="any").weight)
    found = [
        search(version, Asked(one.text, vector if mode == "hybrid" else None, how, view), one.gold, one.id, gold_in)
        for one, vector in zip(questions, vectors, strict=True)
        for gold_in, view in views(version, one, small)
    ]
    return [one for one in found if one is not None]


def unanswerable() -> tuple[tuple[str, str, list[Question]], ...]:
    """Questions on the subject of a corpus that nothing in it answers."""
    squad = [row for row in rows("kb_squad2_dev_half", "questions.jsonl") if not row["answerable"]]
    tasks = [row for row in rows("rag_mtrag_un", "tasks.jsonl") if row["meta"]["answerability"] == ["UNANSWERABLE"]]
    said = [[turn["text"] for turn in task["conversation"] if turn["speaker"] == "user"][-2:] for task in tasks]
    picked = random.Random(7).sample(squad, 300)
    return (
        ("squad2", "squad2 unanswerable", [Question(str(r["id"]), r["question"], frozenset()) for r in picked]),
        ("mtrag", "mtrag unanswerable",
         [Question(str(t["id"]), "\n".join(s), frozenset()) for t, s in zip(tasks, said, strict=True)]),
    )  # fmt: skip


# ---------------------------------------------------------------- fitting and measuring


def table(found: Sequence[Judged]) -> tuple[Array, Array]:
    return np.array([one.signs for one in found]), np.array([one.right for one in found], float)


def fitted(sets: Sequence[Sequence[Judged]]) -> tuple[Array, float]:
    """Weights of a logistic regression by Newton's method, every set counting the same, with a small ridge."""
    tables = [table(one) for one in sets]
    x, y = (np.concatenate([one[at] for one in tables]) for at in (0, 1))
    each = np.concatenate([np.full(len(one[1]), 1 / len(one[1]) / len(tables)) for one in tables])
    mean = each @ x
    scale = np.sqrt(each @ (x - mean) ** 2) + 1e-9
    z = np.c_[(x - mean) / scale, np.ones(len(x))]
    ridge = np.r_[np.full(x.shape[1], RIDGE), 1e-9]
    weights = np.zeros(z.shape[1])
    for _ in range(30):
        p = 1 / (1 + np.exp(-z @ weights))
        slope = z.T @ (each * (p - y)) + ridge * weights
        weights -= np.linalg.solve((z * (each * p * (1 - p))[:, None]).T @ z + np.diag(ridge), slope)
    own = weights[:-1] / scale
    return own, float(weights[-1] - own @ mean)


def chances(found: Sequence[Judged], weights: tuple[Array, float]) -> Array:
    result: Array = 1 / (1 + np.exp(-(table(found)[0] @ weights[0] + weights[1])))
    return result


def auroc(p: Array, right: Array) -> float:
    """The chance that a right search is given more than a wrong one; ties count half (Mann and Whitney 1947)."""
    ahead = p[right == 1][:, None] - p[right == 0][None, :]
    return float((ahead > 0).mean() + 0.5 * (ahead == 0).mean())


def calibration(p: Array, right: Array) -> float:
    bins = np.minimum((p * 10).astype(int), 9)
    return float(sum(abs((p - right)[bins == one].sum()) for one in range(10)) / len(p))


def by_chance(p: Array) -> float:
    """The calibration error that so few searches would show, were every chance exactly true."""
    draw = np.random.default_rng(7)
    return float(np.mean([calibration(p, (draw.random(len(p)) < p).astype(float)) for _ in range(200)]))


def figures(found: Sequence[Judged], p: Array) -> dict[str, Any]:
    right = table(found)[1]
    above = {}
    for one in THRESHOLDS:
        sure = p >= one
        above[str(one)] = {"coverage": float(sure.mean()), "right": float(right[sure].mean()) if sure.any() else None}
    return {
        "searches": len(p),
        "right": float(right.mean()),
        "mean": float(p.mean()),
        "auroc": auroc(p, right),
        "brier": float(((p - right) ** 2).mean()),
        "ece": calibration(p, right),
        "ece_by_chance": by_chance(p),
        "at_least": above,
    }


def links(found: Sequence[Judged], p: Array) -> dict[str, Any]:
    """The first document as a link: recall with the gold in, and what is left of it at a confidence of .5."""
    rank = np.array([one.rank or 99 for one in found])
    there = np.array([one.gold_in for one in found])
    sure = p >= 0.5
    return {
        "tickets": int(there.sum()),
        "R@1": float((rank[there] == 1).mean()),
        "R@5": float((rank[there] <= 5).mean()),
        "precision, gold in": float((rank[there & sure] == 1).mean()),
        "coverage, gold in": float(sure[there].mean()),
        "precision, half gold out": float((rank[sure] == 1).mean()),
        "linked though gold is out": float(sure[~there].mean()),
    }


def left_out(name: str, sets: dict[str, list[Judged]]) -> tuple[Array, float]:
    family = name.split()[0].partition("_turns")[0]
    return fitted([found for other, found in sets.items() if other.split()[0].partition("_turns")[0] != family])


def summary(sets: dict[str, list[Judged]], never: dict[str, list[Judged]]) -> dict[str, Any]:
    p = {name: chances(found, left_out(name, sets)) for name, found in sets.items()}
    each = {name: figures(found, p[name]) for name, found in sets.items()}
    whole = [name for name in sets if not name.endswith("small")]
    pooled = np.concatenate([p[name] for name in whole]), np.concatenate([table(sets[name])[1] for name in whole])
    mean = {
        key: float(np.mean([each[name][key] for name in whole])) for key in ("auroc", "brier", "ece", "ece_by_chance")
    }
    small = [name for name in sets if name.endswith("small")]
    lost = {}
    for name, asked in never.items():
        sure = chances(asked, left_out(name, sets))
        lost[name] = {"searches": len(asked), "mean": float(sure.mean()), "below .5": float((sure < 0.5).mean())}
    return {
        "mean": mean,
        "mean of small": {key: float(np.mean([each[name][key] for name in small])) for key in mean},
        "pooled": {"auroc": auroc(*pooled), "ece": calibration(*pooled)},
        "sets": each,
        "nothing answers": lost,
        "links": {name: links(sets[name], p[name]) for name in LINKED},
    }


# ---------------------------------------------------------------- running


async def searched(root: Path, mode: Mode) -> tuple[dict[str, list[Judged]], dict[str, list[Judged]], float]:
    encoder = load_encoder(default_cache_dir(), threads=1)
    cache = VectorCache(root / "vectors", encoder)
    made: tuple[Collection, ...] = tuple(collections())
    settings = {one.name: CorpusSettings(name=one.name) for one in made}
    room = open_corpora(root, settings, embedder=encoder)
    sets: dict[str, list[Judged]] = {}
    never: dict[str, list[Judged]] = {}
    ms = []
    for one in made:
        if not room.versions(one.name):
            await room.sync(one.name, source=one)
        version = room._version(one.name, "latest")
        questions = list(one.questions[:QUESTIONS_AT_MOST])
        vectors, _ = cache.embed([question.text for question in questions])
        sets[one.name] = judged(version, questions, vectors, mode, small=False)
        sets[f"{one.name} small"] = judged(version, questions[:100], vectors[:100], mode, small=True)
        ms.append(cost_ms(version, questions, vectors))
    for corpus, name, questions in unanswerable():
        vectors, _ = cache.embed([question.text for question in questions])
        never[name] = judged(room._version(corpus, "latest"), questions, vectors, mode, small=False)
    cache.flush()
    room.close()
    return sets, never, float(np.median(ms))


def cost_ms(version: Version, questions: Sequence[Question], vectors: NDArray[Any]) -> float:
    """What the signs add to a search."""
    how, view, taken = Search(k=K, weight=0.6), version.view((), version), []
    for question, vector in zip(questions[:30], vectors, strict=False):
        result = found(version, Asked(question.text, vector, how, view))
        started = time.perf_counter()
        signs(result, version.rarities(question.text))
        taken.append(time.perf_counter() - started)
    return float(np.median(taken)) * 1000


def shown(mode: str, made: dict[str, Any]) -> None:
    print(f"\n{mode}: mean {made['mean']}  small {made['mean of small']}  pooled {made['pooled']}")
    for name, one in made["sets"].items():
        said = " ".join(f"{key} {one[key]:.3f}" for key in ("right", "mean", *MEASURES))
        above = " ".join(f"{at}: {v['coverage']:.2f}/{v['right'] or 0:.2f}" for at, v in one["at_least"].items())
        print(f"  {name:22}{one['searches']:5} {said}  {above}")
    for name, one in (made["nothing answers"] | made["links"]).items():
        print(f"  {name:22}", " ".join(f"{key} {value:.3g}" for key, value in one.items()))


async def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--root", type=Path)
    parser.add_argument("--fit", action="store_true")
    chosen = parser.parse_args()
    results: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        modes: tuple[Mode, ...] = ("hybrid", "lexical")
        for mode in modes:
            sets, never, ms = await searched(chosen.root or Path(folder), mode)
            results[mode] = summary(sets, never) | {"signs_ms": ms}
            shown(mode, results[mode])
            if chosen.fit:
                weights, intercept = fitted(list(sets.values()))
                print(f"  Weights(({', '.join(f'{one:.3f}' for one in weights)}), {intercept:.3f})")
    rounded = json.loads(json.dumps(results), parse_float=lambda text: round(float(text), 3))
    (HERE / "results" / "confidence.json").write_text(json.dumps(rounded, indent=1) + "\n")


if __name__ == "__main__":
    asyncio.run(main())
