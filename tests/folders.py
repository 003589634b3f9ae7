"""What tests of the folder source build on: a folder read whole. Knows nothing of what is being tested."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from holdfast.corpus.described import Pictures
from holdfast.corpus.sources import build_source
from holdfast.corpus.sources.folder import FolderSource
from holdfast.sources import Passed, RawDocument

Found = dict[str, RawDocument | Passed]


async def read(path: Path | str, pictures: Pictures | None = None, **options: Any) -> Found:
    source = build_source("folder", {"path": str(path), **options}, ".", pictures)
    assert isinstance(source, FolderSource)
    items = [item async for item in source.read()]
    assert len({item.id for item in items}) == len(items)
    return {item.id: item for item in items}


def reasons(found: Found, *, failed: bool | None = None) -> dict[str, str]:
    passed = [item for item in found.values() if isinstance(item, Passed)]
    return {item.id: item.reason for item in passed if failed is None or item.failed is failed}


def documents(found: Found) -> dict[str, RawDocument]:
    return {item.id: item for item in found.values() if isinstance(item, RawDocument)}


# ---------------------------------------------------------------- kinds
