"""Going on with an answer that broke off: what the next model is asked, and how its text is joined to what was heard.

Does not know streams, vendors or ladders: text in, text out.
"""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from holdfast.records import Generate, Message

ANCHOR_CHARS = 40
LEAST_OVERLAP = 16
LEAST_WORDS = 3
MOST_OVERLAP = 240
LEAST_RESTART, LEAST_RESTART_AFTER_END = 24, 80
"""So many characters like the beginning of the old answer are taken for that answer begun again; where it broke off at
the end of a sentence or a line, the next one may well begin as the first did, and what was heard is not to be lost."""
_ENDS = ".!?:;。！？"
_FIRST_CHARS = 8
"""A text in which its own first characters stand again may go on with them."""

_ASK = (
    "Your answer broke off there. Go on from exactly where it stopped: no comment, no apology, and do not start over. "
    "Begin by repeating these last characters of it exactly, and then continue:\n"
)


def anchor_of(partial: str) -> str:
    """The last characters of a text, about `ANCHOR_CHARS`, from the beginning of a word: what a model is asked to
    repeat. Without space at its end."""
    base = partial.rstrip()
    start = max(0, len(base) - ANCHOR_CHARS)
    if start and not base[start - 1].isspace():
        words = base[start:].split(None, 1)
        if len(words) == 2:
            start = len(base) - len(words[1])
    return base[start:].lstrip()


def repeats_itself(partial: str) -> bool:
    """Whether the end of a text stands in it before, as in a list of like lines: then nobody could tell a reply that
    repeats the end from one that goes on with the next such line."""
    base = partial.strip()
    end = base[-LEAST_OVERLAP:]
    return len(base) > LEAST_OVERLAP and base.find(end) < len(base) - len(end)


def continuation(request: Generate, partial: str, *, prefill: bool) -> Generate:
    """The request that has a model go on with `partial`, which holds more than space.

    With `prefill` the partial answer is the last turn, and the model writes on. Otherwise a turn of the user follows
    that asks for it; but where the partial answer repeats itself the request stays as it was, and the `Joiner` expects
    the same answer begun again. Space at the end is left out: Anthropic refuses it.
    """
    if not prefill and repeats_itself(partial):
        return request
    turns = (*request.messages, Message(role="assistant", text=partial.rstrip()))
    if not prefill:
        turns += (Message(role="user", text=_ASK + anchor_of(partial)),)
    return msgspec.structs.replace(request, messages=turns)


class Joined(NamedTuple):
    """More of the whole text. `restart`: all text before it is void, for the model began another answer."""

    text: str
    restart: bool = False


class Joiner:
    """Joins a reply to the partial answer that it goes on with, piece by piece.

    After a prefill the reply is the rest as it is, unless it begins as the partial answer did: then the model took no
    notice of the prefill. After a partial answer that repeats itself it is the whole answer once more, of which as much
    as was heard is left out. Otherwise it is stripped of what it repeats: the anchor; else the longest end of the
    partial answer that it begins with (at least `LEAST_OVERLAP` characters or `LEAST_WORDS` words); else the whole
    partial answer, begun again. One that begins again and then differs is heard whole instead. What repeats nothing
    follows as it is. Text is held back only as long as more of it could change what is stripped.

    For a model that repeats the anchor, `partial` and all it gives add up to the whole text, whatever that text is.
    """

    __slots__ = ("_anchor", "_base", "_decided", "_held", "_overlaps", "_prefill", "_start", "_tail", "_whole")

    def __init__(self, partial: str, *, prefill: bool) -> None:
        self._base = partial.rstrip()
        self._tail = partial[len(self._base) :]  # space that was heard, and was not sent
        self._anchor = anchor_of(partial)
        self._prefill = prefill
        self._start = self._base.lstrip()
        self._whole = not prefill and repeats_itself(partial)
        self._overlaps = [] if prefill or self._whole else _overlaps(self._start)
        self._held = ""
        self._decided = prefill and not _stands_out(self._start)

    def feed(self, piece: str) -> Joined:
        """What a piece of the reply adds to the text."""
        if self._decided and not self._tail:
            return Joined(piece)
        self._held += piece
        return Joined(self._rest(last=False)) if self._decided else self._decide(last=False)

    def end(self) -> Joined:
        """What is left when the reply has ended."""
        return Joined(self._rest(last=True)) if self._decided else self._decide(last=True)

    def _decide(self, *, last: bool) -> Joined:
        reply = self._held.lstrip()
        if self._prefill:
            return self._decide_prefilled(reply, last=last)
        if self._whole:
            if reply.startswith(self._start):
                return self._strip(reply, len(self._start), last=last)
            return Joined("") if self._start.startswith(reply) and not last else self._restart(reply)
        if reply.startswith(self._anchor):
            return self._strip(reply, len(self._anchor), last=last)
        undecided = not reply or self._anchor.startswith(reply) or self._start.startswith(reply)
        if not last and (undecided or any(len(end) > len(reply) and end.startswith(reply) for end in self._overlaps)):
            return Joined("")
        for overlap in self._overlaps:  # longest first
            if reply.startswith(overlap):
                return self._strip(reply, len(overlap), last=last)
        if reply and _like(reply, self._start) >= min(LEAST_RESTART, len(self._start)):
            return self._restart(reply)
        return self._append(last=last)

    def _decide_prefilled(self, reply: str, *, last: bool) -> Joined:
        if reply.startswith(self._start):
            return self._strip(reply, len(self._start), last=last)
        if not last and self._start.startswith(reply):
            return Joined("")
        ended = self._base[-1:] in _ENDS or "\n" in self._tail
        if _like(reply, self._start) >= (LEAST_RESTART_AFTER_END if ended else LEAST_RESTART):
            return self._restart(reply)
        self._decided = True
        return Joined(self._rest(last=last))

    def _strip(self, reply: str, length: int, *, last: bool) -> Joined:
        self._decided = True
        self._held = reply[length:]
        return Joined(self._rest(last=last))

    def _restart(self, reply: str) -> Joined:
        self._decided, self._tail, self._held = True, "", ""
        return Joined(reply, restart=True)

    def _append(self, *, last: bool) -> Joined:
        self._decided = True
        gap = " " if not self._tail and _needs_space(self._base, self._held) else ""
        return Joined(gap + self._rest(last=last))

    def _rest(self, *, last: bool) -> str:
        """The held text without the space at its beginning that was heard already."""
        if not last and len(self._held) < len(self._tail) and self._tail.startswith(self._held):
            return ""
        common = _like(self._held, self._tail)
        text, self._held, self._tail = self._held[common:], "", ""
        return text


def _overlaps(base: str) -> list[str]:
    """The ends of a text that are long enough to be known again, and the text itself; the longest first."""
    most = min(len(base), MOST_OVERLAP)
    ends = [base[-length:] for length in range(most, 0, -1)]
    known = [end for end in ends if len(end) >= LEAST_OVERLAP or _is_words(base, len(end))]
    return [base, *known] if len(base) > most else known


def _is_words(base: str, length: int) -> bool:
    start = len(base) - length
    whole = start == 0 or base[start - 1].isspace()
    return whole and not base[start].isspace() and len(base[start:].split()) >= LEAST_WORDS


def _stands_out(base: str) -> bool:
    """Whether a text that begins like this one is this one begun again, and not how it goes on."""
    return len(base) >= LEAST_OVERLAP and base.find(base[:_FIRST_CHARS], 1) < 0


def _like(one: str, other: str) -> int:
    """How many characters two texts have in common at their beginning."""
    shorter = min(len(one), len(other))
    if one[:shorter] == other[:shorter]:
        return shorter
    return next(at for at in range(shorter) if one[at] != other[at])


def _needs_space(base: str, reply: str) -> bool:
    """Whether a sentence has ended and another begins: elsewhere a text may have broken off within a word."""
    ended = len(base) > 3 and base[-1] in ".!?" and base[-3:-1].isalpha() and base[-3:-1].islower()
    return ended and len(reply) > 1 and reply[0].isupper() and (reply[1].islower() or reply[1] == " ")
