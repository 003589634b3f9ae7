"""Which documents a message to a corpus's webhook is about.

Knows nothing of who sent it or whether that may be believed: what it names is asked of the source again.
"""

from __future__ import annotations

from collections.abc import Iterable

from holdfast.errors import Refused
from holdfast.messages import Json
from holdfast.sources import Feed, Hearing, Source

DOCUMENTS = "documents"


def ids_in(message: Json, source: Source | Feed) -> tuple[str, ...]:
    """The ids under `documents`, or else what the feed understands of a message of its vendor's; empty: it is not said
    which. Raises Refused (HF701) for anything but a JSON object, and where `documents` is no list of ids.
    """
    if not isinstance(message, dict):
        raise Refused("HF701", "the message is not a JSON object", 'send {"documents": ["id", ...]}')
    if DOCUMENTS in message:
        named = message[DOCUMENTS]
        if not isinstance(named, list) or not all(isinstance(one, str) and one for one in named):
            raise Refused("HF701", f"'{DOCUMENTS}' is no list of ids", 'send {"documents": ["id", ...]}')
        return _each(str(one) for one in named)
    return _each(source.heard(message)) if isinstance(source, Hearing) else ()


def _each(ids: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(ids)))
