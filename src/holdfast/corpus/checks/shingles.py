"""How much of their wording two texts share: shingles of words as numbers, and a signature of 128 of them.

Knows nothing of documents. Everything is vectorised, so that signing a text costs little beside cleaning it.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

WORDS = 3  # in a shingle
BINS = 128
BANDS, ROWS = 21, 6  # two texts that share .8 of their shingles meet in some band with probability .998
SIGNATURE_BYTES = 2 * BINS
MOST_CHARACTERS = 500_000  # of a text; what follows is not looked at
_PRIME = 0x9E3779B97F4A7C15  # 2^64 over the golden ratio: odd, so powers of it never vanish modulo 2^64
_SEED = 20240229
_UNSPACED = re.compile("[\u3040-\u9fff\uac00-\ud7ff]")  # Chinese, Japanese, Korean


def word_hashes(text: str) -> NDArray[np.uint64]:
    """A number for each word, in order; equal words have equal numbers, whatever their case.

    A word is a run of letters, digits and `_`; every character beyond ASCII counts as a letter.
    """
    import numpy as np

    data = np.frombuffer(b" " + text[:MOST_CHARACTERS].lower().encode("utf-8", "replace") + b" ", np.uint8)
    inside = _inside().take(data)
    edges = np.flatnonzero(inside[1:] != inside[:-1])
    starts, ends = edges[::2], edges[1::2]
    size = len(data)
    powers, inverses = _powers(1 << size.bit_length())
    sums = np.cumsum(_values().take(data) * powers[:size])
    return _mixed((sums[ends] - sums[starts]) * inverses[starts])  # a word's polynomial, moved to the text's beginning


def shingles(words: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """The runs of `WORDS` words, sorted; of a shorter text itself."""
    import numpy as np

    if len(words) == 0:
        return np.empty(0, np.uint64)
    if len(words) < WORDS:
        words = np.concatenate((words, np.zeros(WORDS - len(words), np.uint64)))
    last = len(words) - WORDS + 1
    made = words[:last].copy()
    for step in range(1, WORDS):
        made *= np.uint64(_PRIME)
        made += words[step : last + step]
    made = _mixed(made)
    made.sort()
    return made


def heard(hashes: NDArray[np.uint64], text: str, vocabulary: frozenset[str]) -> frozenset[str]:
    """Which words of a vocabulary a text holds, given the text and what `word_hashes` made of it.

    A script without spaces has no words here: such a word is looked for as it stands.
    """
    import numpy as np

    words, known = _known(vocabulary)
    places = np.minimum(known.searchsorted(hashes), len(known) - 1)
    found = {words[place] for place in places[known[places] == hashes].tolist()}
    if not text.isascii() and _UNSPACED.search(text) is not None:
        found |= {word for word in vocabulary if _UNSPACED.match(word) is not None and word in text}
    return frozenset(found)


def signature(made: NDArray[np.uint64]) -> bytes:
    """128 numbers of 16 bits of which two texts share as large a part as of their shingles. Empty for no shingles.

    One permutation hashing with optimal densification (Li, Owen, Zhang 2012; Shrivastava 2017): the shingles are dealt
    into 128 bins and the least of each is kept; an empty bin takes that of the first filled one in an order of its own.
    """
    import numpy as np

    if len(made) == 0:
        return b""
    first = made.searchsorted(np.arange(BINS + 1, dtype=np.uint64) << np.uint64(57))  # 0 again for the last
    first[BINS] = len(made)
    there = first[1:] > first[:-1]
    least = made.take(first[:-1], mode="clip").astype(np.uint16)
    if not there.all():
        order = _orders()
        empty = np.flatnonzero(~there)
        least[empty] = least[order[empty, there[order[empty]].argmax(axis=1)]]
    return least.tobytes()


def stacked(signatures: list[bytes]) -> NDArray[np.uint16]:
    """One row for each signature."""
    import numpy as np

    return np.frombuffer(b"".join(signatures), np.uint16).reshape(-1, BINS)


def meeting(rows: NDArray[np.uint16]) -> NDArray[np.int64]:
    """Pairs (i < j) of rows which agree in a whole band: each row with the first of its band's group and with the next.

    Linear in the rows but for sorting; a group of n gives at most 2n pairs, not n squared.
    """
    import numpy as np

    found = [np.empty((0, 2), np.int64)]
    columns = np.random.default_rng(_SEED).permutation(BINS)
    for band in range(BANDS):
        part = rows[:, columns[band * ROWS : (band + 1) * ROWS]].astype(np.uint64)
        keys = np.zeros(len(rows), np.uint64)
        for column in range(ROWS):
            keys = keys * np.uint64(_PRIME) + part[:, column] + np.uint64(1)
        order = np.argsort(keys, kind="stable")
        same = keys[order][1:] == keys[order][:-1]
        if same.any():
            group = np.concatenate(([0], np.cumsum(~same)))
            leaders = order[np.flatnonzero(np.concatenate(([True], ~same)))]
            found.append(np.stack((order[:-1][same], order[1:][same]), axis=1))
            found.append(np.stack((leaders[group[1:]][same], order[1:][same]), axis=1))
    pairs: NDArray[np.int64] = np.unique(np.sort(np.concatenate(found), axis=1), axis=0)
    kept: NDArray[np.int64] = pairs[pairs[:, 0] != pairs[:, 1]]
    return kept


def estimated(rows: NDArray[np.uint16], pairs: NDArray[np.int64]) -> NDArray[np.float64]:
    """The share of shingles that each pair has in common, as its signatures tell; standard error at .8: .035."""
    import numpy as np

    return np.asarray((rows[pairs[:, 0]] == rows[pairs[:, 1]]).mean(axis=1))


def jaccard(one: NDArray[np.uint64], other: NDArray[np.uint64]) -> float:
    """The share of all distinct shingles that both have."""
    import numpy as np

    one, other = np.unique(one), np.unique(other)
    shared = len(np.intersect1d(one, other, assume_unique=True))
    return shared / max(1, len(one) + len(other) - shared)


def _mixed(numbers: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Spread each number over all 64 bits (the finaliser of SplitMix64)."""
    import numpy as np

    numbers = (numbers ^ (numbers >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    numbers = (numbers ^ (numbers >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return numbers ^ (numbers >> np.uint64(31))


@cache
def _known(vocabulary: frozenset[str]) -> tuple[list[str], NDArray[np.uint64]]:
    """The words by their hashes, ascending."""
    import numpy as np

    hashes = {int(word_hashes(word)[0]): word for word in sorted(vocabulary)}
    order = sorted(hashes)
    return [hashes[number] for number in order], np.array(order, np.uint64)


@cache
def _inside() -> NDArray[np.int8]:
    """1 for the bytes that belong to words."""
    import numpy as np

    return np.array([byte >= 0x80 or chr(byte).isalnum() or byte == 0x5F for byte in range(256)], np.int8)


@cache
def _powers(count: int) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """The first powers of `_PRIME` and of its inverse modulo 2^64."""
    import numpy as np

    powers = np.full((2, count), [[_PRIME], [pow(_PRIME, -1, 2**64)]], np.uint64)
    powers[:, 0] = 1
    np.cumprod(powers, axis=1, out=powers)
    return powers[0], powers[1]


@cache
def _values() -> NDArray[np.uint64]:
    import numpy as np

    return np.random.default_rng(_SEED).integers(1, 2**63, 256, np.uint64)


@cache
def _orders() -> NDArray[np.int64]:
    """For each bin, the others in an order of its own."""
    import numpy as np

    chance = np.random.default_rng(_SEED + 1)
    orders: NDArray[np.int64] = np.stack([chance.permutation(BINS) for _ in range(BINS)])
    return orders
