"""Tickets about the same thing, and the words that set them apart. Plain arithmetic: the same in, the same out."""

import re
from collections import Counter
from collections.abc import Sequence

import numpy as np

WORD = re.compile(r"[^\W\d_]{4,}")
ASIDE = frozenset({
    "about", "does", "exist", "from", "have", "into", "like", "over", "that", "them", "then", "there", "this", "want",
    "what", "when", "where", "which", "will", "with", "would", "your",
})  # fmt: skip


def clusters(vectors: Sequence[Sequence[float]], similar: float) -> list[list[int]]:
    """Average linkage (Sokal and Michener 1958): the two groups whose members have the highest mean cosine become one,
    until none has `similar`. Vectors have length 1. The largest group first, equal ones by their first member.

    Takes time by the cube of how many there are: seconds for a thousand.
    """
    groups = {n: [n] for n in range(len(vectors))}
    between = np.asarray(vectors, float) @ np.asarray(vectors, float).T if groups else np.zeros((0, 0))
    np.fill_diagonal(between, -np.inf)
    while len(groups) > 1:
        first, second = sorted(int(at) for at in np.unravel_index(np.argmax(between), between.shape))
        if between[first, second] < similar:
            break
        one, other = len(groups[first]), len(groups[second])
        between[first] = (one * between[first] + other * between[second]) / (one + other)
        between[:, first] = between[first]
        between[first, first] = between[second, :] = between[:, second] = -np.inf
        groups[first] = sorted(groups[first] + groups.pop(second))
    return sorted(groups.values(), key=lambda group: (-len(group), group))


def words(text: str) -> set[str]:
    """What a text speaks of: its words of four letters and more, but for those that anybody asks with."""
    return {word.casefold() for word in WORD.findall(text)} - ASIDE


def apart(said: Sequence[set[str]], group: Sequence[int], most: int = 8) -> list[str]:
    """The words that more of a group's tickets have than of the others, most telling first; two of them at least have
    each. `said` are the words of every ticket: what all of them say sets none apart."""
    inside = Counter(word for n in group for word in said[n])
    outside = Counter(word for n, has in enumerate(said) if n not in set(group) for word in has)
    others = max(1, len(said) - len(group))
    telling = {word: count / len(group) - 2 * outside[word] / others for word, count in inside.items() if count > 1}
    return sorted((word for word, by in telling.items() if by > 0), key=lambda word: (-telling[word], word))[:most]
