"""Which release answers, and how that changes: create, promote, roll back, compare.

Knows nothing of how a request is run.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from typing import TypeVar

import msgspec
from msgspec import Struct

from holdfast.errors import NotFound, unknown
from holdfast.identity import to_json
from holdfast.release import Release
from holdfast.releases.difference import Change, Side, changes, code_changes, in_words
from holdfast.releases.freezing import Versions, frozen, hashes_of, versions_in
from holdfast.releases.naming import WORKING, checked_name, name_for
from holdfast.runtime.feature import Feature
from holdfast.stores import (
    FeatureHashes,
    NamedRelease,
    Promotion,
    Releases,
)

FRESH_S = 1.0
"""How long what answers is believed without asking the store: a promotion takes effect within this time."""

_log = logging.getLogger(__name__)
S = TypeVar("S", bound=Struct)


class ReleaseSummary(Struct, frozen=True, kw_only=True):
    """A release in a list. `live` answers requests; `code_changed` names features whose code is another one now.

    The working tree stands in the list too, under the name `working`, made by nobody. `name` is null for a release that
    was only used, and never got one.
    """

    name: str | None
    id: str
    live: bool
    corpora: dict[str, str]
    code_changed: tuple[str, ...] = ()
    created_at: datetime | None = None
    created_by: str | None = None


class ReleaseList(Struct, frozen=True, kw_only=True):
    """The working tree, then every release that has a name, the newest first; and who let what answer, newest first."""

    releases: tuple[ReleaseSummary, ...]
    promotions: tuple[Promotion, ...]


class ReleaseDetail(Struct, frozen=True, kw_only=True):
    """A release whole: every choice, and what its features were when it was created."""

    summary: ReleaseSummary
    release: Release
    features: dict[str, FeatureHashes]


class Created(Struct, frozen=True, kw_only=True):
    """What `create` gave; `new` is false where the same release had the name already."""

    name: str
    id: str
    new: bool
    corpora: dict[str, str]


class Promoted(Struct, frozen=True, kw_only=True):
    """What answers now and what did before, by name; `working` is the working tree.

    `code_changed` names the features whose code is not what it was when the release was created.
    """

    live: str
    before: str
    promotion: Promotion | None
    code_changed: tuple[str, ...]


class ReleaseDiff(Struct, frozen=True, kw_only=True):
    """What differs, as values and, in the same order, in words."""

    before: str
    after: str
    changes: tuple[Change, ...]
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Here:
    """What a rollout stands on: where releases are kept, and what the project is now.

    `scrub` takes the configured secrets out of JSON that is to be shown.
    """

    kept: Releases
    tree: Callable[[], Release]
    features: Callable[[], Mapping[str, Feature]]
    corpora: Versions
    scrub: Callable[[bytes], bytes]


class Rollout:
    """The releases of one project. Several processes may change what answers; each of them follows.

    With `fixed` the working tree answers, whatever is promoted.
    """

    def __init__(self, here: Here, *, fixed: bool = False, clock: Callable[[], float] = time.monotonic) -> None:
        self._here = here
        self._fixed = fixed
        self._clock = clock
        self._live: NamedRelease | None = None
        self._stale_at = float("-inf")
        self._reading = asyncio.Lock()

    # ------------------------------------------------------------ which one answers

    async def choose(self, named: str | None = None) -> Release:
        """The release for a request: the one it names by name or id, else the promoted one, else the working tree's.

        A promotion by another process is seen within `FRESH_S` seconds. Raises NotFound (HF204).
        """
        if named == WORKING or (named is None and self._fixed):
            return self._here.tree()
        if named is not None:
            return await self._here.kept.get(named)
        if self._clock() >= self._stale_at:
            async with self._reading:
                if self._clock() >= self._stale_at:
                    await self._follow()
        return self._here.tree() if self._live is None else self._live.release

    async def _follow(self) -> None:
        """See which release is promoted now; say so where it changed."""
        read_at = self._clock()
        name = await self._live_name()
        if name != (self._live.name if self._live is not None else WORKING):
            self._live = None if name == WORKING else await self._named(name)
            _log.info("release %s answers now", name)
            if self._live is not None and (changed := self._code_changed(self._live.features)):
                _log.warning(
                    "the code of %s is not what it was when release %s was created: holdfast release diff %s working",
                    ", ".join(changed), name, name,
                )  # fmt: skip
        self._stale_at = read_at + FRESH_S

    async def _live_name(self) -> str:
        newest = await self._here.kept.promotions(1)
        return (newest[0].release if newest else None) or WORKING

    # ------------------------------------------------------------ changing it

    async def create(
        self, name: str | None, *, by: str, latest: Collection[str] = (), of: Release | None = None
    ) -> Created:
        """Freeze the working tree, or `of` in its place, under a name, or under one that is made from its content.

        Corpora stand at the version that is current, those in `latest` stay current. The same content under the same
        name again changes nothing. Raises Refused (HF709, HF710) and NotFound (HF202).
        """
        release = frozen(self._here.tree() if of is None else of, self._here.corpora, latest)
        features, at = hashes_of(self._here.features()), datetime.now(UTC)
        wanted = NamedRelease(name="", release=release, features=features, created_at=at, created_by=by)
        taken = {each.name: each for each in await self._here.kept.named()}
        if name is None:
            same = (each.name for each in taken.values() if each.same_as(wanted))
            free = (label for nth in count(1) if (label := name_for(release.id, nth)) not in taken)
            name = next(same, None) or next(free)
        named = msgspec.structs.replace(
            wanted, name=checked_name(name), release=msgspec.structs.replace(release, name=name)
        )
        kept = await self._here.kept.create(named)
        return Created(name=kept.name, id=release.id, new=kept.created_at == at, corpora=versions_in(release))

    async def promote(self, name: str, *, by: str) -> Promoted:
        """Let a release answer live requests, by its name or its id; `working`: the working tree.

        What answers already changes nothing. Raises NotFound (HF204).
        """
        before = await self._live_name()
        named = None if name == WORKING else await self._named(name)
        promotion = None
        if (named.name if named is not None else WORKING) != before:
            promotion = await self._here.kept.promote(None if named is None else named.name, datetime.now(UTC), by)
        return self._promoted(before, named, promotion)

    async def rollback(self, *, by: str) -> Promoted:
        """Let answer again what did before the last promotion. Raises NotFound (HF204) when nothing is promoted."""
        before = await self._live_name()
        promotion = await self._here.kept.rollback(datetime.now(UTC), by)
        named = None if promotion.release is None else await self._named(promotion.release)
        return self._promoted(before, named, promotion)

    def _promoted(self, before: str, named: NamedRelease | None, promotion: Promotion | None) -> Promoted:
        self._stale_at = float("-inf")
        changed = () if named is None else self._code_changed(named.features)
        return Promoted(
            live=WORKING if named is None else named.name, before=before, promotion=promotion, code_changed=changed
        )

    # ------------------------------------------------------------ looking

    async def listing(self) -> ReleaseList:
        """The working tree, every release that has a name, and the newest promotions."""
        live, kept = await self._live_name(), self._here.kept
        named = [self._summary(self._known(each), live) for each in await kept.named()]
        return ReleaseList(releases=(self._summary(self._working(), live), *named), promotions=await kept.promotions())

    async def show(self, asked: str) -> ReleaseDetail:
        """A release by name or id, whole; `working`: the working tree. Raises NotFound (HF204)."""
        found = await self._any(asked)
        summary = self._summary(found, await self._live_name())
        detail = ReleaseDetail(summary=summary, release=found.release, features=dict(found.features or {}))
        return self._shown(detail)

    async def diff(self, before: str, after: str) -> ReleaseDiff:
        """What differs between two releases, each by name or id, or `working`. Raises NotFound (HF204)."""
        old, new = await self._any(before), await self._any(after)
        found = await asyncio.to_thread(changes, old, new, self._here.corpora)
        return self._shown(ReleaseDiff(before=before, after=after, changes=found, words=tuple(map(in_words, found))))

    # ------------------------------------------------------------ inside

    def _shown(self, value: S) -> S:
        """The value without secrets: a guard's settings may hold one."""
        return msgspec.json.decode(self._here.scrub(to_json(value)), type=type(value))

    def _working(self) -> Side:
        return Side(
            release=msgspec.structs.replace(self._here.tree(), name=WORKING), features=hashes_of(self._here.features())
        )

    def _known(self, named: NamedRelease) -> Side:
        return Side(release=named.release, features=named.features, created_at=named.created_at, by=named.created_by)

    async def _named(self, asked: str) -> NamedRelease:
        """By name; else by id, the newest name of it."""
        kept = await self._here.kept.named()
        for is_it in (lambda each: each.name == asked, lambda each: each.release.id == asked):
            if (found := next(filter(is_it, kept), None)) is not None:
                return found
        raise unknown("HF204", "release", asked, (WORKING, *(each.name for each in kept)))

    async def _any(self, asked: str) -> Side:
        if asked == WORKING:
            return self._working()
        try:
            return self._known(await self._named(asked))
        except NotFound:
            return Side(release=await self._here.kept.get(asked))  # one that was used, and has no name

    def _code_changed(self, features: Mapping[str, FeatureHashes]) -> tuple[str, ...]:
        """The features that were there when a release was created, and are not the same here."""
        now = hashes_of(self._here.features())
        return tuple(change.name for change in code_changes(features, now) if change.what != "added")

    def _summary(self, side: Side, live: str) -> ReleaseSummary:
        return ReleaseSummary(
            name=side.release.name,
            id=side.release.id,
            live=side.release.name == live,
            corpora=versions_in(side.release),
            code_changed=self._code_changed(side.features or {}),
            created_at=side.created_at,
            created_by=side.by,
        )
