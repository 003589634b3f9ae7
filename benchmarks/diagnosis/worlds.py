"""A world: a working feature over a real corpus, with a reader whose ways nobody sees and a verifier that errs.

Knows nothing of faults: what one breaks are the parts of a world, which stand here in plain sight.
"""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from benchmarks.diagnosis import prompts, reader, verifying
from benchmarks.diagnosis.corpora import Known, Row
from benchmarks.diagnosis.features import app
from benchmarks.diagnosis.places import Place, copied, opened, place, write_rows
from benchmarks.diagnosis.prompts import Prompted
from benchmarks.diagnosis.reader import Hidden, Reader
from benchmarks.diagnosis.verifying import Verifier

from holdfast.app import Project
from holdfast.evaluation import Case, Gold
from holdfast.records import Json, Recording
from holdfast.release import Release
from holdfast.runtime.execute import execute

KINDS = ("answer", "rewritten", "extract", "sort_alike", "sort_plain")
SORTING = ("sort_alike", "sort_plain")
MOST_LABELS = 12
PRICES = {"mini": (0.1, 0.4), "small": (0.5, 2.0), "large": (3.0, 12.0)}
ENDPOINTS = ("reader", "mirror")
"""Two providers of the same models."""


@dataclass(frozen=True, slots=True)
class Options:
    """How a bench is run: where synced corpora lie, where worlds are made, whether search goes by meaning too."""

    root: Path
    scratch: Path
    corpora: tuple[str, ...]
    meaning: bool = False


@dataclass(slots=True)
class World:
    """Everything of one world. `history`: its feature was asked before; `released`: under releases with a name."""

    seed: str
    kind: str
    place: Place
    folder: Path
    meaning: bool
    history: bool
    released: bool
    gold_known: bool
    readers: dict[str, Reader]
    verifier: Verifier
    rows: dict[str, Row]
    prompt: Prompted
    rewrite: str
    settings: dict[str, dict[str, Json]]
    guards: dict[str, dict[str, Json]]
    case_of: Callable[[Known], Case]
    expected: dict[str, Known] = field(default_factory=dict)  # whose answer a case expects wrongly, by its id
    wrong_gold: bool = False  # such a case also names the other's document
    before: Release | None = None  # the release as it was before any fault, with the corpus as it was
    releases: int = 0
    project: Project | None = None

    @property
    def retrieves(self) -> bool:
        return self.kind != "sort_plain"

    @property
    def k(self) -> int:
        found = self.settings["docs"]["k"]
        assert isinstance(found, int)
        return found

    @property
    def main(self) -> str:
        """The model that is asked first, without its provider."""
        models = self.settings["answer"]["models"]
        assert isinstance(models, list)
        return str(models[0]).partition(":")[2]

    @property
    def calls(self) -> int:
        """How often a model was asked so far."""
        return sum(one.calls for one in self.readers.values())

    def rank(self, known: Known) -> int:
        return self.place.ranks[known.id]

    def case(self, known: Known) -> Case:
        """The case, expecting what the world says that it does."""
        case, other = self.case_of(known), self.expected.get(known.id)
        if other is None:
            return case
        wrong = self.case_of(other)
        gold = wrong.gold if self.wrong_gold else case.gold
        return Case(id=case.id, input=case.input, expected=wrong.expected, facts=wrong.facts, gold=gold)

    async def publish(self) -> None:
        """Write everything as a team would, open the project anew, sync it and, where releases are used, release it."""
        await self.close()
        self._write()
        self.project = await opened(self.folder, app(), dict(self.readers), meaning=self.meaning)
        await self.project.sync()
        if self.released:
            self.releases += 1
            name = f"release_{self.releases}"
            await self.project.rollout.create(name, by="bench")
            await self.project.rollout.promote(name, by="bench")
        if self.before is None:
            chosen = await self.project.rollout.choose(None)
            self.before = chosen.with_("docs", version=self.project.corpora.current("docs"))

    async def ask(self, known: Known, *, kept: bool = False, release: Release | None = None) -> Recording:
        """One request, as somebody would make it; its recording stands in the store if it is `kept`."""
        project, case = self.opened, self.case(known)
        if kept:
            return await project.run(self.kind, case.input, release=release)
        chosen = release if release is not None else await project.rollout.choose(None)
        return await execute(project.feature(self.kind), case.input, release=chosen, world=project.world(chosen))

    async def rights(self, known: Known, count: int, *, kept: bool = False, release: Release | None = None) -> int:
        """How many of so many answers are right."""
        case = self.case(known)
        asked = [await self.ask(known, kept=kept, release=release) for _ in range(count)]
        return sum(verifying.right(one, case) for one in asked)

    async def stays(
        self, known: Known, count: int, *, right: bool, kept: bool = False, release: Release | None = None
    ) -> bool:
        """Whether so many answers are all right, or all wrong; asks no further than it takes to know."""
        for _ in range(count):
            if await self.rights(known, 1, kept=kept, release=release) != right:
                return False
        return True

    @property
    def opened(self) -> Project:
        assert self.project is not None, "publish first"
        return self.project

    async def close(self) -> None:
        if self.project is not None:
            await self.project.close()
            self.project = None

    async def leave(self) -> None:
        """Close it and remove its folder."""
        await self.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _write(self) -> None:
        (self.folder / "prompts").mkdir(exist_ok=True)
        (self.folder / "prompts" / "answer.md").write_text(self.prompt.text())
        (self.folder / "prompts" / "rewrite.md").write_text(self.rewrite)
        write_rows(self.folder, self.rows.values())
        tables: dict[str, Mapping[str, Json]] = {
            "app": {"storage_url": ".holdfast/storage"},
            "corpora.docs": {"source": "rows", "path": "data", "keep": 50},
        }
        tables |= {f"slots.{name}": part for name, part in self.settings.items()}
        tables |= {f"guards.{name}": part for name, part in self.guards.items()}
        for endpoint in ENDPOINTS:
            for model, (asked, said) in PRICES.items():
                tables[f'prices."{endpoint}:{model}"'] = {"input_usd_per_mtok": asked, "output_usd_per_mtok": said}
        (self.folder / "holdfast.toml").write_text("\n".join(_table(name, part) for name, part in tables.items()))


def _table(name: str, part: Mapping[str, Json]) -> str:
    """A table of TOML. Its values are written as JSON is, and tables within it inline."""
    return "\n".join([f"[{name}]", *(f"{key} = {_value(value)}" for key, value in part.items()), ""])


def _value(value: Json) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {_value(one)}" for key, one in value.items()) + "}"
    return json.dumps(value)


def world(seed: str, kind: str, options: Options) -> World:
    """A world in a folder of its own, drawn from the seed; nothing is opened yet."""
    draw = random.Random(seed)
    named = [place(options.root, name, meaning=options.meaning) for name in options.corpora]
    if kind in SORTING:
        named = [one for one in named if _sorted_by_people(one)]
    source = draw.choice(named)
    folder = options.scratch / seed.replace(":", "-")
    shutil.rmtree(folder, ignore_errors=True)
    copied(source, folder)
    hidden = hidden_of(seed)
    readers = {name: Reader(seed, hidden, source.material.known, endpoint=name) for name in ENDPOINTS}
    made = World(
        seed=seed, kind=kind, place=source, folder=folder, meaning=options.meaning,
        history=draw.random() < 0.75, released=draw.random() < 0.5, gold_known=draw.random() < 0.8,
        readers=readers, verifier=verifying.drawn(draw, seed), rows={row.id: row for row in source.material.rows},
        prompt=_prompt(draw, kind, source), rewrite=prompts.rewriting(), settings={}, guards={},
        case_of=lambda known: known_case(made, known),
    )  # fmt: skip
    _choose(made, draw)
    return made


def kinds(options: Options) -> tuple[str, ...]:
    """The kinds of feature that the corpora allow: what nobody has sorted is not sorted by a feature either."""
    every = [place(options.root, name, meaning=options.meaning) for name in options.corpora]
    return tuple(kind for kind in KINDS if kind not in SORTING or any(map(_sorted_by_people, every)))


def _sorted_by_people(one: Place) -> bool:
    return 3 <= len(one.material.labels) <= MOST_LABELS


def hidden_of(seed: str) -> Hidden:
    """The hidden parameters of the world of that seed, before it is made."""
    return reader.drawn(random.Random(f"hidden:{seed}"))


def _prompt(draw: random.Random, kind: str, source: Place) -> Prompted:
    made = prompts.answering(draw, sources=kind != "sort_plain")
    if kind not in SORTING:
        return made
    titles: dict[str, list[str]] = {}
    for row in source.material.rows:
        titles.setdefault(row.label, []).append(row.title)
    return replace(made, labels=prompts.listed(source.material.labels, titles))


def _choose(made: World, draw: random.Random) -> None:
    """The choices of the feature's first release."""
    ladder: list[Json] = [f"reader:{draw.choice(('small', 'small', 'large'))}"]
    if draw.random() < 0.5:
        ladder.append("mirror:mini")
    timing: dict[str, Json] = {"hedge": "off", "learn_timeouts": False, "retries": 1}
    made.settings["answer"] = {"models": ladder, "prompt": "prompts/answer.md", "max_tokens": 300, **timing}
    if made.kind == "rewritten":
        made.settings["rewrite"] = {"models": ["reader:small"], "prompt": "prompts/rewrite.md", **timing}
    made.settings["docs"] = {"k": draw.randint(3, 8)}
    if made.kind in ("answer", "rewritten"):
        made.guards["grounded"] = {"on_fail": draw.choice(("flag", "safe_answer", "block", "safe_answer"))}


def known_case(made: World, known: Known) -> Case:
    """The case of a question, asked as this kind of feature is asked."""
    question = known.question
    if made.kind == "rewritten":
        draw = random.Random(f"{made.seed}|{known.id}|asked")
        one, other = draw.sample([row.title for row in made.place.material.rows if row.id != known.document], 2)
        question = f"Hello, we spoke of {one} last week, and of {other}, thank you for that. {question}"
    sorts = made.kind in SORTING
    gold: tuple[Gold, ...] = ()
    if made.gold_known and made.retrieves:
        gold = (Gold(document=known.document, span=None if sorts else known.sentence),)
    expected = known.label if sorts else known.fact
    return Case(
        id=known.id, input={"question": question}, expected=expected, facts=() if sorts else (known.fact,), gold=gold
    )
