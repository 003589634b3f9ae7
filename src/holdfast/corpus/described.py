"""What a model says is in an image, asked once for each image and kept.

Knows nothing of models: who describes is handed in. What is kept lies in a folder of the corpus's own, by what was
asked and of whom, and goes when its image does.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

from holdfast.contracts import Describe
from holdfast.corpus.storage import disk_errors, write_durably
from holdfast.errors import Misconfigured
from holdfast.identity import canonical, digest


class Pictures:
    """Descriptions of images, below `folder`; `describe` None: nobody can give any."""

    def __init__(self, folder: Path, describe: Describe | None) -> None:
        self._folder = folder
        self._describe = describe

    def by(self, model: str) -> Described:
        """Descriptions by a model, `provider:model`. Raises Misconfigured (HF100) where no model can be asked."""
        if self._describe is None:
            raise Misconfigured("HF100", f'images = "{model}": no model can be asked here', "leave images out")
        return Described(self._folder, self._describe, model)


class Described:
    """What one model says of images."""

    def __init__(self, folder: Path, describe: Describe, model: str) -> None:
        self._folder = folder
        self._describe = describe
        self._model = model
        self._asked: set[str] = set()

    async def text(self, image: bytes, media_type: str) -> str:
        """What is in an image, as Markdown; paid for once. Raises EffectFailed, NotFound, StoreFailed (HF601)."""
        name = f"{digest(canonical((self._model, self._describe.version, digest(image))))}.md"
        self._asked.add(name)
        kept = await asyncio.to_thread(_kept, self._folder / name)
        if kept is None:
            kept = await self._describe.image(self._model, image, media_type)
            await asyncio.to_thread(_keep, self._folder / name, kept)
        return kept

    async def forget_others(self) -> None:
        """Delete what was kept of images that nobody asked for since this was made."""
        await asyncio.to_thread(_forget, self._folder, frozenset(self._asked))


def _kept(path: Path) -> str | None:
    try:
        return path.read_text("utf-8")
    except FileNotFoundError:
        return None


def _forget(folder: Path, asked: frozenset[str]) -> None:
    if folder.is_dir():
        for path in folder.glob("*.md"):
            if path.name not in asked:
                path.unlink(missing_ok=True)


def _keep(path: Path, text: str) -> None:
    with disk_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
    write_durably(path, text.encode("utf-8", "replace"))
