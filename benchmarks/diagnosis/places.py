"""Corpora synced once and copied for each world, so that a world syncs only what is changed in it.

Knows nothing of features or faults.
"""

from __future__ import annotations

import asyncio
import json
import random
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path

import msgspec
from benchmarks.diagnosis.corpora import ALL, Known, Material, Row
from benchmarks.diagnosis.wording import squashed

from holdfast.app import App, Project, Rooms, open_project_store
from holdfast.config import Config, load_config
from holdfast.contracts import Embedder, Models
from holdfast.corpus.encoder import default_cache_dir, load_encoder
from holdfast.corpus.opening import open_corpora
from holdfast.corpus.rerank import Rerankers
from holdfast.gateway.opening import open_gateway
from holdfast.records import Passage, Retrieve, Search
from holdfast.store.landing import SqliteLanding

SEED = 7
DEEPEST = 20
CONFIG = '[app]\nstorage_url = ".holdfast/storage"\n[corpora.docs]\nsource = "rows"\npath = "data"\nkeep = 50\n'


@dataclass(frozen=True, slots=True)
class Place:
    """A corpus that was synced once: its folder, what is known of it, and at which rank each answer is found."""

    folder: Path
    material: Material
    ranks: Mapping[str, int]
    behind: frozenset[str]  # those whose answer is found behind another passage of the same document


@lru_cache(maxsize=1)
def encoder() -> Embedder:
    """The encoder of this machine, loaded once in a process."""
    return load_encoder(default_cache_dir())


async def opened(folder: Path, app: App, models: Models, *, meaning: bool) -> Project:
    """The project in a folder, with the encoder that this process has loaded, or with none."""
    config: Config = load_config(folder, {})
    embedder = encoder() if meaning else None
    rooms = Rooms(
        await open_project_store(config),
        open_corpora(config, embedder, landings=SqliteLanding),
        open_gateway(config, models, embedder),
        embedder,
        Rerankers(embedder, folder),
    )
    return Project(config, app, rooms, without_encoder="" if meaning else "it is switched off")


def write_rows(folder: Path, rows: Iterable[Row]) -> None:
    """The documents of a corpus as its source keeps them."""
    (folder / "data").mkdir(exist_ok=True)
    columns = (
        {"id": row.id, "title": f"{row.title} ({row.label})" if row.label else row.title, "text": row.text,
         "section": row.topic, "principals": list(row.principals)}
        for row in rows
    )  # fmt: skip
    (folder / "data" / "docs.jsonl").write_text("\n".join(json.dumps(one) for one in columns), encoding="utf-8")


def holds(passage: Passage, known: Known) -> bool:
    """Whether a passage is of the gold document and says the fact."""
    return passage.document == known.document and squashed(known.fact) in squashed(passage.text)


async def sync_once(material: Material, folder: Path, *, meaning: bool) -> None:
    """Make the folder of a corpus, sync it, and note at which rank each answer is found."""
    folder.mkdir(parents=True)
    (folder / "holdfast.toml").write_text(CONFIG)
    write_rows(folder, material.rows)
    project = await opened(folder, App(), {}, meaning=meaning)
    try:
        await project.sync()
        pinned, search = project.corpora.pinned("docs", "latest"), Search(k=DEEPEST)
        ranks: dict[str, int] = {}
        behind: list[str] = []
        for one in material.known:
            found = await project.corpora.search(Retrieve(corpus=pinned, query=one.question, search=search))
            ranks[one.id] = next((rank for rank, passage in enumerate(found) if holds(passage, one)), DEEPEST)
            if any(passage.document == one.document for passage in found[: ranks[one.id]]) and ranks[one.id] < DEEPEST:
                behind.append(one.id)
    finally:
        await project.close()
    shutil.rmtree(folder / ".holdfast" / "holdfast.db", ignore_errors=True)
    kept = {"material": asdict(material), "ranks": ranks, "behind": behind}
    (folder / "known.json").write_text(json.dumps(kept))


def prepare(root: Path, names: Sequence[str], *, meaning: bool) -> None:
    """Sync each corpus once below `root`; one that is there already is left as it is."""
    for name in names:
        folder = place_folder(root, name, meaning=meaning)
        if not (folder / "known.json").exists():
            shutil.rmtree(folder, ignore_errors=True)
            asyncio.run(sync_once(ALL[name](random.Random(SEED)), folder, meaning=meaning))


def place_folder(root: Path, name: str, *, meaning: bool) -> Path:
    return root / f"{name}-{'meaning' if meaning else 'words'}"


@lru_cache(maxsize=16)
def place(root: Path, name: str, *, meaning: bool) -> Place:
    """A corpus that `prepare` has made."""
    folder = place_folder(root, name, meaning=meaning)
    kept = json.loads((folder / "known.json").read_text())
    return Place(folder, msgspec.convert(kept["material"], Material), kept["ranks"], frozenset(kept["behind"]))


def copied(source: Place, folder: Path) -> None:
    """The synced corpus in a folder of its own, with nothing asked yet."""
    folder.mkdir(parents=True)
    shutil.copytree(source.folder / "data", folder / "data")
    shutil.copytree(source.folder / ".holdfast" / "storage", folder / ".holdfast" / "storage")
