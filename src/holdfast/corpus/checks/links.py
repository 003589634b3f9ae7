"""Where a document's links lead, as numbers that are kept with it, and which of them lead nowhere.

Knows nothing of the network: only links among the documents of one corpus are judged.
"""

from __future__ import annotations

import posixpath
import re
import struct
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Literal, NamedTuple
from urllib.parse import unquote, urljoin
from zlib import crc32

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

COLUMNS = 4  # of a link: its target, the folder of that, its place there, the last part of its path
MOST_LINKS = 2000  # of one document
ENOUGH_LINKS = ENOUGH_DOCUMENTS = 5  # into a folder, or in it, before a link into it is judged
KNOWN_BY_ADDRESS, KNOWN_BY_NAME = 0.5, 0.8  # of the links into a folder, for it to be one of the corpus

Fault = Literal["broken_link", "broken_anchor", "link_to_unpublished"]


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_PLAIN = re.compile(r"[\w-]+\.\w+")
_LINK = re.compile(r"\]\(<?([^)\s<>]+)")
_ELSEWHERE = re.compile(r"(?!https?:)[a-z][a-z0-9+.-]*:", re.I)
_ARTICLE = re.compile(r"/articles/(\d+)")
_FILES = _words(
    """
    png jpg jpeg gif svg webp ico bmp mp4 mov webm mp3 pdf zip gz tar exe dmg msi csv xlsx docx json xml
    """
)
_PAGES = frozenset(("html", "htm", "md", "mdx", "markdown", "txt", "php", "aspx"))
_HEADING = re.compile(r"\n#{1,6} +([^\n]+)")
_PLACES = (
    re.compile(r' id="([^"\n]{1,120})'),
    re.compile(r' name="([^"\n]{1,120})'),
    re.compile(r"\{#([\w-]{1,120})\}"),
)
_SIGNS = re.compile(r"\W+|_+")


class Target(NamedTuple):
    """What a link leads to: host and path without what varies, its folder, the last part of it, and the place."""

    path: str
    folder: str
    tail: str
    place: str


def target_of(link: str, home: str) -> Target | None:
    """Where a link of the document at `home` (its URL, or a path) leads; None for what is no document.

    The number of a help centre's article stands for all its addresses, in every locale and with any slug.
    """
    address, _, place = link.partition("#")
    if place and place.startswith((":~:", "/", "!")):
        return None
    if address.startswith(("https://", "http://")):
        pass
    elif not address:
        address = home
    elif address.isidentifier() or _PLAIN.fullmatch(address) is not None:  # a neighbour, as most are
        address = f"{home[: home.rfind('/') + 1]}{address}"
    elif _ELSEWHERE.match(address):
        return None
    elif not address.startswith(("http:", "https:")):
        address = urljoin(home, address) if "://" in home else _below(home, address)
    found = _parts(address.partition("?")[0].lower())
    return None if found is None else Target(*found, place)


def _below(home: str, address: str) -> str:
    return posixpath.normpath(posixpath.join(posixpath.dirname(home), address))


def _parts(address: str) -> tuple[str, str, str] | None:
    """Path, folder and tail of an address in lower case; None for a file that is no page."""
    if "%" in address:
        address = unquote(address)
    host, mark, path = address.partition("://")
    host, path = (path.partition("/")[0], "/" + path.partition("/")[2]) if mark else ("", f"/{host}")
    if "/articles/" in path and (article := _ARTICLE.search(path)) is not None:
        return f"{host}/articles/{article[1]}", f"{host}/articles", article[1]
    path = path.rstrip("/").removesuffix("/index.html").removesuffix("/readme.md")
    folder, _, tail = path.rpartition("/")
    stem, dot, ending = tail.rpartition(".")
    if dot and ending in _FILES:
        return None
    if dot and ending in _PAGES:
        tail = stem
    return f"{host}{folder}/{tail}", f"{host}{folder}", tail


def links_of(text: str, home: str) -> Iterator[tuple[str, Target]]:
    """Each distinct link of a Markdown text to something that may be a document, with its target."""
    for link in dict.fromkeys(_LINK.findall(text)):
        found = target_of(link, home)
        if found is not None:
            yield link, found


def packed(text: str, home: str) -> bytes:
    """A document's links, `COLUMNS` numbers each; at most `MOST_LINKS`."""
    numbers: list[int] = []
    for _, target in links_of(text, home):
        path, folder, tail, place = target
        numbers += (_number(path), _folder_number(folder), place_number(place) if place else 0, _number(tail))
        if len(numbers) >= COLUMNS * MOST_LINKS:
            break
    return struct.pack(f"<{len(numbers)}I", *numbers)


def own(home: str, document_id: str) -> bytes:
    """A document's own address: target, folder, and the last parts of its address and of its id."""
    target = target_of(home, home) or Target(home, "", home, "")
    tail = document_id.rpartition("/")[2]
    numbers = (_number(target.path), _number(target.folder), _number(target.tail), number_of_id(tail))
    return b"".join(number.to_bytes(4, "little") for number in numbers)


def anchors(text: str, raw: str) -> bytes:
    """The places in a document that a link may name: its headings, and what its source gave an id or a name.

    Never empty: a document without any place is not one whose places are unknown.
    """
    times: dict[str, int] = {}
    numbers = set()
    for match in _HEADING.finditer(f"\n{text}"):
        slug = _SIGNS.sub("", match[1]).lower()
        nth = times[slug] = times.get(slug, -1) + 1
        numbers.update({_number(slug), _number(f"{slug}{nth or ''}")})
    for pattern in _PLACES:
        numbers.update(map(place_number, dict.fromkeys(pattern.findall(raw))))
    return b"".join(number.to_bytes(4, "little") for number in sorted(numbers - {0} or {1}))


def place_number(place: str) -> int:
    """0 for no place. Signs and case do not count: every renderer makes its own slug of a heading."""
    if not place:
        return 0
    slug = _SIGNS.sub("", unquote(place) if "%" in place else place).lower()
    return 0 if slug in ("", "top") else _number(slug)


def number_of_id(document_id: str) -> int:
    """Of a document or of an item that did not become one."""
    stem, dot, ending = document_id.lower().rpartition(".")
    return _number(stem if dot and ending in _PAGES else document_id.lower())


def _number(text: str) -> int:
    return crc32(text.encode("utf-8", "replace"))


_folder_number = lru_cache(1024)(_number)


class Linked(NamedTuple):
    """What is kept of one document: `own`, `packed` and `anchors`."""

    own: bytes
    links: bytes
    anchors: bytes


def judge(documents: Sequence[Linked], unpublished: Mapping[int, str]) -> dict[int, dict[Fault, list[int]]]:
    """The faulty links, by the document's place in `documents`: of each fault, the numbers of the links' targets.

    A link is judged where it leads to a folder of the corpus: several documents stand in it and most links into it lead
    to one, or nearly all name the id of one. `unpublished` are the numbers of ids that did not become documents.
    """
    import numpy as np

    owners, links = _links(documents)
    if not len(links):
        return {}
    own_rows = np.frombuffer(b"".join(each.own for each in documents), np.uint32).reshape(-1, 4)
    known = np.isin(links[:, 0], own_rows[:, 0])
    named = np.isin(links[:, 3], own_rows[:, 3])
    _, first = np.unique(own_rows[:, 0], return_index=True)  # several documents may stand on one page
    folders, counts = np.unique(own_rows[first, 1], return_counts=True)
    inside = np.isin(links[:, 1], folders[counts >= ENOUGH_DOCUMENTS])
    ours = inside & np.isin(links[:, 1], _known_folders(links, known, KNOWN_BY_ADDRESS, 1))
    foreign = np.isin(links[:, 1], _known_folders(links[~ours], named[~ours], KNOWN_BY_NAME, ENOUGH_LINKS))
    missing = (ours & ~known) | (foreign & ~named)
    hidden = np.isin(links[:, 3], np.fromiter(unpublished, np.uint32, len(unpublished)))
    found: dict[int, dict[Fault, list[int]]] = {}
    for row in np.flatnonzero(missing).tolist():
        fault: Fault = "link_to_unpublished" if hidden[row] else "broken_link"
        found.setdefault(int(owners[row]), {}).setdefault(fault, []).append(int(links[row, 0]))
    places = dict(zip(own_rows[:, 0].tolist(), range(len(documents)), strict=True))
    for row in np.flatnonzero(known & (links[:, 2] != 0)).tolist():
        at = documents[places[int(links[row, 0])]].anchors
        if at and int(links[row, 2]) not in np.frombuffer(at, np.uint32):
            found.setdefault(int(owners[row]), {}).setdefault("broken_anchor", []).append(int(links[row, 0]))
    return found


def shown(text: str, home: str, target: int, *, with_place: bool) -> str:
    """A link of the text that leads to the target of that number, as it is written; empty where there is none."""
    for link, found in links_of(text, home):
        if _number(found.path) == target and (not with_place or found.place):
            return link
    return ""


def _links(documents: Sequence[Linked]) -> tuple[NDArray[np.int64], NDArray[np.uint32]]:
    import numpy as np

    sizes = [len(each.links) // (4 * COLUMNS) for each in documents]
    rows = np.frombuffer(b"".join(each.links for each in documents), np.uint32).reshape(-1, COLUMNS)
    return np.repeat(np.arange(len(documents)), sizes), rows


def _known_folders(
    links: NDArray[np.uint32], known: NDArray[np.bool_], least: float, enough: int
) -> NDArray[np.uint32]:
    """Folders into which enough distinct links lead, at least such a share of them to what is known."""
    import numpy as np

    if not len(links):
        return np.empty(0, np.uint32)
    _, first = np.unique(links[:, 0], return_index=True)
    folders, places = np.unique(links[first, 1], return_inverse=True)
    counts = np.bincount(places)
    share = np.bincount(places, weights=known[first]) / counts
    return folders[(counts >= enough) & (share >= least)]
