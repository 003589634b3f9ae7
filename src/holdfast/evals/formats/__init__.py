"""Cases in the formats of others, in and out. Each codec says by name and count what it could not carry over.

Knows each codec by its format's name, and nothing of what is in any.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from holdfast.evals.formats import langfuse, openai_evals, promptfoo, pydantic_evals
from holdfast.evals.formats.carried import Codec

CODECS: Mapping[str, Codec] = MappingProxyType(
    {
        promptfoo.NAME: promptfoo.Promptfoo(),
        langfuse.NAME: langfuse.Langfuse(),
        openai_evals.NAME: openai_evals.OpenAIEvals(),
        pydantic_evals.NAME: pydantic_evals.PydanticEvals(),
    }
)
