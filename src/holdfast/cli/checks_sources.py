"""Checks of where corpora come from. Knows nothing of any kind of source; asks those that can be asked."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import TYPE_CHECKING

from holdfast.cli.check import Check, failed, ok
from holdfast.errors import HoldfastError

if TYPE_CHECKING:
    from holdfast.config import Config


def sources(config: Config) -> Iterator[Check]:
    """Each source that can say so: whether it answers, lets the project in, and to what."""
    from holdfast.corpus.sources import build_source
    from holdfast.sources import Probing

    for name, part in config.corpora.items():
        try:
            source = build_source(part.source, part.given, config.folder)
            if isinstance(source, Probing):
                yield ok(f"source of {name}", asyncio.run(source.probe()))
        except HoldfastError as error:
            yield failed(f"source of {name}", error)
