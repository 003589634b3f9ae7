"""Asks a vision model what an image says. Knows nothing of corpora, or of what becomes of the text."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from holdfast.contracts import Hear, deaf
from holdfast.errors import EffectFailed
from holdfast.messages import Media, Message, Sampling
from holdfast.records import Done, Generate, Generated
from holdfast.release import ModelSlot

PROMPT = """\
Write down what this image says, for somebody who searches and cannot see it. Give all of its text word for word,
tables as Markdown tables, the labels and steps of a diagram or a screenshot in their order; then in one or two
sentences what it shows. Answer in the language of its text, in Markdown, with nothing before or after. If there is
nothing to be read or told, answer with a single dash."""
MAX_TOKENS = 4000


class Describer:
    """See `Describe`. `generate` is how the project has text generated."""

    version = "1"

    def __init__(self, generate: Callable[[Generate, ModelSlot, Hear], Awaitable[Done]]) -> None:
        self._generate = generate

    async def image(self, model: str, image: bytes, media_type: str) -> str:
        """See `Describe`."""
        turn = Message(role="user", text=PROMPT, media=(Media(media_type=media_type, data=image),))
        asked = Generate(
            slot="images",
            models=(model,),
            messages=(turn,),
            sampling=Sampling(max_tokens=MAX_TOKENS),
            answers=False,
        )
        result = (await self._generate(asked, ModelSlot(models=(model,)), deaf)).result
        if not isinstance(result, Generated):
            raise EffectFailed("HF300", f"{model} gave no text for an image", "try another model for images")
        text = result.text.strip()
        return "" if text in ("-", "–", "—") else text
