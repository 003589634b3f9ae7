"""A drill: a project's own feature under one fault of a vendor, with the project's own ladders, limits and guards.

Does not know how a drill is asked for or shown. Vendors on this machine take the places of all providers that ladders
name or that have a key, with keys of their own: nothing leaves the machine, nothing is kept, no side effect happens.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import AsyncExitStack
from copy import copy
from dataclasses import dataclass, replace

from msgspec import Struct

from holdfast.app import Project
from holdfast.config import Config
from holdfast.contracts import Delta, Event, Reset
from holdfast.errors import Misconfigured, unknown
from holdfast.gateway.opening import open_gateway, providers_of
from holdfast.gateway.rung import EXTRACTIVE, split
from holdfast.records import Json, Recording, Usage
from holdfast.release import ModelSlot, Release
from holdfast.runtime.execute import execute
from holdfast.runtime.tape import Tape
from holdfast.runtime.who import ANYONE
from holdfast.settings import ProviderPart
from holdfast.testing.act import Act
from holdfast.testing.asked import Asked
from holdfast.testing.fault import Fault
from holdfast.testing.faults import When, under
from holdfast.testing.grounded import grounded
from holdfast.testing.places import place_of
from holdfast.testing.vendor import Rule, Vendor

_SETTLING_TURNS, _SETTLING_S = 30, 0.01
_BEHIND_THE_HOST = frozenset({"azure", "gemini"})
"""Dialects whose addresses begin with the host alone; the others' end in /v1."""


@dataclass(frozen=True, slots=True)
class Aim:
    """Which rungs the fault befalls: the one with this number among the hosted rungs of each ladder, from 1, or every
    rung of a provider."""

    rung: int = 1
    provider: str | None = None


_FIRST = Aim()


class Call(Struct, frozen=True, kw_only=True):
    """A request as the vendor saw it. `pieces` and `bytes` are what was sent of the answer; times in ms from the start.

    `ended_ms` is None where it was still under way when the feature was done. `hung_up`: the caller left first.
    """

    model: str
    status: int
    at_ms: float
    ended_ms: float | None
    pieces: int
    bytes: int
    hung_up: bool
    billed: Usage


class VendorSaw(Struct, frozen=True, kw_only=True):
    """What the vendor in the place of a provider saw and would have billed."""

    provider: str
    calls: tuple[Call, ...]
    billed: Usage


class Drilled(Struct, frozen=True, kw_only=True):
    """What came of a drill. `shown` is the text that a reader of the stream saw at its end, `resets` how often it was
    taken back, `first_text_ms` when it began. `befell` says how many requests the fault can have met: for a fault of
    the address, the attempts made there."""

    fault: str
    recording: Recording
    shown: str
    first_text_ms: float | None
    resets: int
    befell: int
    vendors: tuple[VendorSaw, ...]


def hosted(release: Release) -> Iterator[tuple[str, ...]]:
    """The hosted rungs of each ladder, as `provider:model`."""
    for slot in release.slots.values():
        if isinstance(slot, ModelSlot):
            yield tuple(entry for entry in slot.models if entry != EXTRACTIVE)


def aimed(release: Release, aim: Aim) -> frozenset[tuple[str, str]]:
    """The provider and model of each rung that the fault befalls.

    Raises NotFound (HF207) for a provider that no ladder names, Misconfigured (HF100) for a rung that no ladder has.
    """
    ladders = [[split(entry) for entry in ladder] for ladder in hosted(release)]
    if aim.provider is not None:
        found = {rung for ladder in ladders for rung in ladder if rung[0] == aim.provider}
        if not found:
            raise unknown(
                "HF207", "provider in a ladder", aim.provider, {name for rungs in ladders for name, _ in rungs}
            )
        return frozenset(found)
    found = {ladder[aim.rung - 1] for ladder in ladders if len(ladder) >= aim.rung}
    if not found:
        longest = max(map(len, ladders), default=0)
        fix = f"the longest ladder has {longest} hosted rungs" if longest else 'name a model: models = ["openai:..."]'
        raise Misconfigured("HF100", f"no ladder has a hosted rung {aim.rung}", fix)
    return frozenset(found)


def in_place_of(config: Config, roots: Mapping[str, str]) -> Config:
    """The configuration with those providers' addresses, keys and headers replaced, and no other key in it."""
    providers = dict(config.providers)
    known = providers_of(config)
    for name, root in roots.items():
        part = config.providers.get(name) or ProviderPart()
        count = max(1, len(known[name].keys))
        changed: dict[str, Json] = {
            "base_url": root if known[name].dialect in _BEHIND_THE_HOST else f"{root}/v1",
            "api_key": tuple(f"key-{number}-of-the-drill" for number in range(1, count + 1)),
            "headers": {},
        }
        if "proxy" in ProviderPart.model_fields:
            changed["proxy"] = None
        providers[name] = part.model_copy(update=changed)
    return config.model_copy(update={"providers": providers, "keys": {}})


class _Stage:
    """The vendors of one drill, and the project's configuration with them in the providers' places."""

    def __init__(self, project: Project, release: Release, fault: Fault | None, when: When, aim: Aim) -> None:
        self._fault = fault
        self._when = when
        self._at = aimed(release, aim)
        self._config = project.config
        known = providers_of(project.config)
        self.named = {split(entry)[0] for ladder in hosted(release) for entry in ladder} & known.keys()
        with_a_key = {name for name, provider in known.items() if provider.keys}  # asked for more than ladders, maybe
        self.met = 0
        self.vendors = {name: Vendor(self._rule(name)) for name in sorted({*self.named, *with_a_key})}

    def _rule(self, provider: str) -> Rule:
        """What the fault is aimed at suffers it, everything else goes well."""
        fault = self._fault
        if fault is None:
            return grounded
        faulty = under(grounded, fault, self._when)
        models = {model for name, model in self._at if name == provider}

        def rule(asked: Asked) -> Act:
            if asked.model not in models or not fault.fits(asked):
                return grounded(asked)
            self.met += 1
            return faulty(replace(asked, number=self.met - 1))  # `once` means the first that it can befall

        return rule

    async def set_up(self, stack: AsyncExitStack) -> Config:
        """Start the vendors. The configuration whose providers are these."""
        roots: dict[str, str] = {}
        aimed_at = {name for name, _ in self._at}
        for name, vendor in self.vendors.items():
            await stack.enter_async_context(vendor)
            roots[name] = vendor.url
            if self._fault is not None and name in aimed_at:
                roots[name] = stack.enter_context(place_of(self._fault, vendor.url))
        return in_place_of(self._config, roots)

    async def settled(self) -> None:
        """Let the vendors notice that the caller has left, for a moment at most."""
        for _ in range(_SETTLING_TURNS):
            if all(one.ended_ms is not None for vendor in self.vendors.values() for one in vendor.requests):
                return
            await asyncio.sleep(_SETTLING_S)


class _Reader:
    """Reads the stream of an answer as a caller does."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._started_s = self._loop.time()
        self._shown: list[str] = []
        self.first_text_ms: float | None = None
        self.resets = 0

    def hear(self, event: Event) -> None:
        match event:
            case Delta(text):
                if self.first_text_ms is None:
                    self.first_text_ms = (self._loop.time() - self._started_s) * 1000
                self._shown.append(text)
            case Reset():
                self.resets += bool(self._shown)
                self._shown.clear()

    @property
    def shown(self) -> str:
        return "".join(self._shown)


async def drill(
    project: Project, feature: str, asked: Json | Recording, *, fault: Fault | None, when: When, aim: Aim = _FIRST
) -> Drilled:
    """Run a feature once under a fault; None: under none, to compare with.

    `asked` is an input, or a recording whose input and results of everything but generations are taken. Side effects
    are never done: a feature that asks for one fails with HF307, unless a recording remembers it. The project itself
    is left as it is, and what it keeps is not touched.

    Raises NotFound (HF200, HF207), Refused (HF701) for an input that is none of the feature's, Misconfigured (HF100).
    """
    declared = project.feature(feature)
    release = project.release()
    recorded = isinstance(asked, Recording)
    stage = _Stage(project, release, fault, when, aim)
    async with AsyncExitStack() as stack:
        config = await stage.set_up(stack)
        here = copy(project)
        here.gateway = open_gateway(config, {}, None)
        here.gateway.meaning = project.gateway.meaning
        stack.push_async_callback(here.gateway.close)
        await here.gateway.warm()
        reader = _Reader()
        before_ms = {name: vendor.now_ms() for name, vendor in stage.vendors.items()}
        recording = await execute(
            declared,
            asked.input if recorded else asked,
            release=release,
            world=here.world(release, reader.hear),
            tape=Tape.of(asked, fresh={"generate"}) if recorded else Tape(live=False),
            who=ANYONE,
        )
        await stage.settled()
        saw = tuple(
            _saw(name, vendor, before_ms[name])
            for name, vendor in stage.vendors.items()
            if vendor.calls or name in stage.named
        )
    return Drilled(
        fault="none" if fault is None else fault.name,
        recording=recording,
        shown=reader.shown,
        first_text_ms=reader.first_text_ms,
        resets=reader.resets,
        befell=stage.met or _attempts(recording, {name for name, _ in aimed(release, aim)}, fault),
        vendors=saw,
    )


def _attempts(recording: Recording, providers: set[str], fault: Fault | None) -> int:
    """The attempts at an address that leads nowhere: no vendor counts those."""
    if fault is None or fault.place == "vendor":
        return 0
    tried = (attempt for step in recording.steps for attempt in step.attempts)
    return sum(attempt.provider in providers and attempt.ms > 0 for attempt in tried)


def _saw(provider: str, vendor: Vendor, before_ms: float) -> VendorSaw:
    calls = tuple(
        Call(
            model=one.asked.model,
            status=one.status,
            at_ms=one.arrived_ms - before_ms,
            ended_ms=None if one.ended_ms is None else one.ended_ms - before_ms,
            pieces=one.sent_pieces,
            bytes=one.sent_bytes,
            hung_up=one.hung_up.is_set(),
            billed=one.billed,
        )
        for one in vendor.requests
    )
    return VendorSaw(provider=provider, calls=calls, billed=vendor.billed)
