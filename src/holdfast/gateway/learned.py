"""What a model was seen to refuse: parameters it rejects, kinds of input it does not take.

Does not ask it anything; it reads what a vendor says when it refuses a request.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

from holdfast.gateway.fault import Fault
from holdfast.gateway.provider import Provider
from holdfast.records import Generate

_REFUSED = re.compile(
    r"unsupported|not support|doesn't support|does not accept|isn't supported|unknown|unrecogni[sz]ed|unexpected"
    r"|not permitted|extra[_ ](?:inputs?|fields?|forbidden)|not allowed|deprecated|not available|unavailable"
    r"|incompatible|cannot be (?:used|specified|set|combined)|cannot both|removed",
    re.IGNORECASE,
)
_PREFILL = re.compile(
    r"prefill|(?:must|should) end with a user|last (?:message|role)|final (?:message|turn)"
    r"|assistant (?:message|turn|role)",
    re.IGNORECASE,
)
_WORDS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        # Of two that a model does not take together (`temperature` and `top_p`), the first here is left out.
        "top_p": ("top_p", "topP"),
        "temperature": ("temperature",),
        "seed": ("seed", "random_seed"),
        "stop": ("stop_sequences", "stopSequences", "stop"),
        "presence_penalty": ("presence_penalty", "presencePenalty"),
        "frequency_penalty": ("frequency_penalty", "frequencyPenalty"),
        "reasoning_effort": ("reasoning_effort", "reasoning.effort", "reasoning", "thinking", "thinkingConfig"),
        "parallel_tool_calls": ("parallel_tool_calls", "disable_parallel_tool_use"),
        "schema": ("response_format", "json_schema", "text.format", "responseSchema", "output_format"),
        "max_tokens": ("max_completion_tokens", "max_tokens", "max_output_tokens"),
        "stream_options": ("stream_options", "include_usage"),
    }
)
_PATTERNS: Mapping[str, re.Pattern[str]] = MappingProxyType(
    {
        name: re.compile(rf"(?<![\w.-])(?:{'|'.join(map(re.escape, words))})(?![\w-])", re.IGNORECASE)
        for name, words in _WORDS.items()
    }
)
_KINDS: Mapping[str, re.Pattern[str]] = MappingProxyType(
    {
        "images": re.compile(r"\bimages?\b|image_url|vision|multimodal", re.IGNORECASE),
        "documents": re.compile(r"\b(?:documents?|pdfs?|files?)\b|input_file", re.IGNORECASE),
        "tools": re.compile(r"\btools?\b|function[ _]call", re.IGNORECASE),
    }
)


class Refusals:
    """What one model of one provider was seen to refuse. Grows only, and only by what was said in a refusal.

    `dropped` are the parameters to leave out, in Holdfast's words; `other_bound`: it wants the other name of
    `max_tokens`; `unable` are kinds of input it does not take; `too_long_chars` is the shortest request it called too
    long.
    """

    __slots__ = ("dropped", "other_bound", "prefill", "too_long_chars", "unable")

    def __init__(self) -> None:
        self.dropped: frozenset[str] = frozenset()
        self.other_bound = False
        self.prefill = True
        self.unable: frozenset[str] = frozenset()
        self.too_long_chars: int | None = None

    def learn(self, fault: Fault, request: Generate, provider: Provider, *, prefilled: bool) -> str | None:
        """Take note of what a refusal says. The parameter without which the request is worth sending again; None:
        there is none."""
        if prefilled and self.prefill and fault.kind in ("bad_request", "no_model") and _PREFILL.search(fault.message):
            self.prefill = False
            return "prefill"
        if fault.kind == "too_long":
            asked = sum(len(message.text) for message in request.messages)
            self.too_long_chars = min(asked, self.too_long_chars or asked)
        if fault.kind != "bad_request" or not (fault.param or _REFUSED.search(fault.message)):
            return None
        name = self._named(fault, request, provider)
        if name is None:
            self._learn_kind(fault, request)
        return name

    def _named(self, fault: Fault, request: Generate, provider: Provider) -> str | None:
        """The parameter that is named, among those that were sent, and note that it is refused."""
        if not _REFUSED.search(fault.message):
            return None  # a wrong value is the caller's to mend
        for name in _sent(request, provider):
            if not (_PATTERNS[name].search(fault.param) or _PATTERNS[name].search(fault.message)):
                continue
            refused = self._refused(name, provider)
            if refused is not None:
                return refused
        return None

    def _refused(self, name: str, provider: Provider) -> str | None:
        """Take the next step back from a parameter; None where there is none left."""
        if name == "max_tokens" and provider.dialect == "openai" and not self.other_bound:
            self.other_bound = True
            return provider.max_tokens_field
        if name == "schema" and "json_schema" not in self.dropped and provider.json_mode == "json_schema":
            name = "json_schema"
        if name in self.dropped:
            return None
        self.dropped |= {name}
        return name

    def _learn_kind(self, fault: Fault, request: Generate) -> None:
        sent = kinds_in(request)
        for kind, pattern in _KINDS.items():
            if kind in sent and (pattern.search(fault.message) or pattern.search(fault.param)):
                self.unable |= {kind}


def left_out(refusals: Refusals, request: Generate, provider: Provider) -> tuple[frozenset[str], tuple[str, ...]]:
    """What to leave out of a request to this model, and which of that the request would have had."""
    without = refusals.dropped if refusals.prefill else refusals.dropped | {"prefill"}
    if not without:
        return without, ()
    sent = set(_sent(request, provider))
    if "schema" in sent:
        sent.add("json_schema")
    if request.messages and request.messages[-1].role == "assistant":
        sent.add("prefill")
    return without, tuple(sorted(without & sent))


def kinds_in(request: Generate) -> set[str]:
    """What a request asks a model to take besides text: images, documents, tools."""
    kinds = {"tools"} if request.tools else set()
    for message in request.messages:
        for medium in message.media:
            if medium.media_type.startswith("text/"):
                continue  # sent as text
            kinds.add("images" if medium.media_type.startswith("image/") else "documents")
    return kinds


def _sent(request: Generate, provider: Provider) -> list[str]:
    """The parameters that a request sets, in the order in which they are left out."""
    sampling = request.sampling
    sent = {name: getattr(sampling, name, None) not in (None, ()) for name in _WORDS}
    sent["schema"] = request.schema is not None
    sent["stream_options"] = provider.ask_for_usage
    return [name for name in _WORDS if sent[name]]


def same_model(asked: str, served: str) -> bool:
    """Whether a vendor's name for the model that answered is the one that was asked for, or a dated form of it."""
    asked, served = asked.rpartition("/")[2].lower(), served.rpartition("/")[2].lower()
    asked = asked.removesuffix("-latest").removesuffix(":latest")
    if served == asked or not served:
        return True
    if not served.startswith(asked):
        return False
    return (
        re.fullmatch(r"(?:[-@:][\d-]{4,10}|[-@:](?:v\d+|\d{3,8}|preview|latest|exp)[\w.:-]*)", served[len(asked) :])
        is not None
    )
