"""The hall: builds the rooms of a project and sends each effect to the one that does it.

Knows every room and no protocol: HTTP and the command line call in here.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from holdfast.config import Config, load_config
from holdfast.contracts import Embedder, Hear, Models, Progress, Scorers, deaf, silent
from holdfast.corpus.rerank import Rerankers
from holdfast.describing import Describer
from holdfast.errors import EffectFailed, HoldfastError, Misconfigured, unknown
from holdfast.evals.judged import judge_feature
from holdfast.guards.kept import Guards
from holdfast.identity import Entropy, new_id
from holdfast.records import (
    Check,
    Checked,
    Done,
    Effect,
    Embed,
    Embedded,
    Feedback,
    Generate,
    Json,
    Recording,
    Rerank,
    Retrieve,
)
from holdfast.release import ModelSlot, Release
from holdfast.releases.freezing import versions_named
from holdfast.releases.rollout import Here, Rollout
from holdfast.releases.working import WorkingTree, with_prompts
from holdfast.runtime.again import Again
from holdfast.runtime.compare import Replay
from holdfast.runtime.converse import Resolver
from holdfast.runtime.declaring import App as App
from holdfast.runtime.declaring import load_app as load_app
from holdfast.runtime.execute import execute, recording_of
from holdfast.runtime.feature import Feature
from holdfast.runtime.tape import BLANK, StillVisible, Tape
from holdfast.runtime.who import ANYONE, Who
from holdfast.runtime.world import World
from holdfast.store.scrubbing import Scrubber
from holdfast.stores import Deleted, Store

if TYPE_CHECKING:
    from holdfast.corpus.quality import SyncReport
    from holdfast.corpus.room import CorpusRoom
    from holdfast.corpus.why import Walk
    from holdfast.diagnosis import Diagnosis
    from holdfast.evals.diagnose.asking import Plan
    from holdfast.gateway import Gateway
    from holdfast.gateway.media_limits import MediaLimits
    from holdfast.why import Asking


@dataclass(frozen=True, slots=True)
class Rooms:
    """What a project is built of; a test may hand in its own."""

    store: Store
    corpora: CorpusRoom
    gateway: Gateway
    embedder: Embedder | None
    rerankers: Rerankers


class Project:
    """An opened project: its features, its rooms, and one way to run a request."""

    def __init__(
        self,
        config: Config,
        app: App,
        rooms: Rooms,
        *,
        without_encoder: str = "",
        changes: Mapping[str, Json] | None = None,
    ) -> None:
        self.config = config
        self.app = app
        self.store = rooms.store
        self.corpora = rooms.corpora
        self.gateway = rooms.gateway
        self.without_encoder = without_encoder
        """Why search goes by words only; empty where there is an encoder."""
        self._rooms = rooms
        self._tree = tree = WorkingTree(config, changes)
        scrub = Scrubber(config.secrets).scrub
        here = Here(rooms.store.releases, tree.release, lambda: app.features, rooms.corpora, scrub)
        self.rollout = Rollout(here, fixed=bool(changes))
        self.encoder = rooms.embedder.name if rooms.embedder is not None else ""
        """The name of the project's own encoder; empty where it has none."""
        self._resolver = Resolver(
            lambda: app.features, lambda: {*self.gateway.providers, *self.gateway.models}, lambda: self.encoder
        )
        self._guards = Guards()
        self._kept: set[str] = set()
        self._entropy = Entropy()
        self._closed = False

    @property
    def features(self) -> Mapping[str, Feature]:
        return self.app.features

    @property
    def scorers(self) -> Scorers:
        return self.app.scorers

    def feature(self, name: str) -> Feature:
        """A declared feature; also `slot:NAME`, `provider:model`, `embed:ENCODER`, `judge:SLOT`, `compare:SLOT`.

        Raises NotFound (HF200, HF207).
        """
        return judge_feature(name) or self._resolver.feature(name)

    def completed(self, feature: Feature, release: Release) -> Release:
        """The release with what the feature needs and no project chooses: the slot of a model that is asked by name.

        Raises NotFound (HF201) where the feature is a slot's that is not in it.
        """
        return self._resolver.release(feature, release)

    async def warm(self) -> None:
        """Load in threads what a first call to a hosted model would wait for, where a slot names one. Optional."""
        named = [part.models for part in self.config.slots.values() if part.models]
        await self.gateway.warm([one for models in named for one in ([models] if isinstance(models, str) else models)])

    def media_limits(self, model: str) -> MediaLimits | None:
        """What may be sent to a ladder's rung of images and documents; None where it is no provider's model."""
        from holdfast.gateway.media_limits import limits

        name, _, rest = re.sub("[:/]", "\n", model, count=1).partition("\n")
        provider = self.gateway.providers.get(name)
        return None if provider is None else limits(provider, rest)

    def release(self, changes: Mapping[str, Json] | None = None) -> Release:
        """The working tree's release, with prompts as they are now and changes by name.

        Raises NotFound (HF201), Misconfigured (HF100, HF103).
        """
        return self._tree.changed(self._tree.release(), changes or {})

    def who(self, subject: str | None, tenant: str = "") -> Who:
        """A subject, with the groups that the configuration gives it."""
        groups = self.config.server.groups.get(subject, ()) if subject is not None else ()
        return Who(subject=subject, tenant=tenant, principals=tuple(groups))

    def new_recording_id(self) -> str:
        return new_id("rec", entropy=self._entropy)

    async def run(
        self,
        name: str,
        input: Json,
        *,
        who: Who = ANYONE,
        hear: Hear = deaf,
        release: Release | str | None = None,
        recording_id: str | None = None,
    ) -> Recording:
        """One live request. The recording is on disk when this returns, and also when it is cancelled.

        `release` may be given by its name or id, or as `working`; without it, what is promoted answers, and before the
        first promotion the working tree.
        Raises NotFound (HF200, HF201, HF204, HF207), Refused (HF701), StoreFailed; everything else is the recording's
        outcome.
        """
        feature = self.feature(name)
        chosen = release if isinstance(release, Release) else await self.rollout.choose(release)
        chosen = self.completed(feature, chosen)
        return await self._kept_execution(feature, input, chosen, self.world(chosen, hear, recording_id), BLANK, who)

    async def replay(
        self,
        recording: Recording | str,
        *,
        changes: Mapping[str, Json] | None = None,
        fresh: Collection[str] = (),
        strict: bool = False,
        tenant: str = "",
        still_visible: StillVisible | None = None,
    ) -> Replay:
        """Run a recording again, with changes to its release by name, as in {"answer.models": "extractive"}.

        What stands on the tape is remembered; side effects are never repeated unless `fresh` holds "call". Permissions
        are those of now, or as `still_visible` says. Raises NotFound, Misconfigured, and ReplayDiverged (HF500, HF501,
        HF503) when `strict`.
        """
        if isinstance(recording, str):
            recording = await self.store.recordings.get(recording, tenant)
        again = Again(dict(changes or {}), fresh, strict)
        feature = self.feature(recording.feature)
        code_changed = again.code_changed(feature, recording)
        release = await self.changed(await self.store.releases.get(recording.release), again.changes)
        who, tape, world = self.who(recording.subject, recording.tenant), again.tape(recording), self.world(release)
        world = world if still_visible is None else replace(world, still_visible=still_visible)
        made = await self._kept_execution(feature, recording.input, release, world, tape, who)
        return Replay.of(recording, made, code_changed=code_changed)

    async def diagnose(self, recording: Recording | str, plan: Plan | None = None, *, tenant: str = "") -> Diagnosis:
        """What is known of why an answer is not good, kept when this returns. Raises NotFound (HF203) and what
        `diagnosis_of` raises."""
        from holdfast.evals.diagnose.asking import Plan, diagnosis_of

        if isinstance(recording, str):
            recording = await self.store.recordings.get(recording, tenant)
        return await diagnosis_of(self, recording, plan or Plan())

    async def changed(self, release: Release, changes: Mapping[str, Json]) -> Release:
        """A release with changes by name; a prompt is a path in the project, or `path@N` for the Nth text used there.

        Raises NotFound (HF201), Misconfigured (HF100, HF103).
        """
        return self._tree.changed(release, await with_prompts(changes, self.store.prompts))

    async def sync(
        self,
        names: Sequence[str] = (),
        *,
        full: bool = False,
        only: Collection[str] | None = None,
        progress: Progress = silent,
        accept: str | None = None,
    ) -> tuple[SyncReport, ...]:
        """Bring corpora up to date, all of them where none is named; `accept` says who lets limits be broken.

        Raises what the corpus room raises.
        """
        for name in names:
            if name not in self.config.corpora:
                raise unknown("HF202", "corpus", name, self.config.corpora)
        sync, these = self.corpora.sync, names or self.config.corpora
        return tuple([await sync(name, full=full, only=only, progress=progress, accept=accept) for name in these])

    async def why(self, asking: Asking, who: Who | None = None) -> Walk:
        """Why a search did or did not give a document, and what would bring it in; see `holdfast.why.walk`."""
        from holdfast.why import Ground, walk

        rooms, release = self._rooms, await self.rollout.choose()
        return await walk(Ground(rooms.corpora, rooms.store, release, self._perform, rooms.rerankers.has), asking, who)

    async def rate(self, feedback: Feedback, tenant: str = "") -> None:
        """Keep what somebody thought of an answer. Raises NotFound (HF203)."""
        await self.store.feedback.add(feedback, tenant)

    async def erase(self, subject: str, tenant: str = "") -> Deleted:
        """Delete everything that is kept of a subject, and say how much it was."""
        return await self.store.recordings.delete_subject(subject, tenant)

    async def close(self) -> None:
        """Let go of everything; what was acknowledged is on disk. A second time does nothing."""
        if self._closed:
            return
        self._closed = True
        await self.gateway.close()
        self.corpora.close()
        await self.store.close()

    async def _kept_execution(
        self, feature: Feature, input: Json, release: Release, world: World, tape: Tape, who: Who
    ) -> Recording:
        await self.keep(release)
        try:
            recording = await execute(feature, input, release=release, world=world, tape=tape, who=who)
        except asyncio.CancelledError as cancelled:
            if (stopped := recording_of(cancelled)) is not None:
                await asyncio.shield(self.store.recordings.add(stopped))
            raise
        await self.store.recordings.add(recording)
        return recording

    async def keep(self, release: Release) -> None:
        """Keep a release and its prompts at their first use, so that every recording can be replayed."""
        if release.id in self._kept:
            return
        await self.store.releases.add(release)
        for slot in release.slots.values():
            if (prompt := getattr(slot, "prompt", None)) is not None:
                await self.store.prompts.note(prompt)
        self._kept.add(release.id)

    def world(self, release: Release, hear: Hear = deaf, recording_id: str | None = None) -> World:
        """What execute needs of the outside, done by this project's rooms."""

        async def perform(effect: Effect, heard: Hear) -> Done:
            return await self._perform(effect, release, heard)

        return World(
            perform=perform,
            pin=self.corpora.pinned,
            still_visible=self.corpora.still_visible,
            hear=hear,
            encoder=self.encoder,
            reranker="sentences",
            new_recording_id=self.new_recording_id if recording_id is None else lambda: recording_id,
        )

    async def _perform(self, effect: Effect, release: Release, hear: Hear) -> Done:
        """Every effect to its room."""
        match effect:
            case Retrieve():
                return Done(await self.corpora.retrieve(effect))
            case Generate():
                return await self.gateway.generate(effect, release.models(effect.slot), hear)
            case Check():
                verdict = await self._guards.of(effect).check(effect.text, effect.sources)
                return Done(Checked(verdict=verdict))
            case Embed() if effect.encoder != self.encoder:
                return await self.gateway.embed(effect, ModelSlot(models=(effect.encoder,)))
            case Embed():
                vectors = await asyncio.to_thread(self._embedder().embed, effect.texts)
                return Done(Embedded(vectors=tuple(tuple(map(float, row)) for row in vectors)))
            case Rerank() if self._rooms.rerankers.has(effect.reranker):
                return await self._rooms.rerankers.rerank(effect, release.rerank_ms(effect.slot))
            case Rerank():
                return await self.gateway.rerank(effect, release.rerank_ms(effect.slot))
            case _:
                raise EffectFailed(
                    "HF300", f"{type(effect).__name__} is done by the feature's own context", "report it"
                )

    def _embedder(self) -> Embedder:
        if self._rooms.embedder is None:
            raise Misconfigured("HF108", f"there is no encoder: {self.without_encoder}", "holdfast models pull")
        return self._rooms.embedder


async def open_project(
    folder: Path,
    *,
    app: App | None = None,
    environ: Mapping[str, str] | None = None,
    models: Models | None = None,
    store: Store | None = None,
) -> Project:
    """Open the project in `folder`: read its configuration, load its features, build its rooms.

    `models` are objects that answer under the names of providers; `store` takes the place of the configured database.
    Raises Misconfigured (HF100 to HF110) and StoreFailed; nothing stays open then.
    """
    config = load_config(folder, environ)
    return await open_configured(config, app=app, models=models, store=store)


async def open_configured(
    config: Config,
    *,
    app: App | None = None,
    models: Models | None = None,
    store: Store | None = None,
    encoder: bool = True,
    changes: Mapping[str, Json] | None = None,
) -> Project:
    """Open the project that a configuration describes; see `open_project`.

    Without `encoder` search goes by words only, which gives the same on every machine. `changes` are made to the
    working tree's release, by name, as in {"answer.models": "extractive"}; then it answers whatever is promoted.
    """
    from holdfast.corpus.opening import open_corpora, open_encoder
    from holdfast.gateway.opening import open_gateway
    from holdfast.store.landing import SqliteLanding

    declared = app if app is not None else await load_app(config)
    embedder, missing = None, "it is switched off"
    if encoder:
        embedder, missing = await asyncio.to_thread(open_encoder, config)
    gateway = open_gateway(config, models or {}, embedder)

    async def released(corpus: str) -> set[str]:
        assert store is not None
        return await versions_named(store.releases, corpus)

    corpora = open_corpora(config, embedder, released, SqliteLanding, Describer(gateway.generate))
    if store is None:
        store = await open_project_store(config)
    rooms = Rooms(store, corpora, gateway, embedder, Rerankers(embedder, config.folder))
    project = Project(config, declared, rooms, without_encoder=missing, changes=changes)
    try:
        _ = project.features, project.release()
    except HoldfastError:
        await project.close()
        raise
    return project


async def open_project_store(config: Config) -> Store:
    """The store alone, for what needs neither features nor corpora. Raises Misconfigured and StoreFailed."""
    from holdfast.store import open_store

    return await open_store(config.database_url, f"{config.storage}/bodies", secrets=config.secrets)
