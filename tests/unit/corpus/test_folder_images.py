"""An image becomes the text that a model says of it, paid for once."""

from __future__ import annotations

from pathlib import Path

import pytest

from folders import documents, read, reasons
from holdfast.corpus.described import Pictures
from holdfast.corpus.sources import build_source
from holdfast.errors import EffectFailed, Misconfigured


class Seer:
    """Describes images without a model, and counts."""

    version = "1"

    def __init__(self, said: str = "# A chart\n\nSales rise.") -> None:
        self.asked: list[tuple[str, bytes, str]] = []
        self.said = said

    async def image(self, model: str, image: bytes, media_type: str) -> str:
        self.asked.append((model, image, media_type))
        if not self.said:
            raise EffectFailed("HF305", "the model is away", "wait")
        return self.said


async def test_image_is_described_once_and_again_only_when_it_changes(tmp_path: Path) -> None:
    folder, kept, seer = tmp_path / "in", tmp_path / "kept", Seer()
    folder.mkdir()
    (folder / "chart.png").write_bytes(b"\x89PNG one")
    (folder / "copy.jpeg").write_bytes(b"\x89PNG one")
    (folder / "chart.png.meta.yaml").write_text("principals: [board]")
    for _ in range(2):
        found = documents(await read(folder, Pictures(kept, seer), images="openai:gpt-5-mini"))
        assert (found["chart.png"].body, found["chart.png"].media_type) == ("# A chart\n\nSales rise.", "text/markdown")
        assert found["chart.png"].principals == ("board",)
        assert seer.asked == [("openai:gpt-5-mini", b"\x89PNG one", "image/png")]
    (folder / "chart.png").write_bytes(b"\x89PNG two")
    await read(folder, Pictures(kept, seer), images="openai:gpt-5-mini")
    await read(folder, Pictures(kept, seer), images="other:model")
    assert len(seer.asked) == 4
    assert len(list(kept.iterdir())) == 2
    for name in ("chart.png", "copy.jpeg"):
        (folder / name).unlink()
    await read(folder, Pictures(kept, seer), images="other:model")
    assert not list(kept.iterdir()), "what was said of images that are gone is gone too"


async def test_image_that_cannot_be_described_fails_and_is_asked_for_again(tmp_path: Path) -> None:
    folder, seer = tmp_path / "in", Seer("")
    folder.mkdir()
    (folder / "a.webp").write_bytes(b"RIFF")
    found = await read(folder, Pictures(tmp_path / "kept", seer), images="a:b")
    assert reasons(found, failed=True) == {"a.webp": "image: the model is away"}
    seer.said = "Text."
    assert documents(await read(folder, Pictures(tmp_path / "kept", seer), images="a:b"))["a.webp"].body == "Text."


async def test_model_for_images_without_anybody_to_ask_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="no model can be asked"):
        build_source("folder", {"path": str(tmp_path), "images": "a:b"}, ".")


# ---------------------------------------------------------------- through to the passages
