"""Where documents come from: one file for each kind of source, and the way from a kind's name to its source.

Knows nothing of what becomes of the documents.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any

from holdfast.corpus.described import Pictures
from holdfast.corpus.sources.folder import FolderSource
from holdfast.corpus.sources.restricted import restricted
from holdfast.corpus.sources.rows import RowsSource
from holdfast.corpus.sources.web import WebFeed
from holdfast.corpus.sources.zendesk.feed import ZendeskFeed
from holdfast.errors import Misconfigured, nearest
from holdfast.records import Json
from holdfast.sources import Feed, Source

KINDS: Mapping[str, Callable[..., Source | Feed]] = MappingProxyType(
    {"folder": FolderSource, "rows": RowsSource, "web": WebFeed, "zendesk": ZendeskFeed}
)
WITH_PATH = frozenset({"folder", "rows"})
"""The kinds that read what lies at a path."""
RESTRICTS_ITSELF = frozenset({"folder", "web", "zendesk"})
"""The kinds that know themselves which of their documents are for everyone."""


def build_source(
    kind: str, options: Mapping[str, Json], base_dir: str | Path, pictures: Pictures | None = None
) -> Source | Feed:
    """The source or feed of that kind, or of the class at a dotted path `package.module:Class`.

    `options` are its keywords; a relative `path` of a kind of ours starts at `base_dir`. `principals` among them, as a
    list, are who may see the documents for which the source names nobody. `pictures` says what is in images.
    Reads nothing yet. Raises Misconfigured: HF100 for a kind or an option that is not there, HF102 when the dotted path
    cannot be loaded.
    """
    principals = options.get("principals")
    if isinstance(principals, list | tuple) and kind not in RESTRICTS_ITSELF:
        rest = {name: value for name, value in options.items() if name != "principals"}
        return restricted(build_source(kind, rest, base_dir), tuple(principals))
    if ":" in kind:
        return _made(kind, _loaded(kind), dict(options))
    if kind not in KINDS:
        raise Misconfigured("HF100", f"there is no source '{kind}'", nearest(kind, [*KINDS, "package.module:Class"]))
    options = dict(options)
    if kind not in WITH_PATH:
        return _made(kind, KINDS[kind], options)
    path = options.get("path")
    if not isinstance(path, str) or not path:
        raise Misconfigured(
            "HF100", f"the source '{kind}' needs a path", 'add path = "..." to the settings of the corpus'
        )
    if "://" not in path:
        options["path"] = str(Path(base_dir) / path)
    make = partial(FolderSource, pictures=pictures) if kind == "folder" else KINDS[kind]
    return _made(kind, make, options)


_METHODS = (("read",), ("pages", "fetch", "documents"))
"""What a class has whose objects are sources, or feeds."""


def _loaded(dotted: str) -> Callable[..., Any]:
    module, _, name = dotted.partition(":")
    try:
        found: Any = importlib.import_module(module)
        for part in name.split("."):
            found = getattr(found, part)
    except (ImportError, AttributeError) as error:
        raise Misconfigured(
            "HF102", f"the source '{dotted}' cannot be loaded: {error}", "check package.module:Class and its imports"
        ) from error
    if not any(all(callable(getattr(found, name, None)) for name in names) for names in _METHODS):
        raise Misconfigured("HF102", f"'{dotted}' is not a source", "give it the method read() of holdfast.Source")
    made: Callable[..., Any] = found
    return made


def _made(kind: str, make: Callable[..., Any], options: dict[str, Json]) -> Source | Feed:
    try:
        source: Source | Feed = make(**options)
    except TypeError as error:
        raise Misconfigured(
            "HF100", f"the source '{kind}' does not take these settings: {error}", "check the settings of the corpus"
        ) from error
    return source
