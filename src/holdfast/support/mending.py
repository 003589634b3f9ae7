"""How a model is asked to mend its reply.

Does not know what is wrong with it, nor who found that out.
"""

from __future__ import annotations

from holdfast.messages import Message


def mending(text: str, problem: object) -> tuple[Message, Message]:
    """The two turns that ask for a reply again: what was said, and what is wrong with it."""
    ask = f"That reply cannot be used: {problem}. Reply again, whole, with this mended and nothing else changed."
    return Message(role="assistant", text=text), Message(role="user", text=ask)
