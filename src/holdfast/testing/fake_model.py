"""A model that says what the test tells it to, for tests and for projects that have no key yet.

Does not know prompts or vendors: it follows its script.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import TypeAlias

from holdfast.contracts import Answer
from holdfast.records import Generate

Line: TypeAlias = str | Answer | Exception | Callable[[Generate], str]


class FakeModel:
    """Implements `contracts.Model`; hand it in under a provider's name.

    `script` is one line for every call or a sequence of them; the last line is said again once the others are used up.
    A line is a text, a whole Answer, an exception to raise, or a function of the request. Text is heard in pieces of
    `piece` characters, with a turn of the event loop between them. `requests` keeps what was asked, in order. Answers
    carry no usage unless a line does: a fake costs nothing.
    """

    def __init__(self, script: Line | Sequence[Line] = "A fake answer.", *, piece: int = 8) -> None:
        lines = [script] if isinstance(script, str | Answer | Exception) or callable(script) else list(script)
        if not lines:
            raise ValueError("a FakeModel needs at least one line to say")
        self._lines: list[Line] = lines
        self._piece = piece
        self.requests: list[Generate] = []

    async def generate(self, model: str, request: Generate, hear: Callable[[str], None]) -> Answer:
        """Say the next line."""
        line = self._lines[min(len(self.requests), len(self._lines) - 1)]
        self.requests.append(request)
        if isinstance(line, Exception):
            raise line
        if callable(line):
            line = line(request)
        answer = Answer(text=line, model=model) if isinstance(line, str) else line
        for start in range(0, len(answer.text), self._piece):
            if start:
                await asyncio.sleep(0)
            hear(answer.text[start : start + self._piece])
        return answer
