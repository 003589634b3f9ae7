"""A conversation with a model, as a client of a vendor's API holds it, and what came of it.

Knows nothing of any vendor's dialect, nor of how an answer is made.
"""

from __future__ import annotations

from msgspec.structs import replace

from holdfast.doors import Door
from holdfast.records import Json, Message, Sampling, Tool, ToolCall

SLOT = "slot:"
"""Before the name of a slot: the feature that is this slot's ladder alone."""
EMBED = "embed:"
"""Before the name of an encoder: the feature that turns texts into its vectors."""


class Conversation(Door, frozen=True, kw_only=True, omit_defaults=True):
    """What a model is asked: turns so far, tools it may call, the JSON Schema its answer must match.

    `instructions` stand before the first turn and are no turn themselves: what follows on this conversation leaves them
    behind. What `sampling` leaves open is the slot's choice. `tool_choice` is as in a `Generate`.
    """

    messages: tuple[Message, ...]
    instructions: str = ""
    tools: tuple[Tool, ...] = ()
    tool_choice: str = "auto"
    schema: dict[str, Json] | None = None
    sampling: Sampling = Sampling()

    def turns(self) -> tuple[Message, ...]:
        """Every message that is sent, the instructions first."""
        return (Message(role="system", text=self.instructions), *self.messages) if self.instructions else self.messages


class Spoken(Door, frozen=True, kw_only=True):
    """A model's turn. `model` is `provider:model` as the provider named it; the tokens stand in the recording."""

    text: str
    model: str
    tool_calls: tuple[ToolCall, ...] = ()
    stop_reason: str = "stop"


class Texts(Door, frozen=True, kw_only=True):
    """What is to be turned into vectors."""

    texts: tuple[str, ...]


class Vectors(Door, frozen=True, kw_only=True):
    """How many vectors there are, and of how many dimensions. They themselves stand in the recording's step."""

    count: int
    dimensions: int


def over(given: Sampling, chosen: Sampling) -> Sampling:
    """What is given, and what was chosen where nothing is given."""
    if given == _NOTHING:
        return chosen
    wanted = {name: value for name in _FIELDS if (value := getattr(given, name)) not in (None, ())}
    return replace(chosen, **wanted)


_NOTHING = Sampling()
_FIELDS = Sampling.__struct_fields__
