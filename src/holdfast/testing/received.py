"""What the scriptable vendor saw of one request, and what became of it.

Does not know what the vendor was told to do.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from holdfast.messages import Json
from holdfast.records import Usage
from holdfast.testing.asked import Asked


class Received:
    """A request the vendor got: as it was sent, and `asked`, as it was understood.

    It is written to while it is answered: `hung_up` is set when the client closed the connection before the answer was
    sent; `status` is 0 until headers go out; `sent_bytes` counts the body; `sent_pieces` the pieces of text. Times are
    in ms since the vendor began to serve: `arrived_ms`, and `ended_ms`, None while it is under way.

    `billed` is what a vendor charges for: the request once the answer has begun, and of the answer the share that was
    generated until it ended or was cut; nothing for an error.
    """

    def __init__(self, asked: Asked, connection: int, arrived_ms: float) -> None:
        self.asked = asked
        self.connection = connection
        self.arrived_ms = arrived_ms
        self.ended_ms: float | None = None
        self.hung_up = asyncio.Event()
        self.status = 0
        self.sent_bytes = 0
        self.sent_pieces = 0
        self.billed = Usage()

    @property
    def path(self) -> str:
        return self.asked.path

    @property
    def headers(self) -> Mapping[str, str]:
        return self.asked.headers

    @property
    def body(self) -> Json:
        return self.asked.body

    def generated(self, usage: Usage | None, share: float) -> None:
        """Charge for the request and for this share of the answer."""
        if usage is not None:
            self.billed = Usage(
                input_tokens=usage.input_tokens,
                output_tokens=round(usage.output_tokens * share),
                cache_read_tokens=usage.cache_read_tokens,
                cache_write_tokens=usage.cache_write_tokens,
                reasoning_tokens=usage.reasoning_tokens,
            )
