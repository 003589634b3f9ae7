"""A recording run again with one thing changed, for the naive methods: their samples and their free looks.

Knows nothing of how faults are planted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from benchmarks.diagnosis.adapter import Verify
from msgspec.structs import replace

from holdfast.app import Project
from holdfast.errors import NotFound
from holdfast.evaluation import Case
from holdfast.identity import digest
from holdfast.records import Check, Checked, Generate, Generated, Json, Passage, Recording, Retrieve, Retrieved, Step
from holdfast.release import CorpusSlot, GuardSlot, ModelSlot, Release
from holdfast.runtime.again import Again
from holdfast.runtime.execute import execute

WIDER, WIDEST, CANDIDATES, LONGEST = 5, 60, 50, 800
MINIMAL = (
    "{% block system %}\nAnswer exactly what is asked, only from the sources.\n\n"
    "{{ passages | sources }}\n{% endblock %}\n{% block user %}\n{{ question }}\n{% endblock %}\n"
)
Rearrange = Callable[[tuple[Passage, ...]], tuple[Passage, ...]]


@dataclass(frozen=True, slots=True)
class Sample:
    """One substitution: changes to the release, other passages, or both. `verdict` is what it speaks for."""

    name: str
    verdict: str
    changes: Mapping[str, Json] = field(default_factory=dict)
    passages: Rearrange | None = None


@dataclass(slots=True)
class Lab:
    """A recording, its release, and what was asked of models so far."""

    project: Project
    recording: Recording
    case: Case
    verify: Verify
    release: Release
    gold_passage: Passage | None = None
    calls: int = 0

    @classmethod
    async def of(cls, project: Project, recording_id: str, case: Case, verify: Verify) -> Lab:
        recording = await project.store.recordings.get(recording_id)
        release = await project.store.releases.get(recording.release)
        lab = cls(project, recording, case, verify, release)
        lab.gold_passage = await lab._gold_passage()
        return lab

    async def passes(self, sample: Sample) -> bool:
        """Whether one fresh answer under the substitution is verified. Nothing of it is kept."""
        release = await self.project.changed(self.release, sample.changes)
        recording = self.recording
        if sample.passages is not None:
            steps = tuple(_with_passages(step, sample.passages) for step in recording.steps)
            recording = replace(recording, steps=steps)
        tape = Again(dict(sample.changes), ("generate",)).tape(recording)
        made = await execute(
            self.project.feature(recording.feature), recording.input,
            release=release, world=self.project.world(release), tape=tape,
        )  # fmt: skip
        self.calls += sum(len(step.attempts) for step in made.steps if isinstance(step.effect, Generate))
        return await self.verify(made, self.case)

    # ------------------------------------------------------------ free looks

    @property
    def gold(self) -> str | None:
        return self.case.gold[0].document if self.case.gold else None

    @property
    def retrieves(self) -> bool:
        return self._searched is not None

    @property
    def provider_failed(self) -> bool:
        """Whether a model failed, was cut, or answered under another name than was asked for."""
        recording = self.recording
        made = [step for step in recording.steps if isinstance(step.effect, Generate)]
        results = [(step.effect, step.result) for step in made if isinstance(step.result, Generated)]
        return (
            recording.failure is not None
            or recording.degraded is not None
            or any(attempt.error for step in made for attempt in step.attempts)
            or any(result.stop_reason == "length" for _, result in results)
            or any(isinstance(e, Generate) and result.model not in e.models for e, result in results)
        )

    @property
    def guard_failed(self) -> bool:
        verdicts = [step.result.verdict for step in self.recording.steps if isinstance(step.result, Checked)]
        return any(not verdict.passed for verdict in verdicts)

    @property
    def gold_in_context(self) -> bool:
        found = [step.result for step in self.recording.steps if isinstance(step.result, Retrieved)]
        return any(passage.document == self.gold for one in found for passage in one.passages)

    async def gold_in_corpus(self) -> bool:
        """Whether the gold document is in the corpus, and says what it is to say."""
        searched = self._searched
        if self.gold is None or searched is None:
            return True
        name, _, version = searched.corpus.partition("@")
        try:
            document = await self.project.corpora.document(name, version, self.gold)
        except NotFound:
            return False
        said = " ".join(document.text.casefold().split())
        return all(fact.casefold() in said for fact in self.case.facts)

    async def gold_in_candidates(self) -> bool:
        searched = self._searched
        if searched is None:
            return False
        found = await self.project.corpora.search(replace(searched, search=replace(searched.search, k=CANDIDATES)))
        return any(passage.document == self.gold for passage in found)

    # ------------------------------------------------------------ substitutions

    async def substitutions(self) -> list[Sample]:
        """Provider, guard, more passages, gold added, other prompt, stronger model: those that the recording has."""
        samples = [Sample("provider", "provider", self._healthy())]
        guards = [name for name, slot in self.release.slots.items() if isinstance(slot, GuardSlot)]
        if any(isinstance(step.effect, Check) for step in self.recording.steps):
            samples.append(Sample("guard", "guard", {f"{name}.on_fail": "flag" for name in guards}))
        if self.retrieves:
            samples.append(Sample("more", "ranking", {"docs.k": min(WIDEST, self._k * WIDER)}))
            if self.gold_passage is not None:
                samples.append(Sample("gold", "retrieval", passages=self._with_gold))
        samples.append(Sample("prompt", "prompt", {"answer.prompt": await self._other_prompt()}))
        samples.append(Sample("model", "model", {"answer.models": "mirror:large"}))
        return samples

    def further(self) -> list[Sample]:
        """Gold alone, and gold alone with the best model and a plain prompt."""
        gold = self.gold_passage
        if gold is None or not self.retrieves:
            return []
        best: dict[str, Json] = {"answer.models": "mirror:large", "answer.prompt": _prompt(MINIMAL)}
        return [
            Sample("gold_only", "context_noise", passages=lambda _: (gold,)),
            Sample("ceiling", "task", best, passages=lambda _: (gold,)),
        ]

    @property
    def _k(self) -> int:
        slot = self.release.slots["docs"]
        assert isinstance(slot, CorpusSlot)
        return slot.k

    @property
    def _answer(self) -> ModelSlot:
        return self.release.models("answer")

    def _healthy(self) -> dict[str, Json]:
        """The same models at the other endpoint, with time and room enough."""
        models: list[Json] = [f"mirror:{model.partition(':')[2]}" for model in self._answer.models]
        return {"answer.models": models, "answer.deadline_ms": 30_000, "answer.max_tokens": 1_000}

    async def _other_prompt(self) -> Json:
        """What the prompt was before, if it was another; else a plain one."""
        now = self._answer.prompt
        if now is not None:
            try:
                before = await self.project.store.prompts.get(now.path, 1)
            except NotFound:
                before = now
            if before.hash != now.hash:
                return f"{now.path}@1"
        return _prompt(MINIMAL if self.retrieves else MINIMAL.replace("{{ passages | sources }}", ""))

    async def _gold_passage(self) -> Passage | None:
        """What the case names as gold, as a passage: its span, or the document's beginning where it has none."""
        if not self.case.gold or self._searched is None:
            return None
        gold = self.case.gold[0]
        if gold.span is not None:
            return Passage(document=gold.document, chunk="gold", title="From the files", text=gold.span)
        name, _, version = self._searched.corpus.partition("@")
        try:
            document = await self.project.corpora.document(name, version, gold.document)
        except NotFound:
            return None
        return Passage(document=gold.document, chunk="gold", title=document.title, text=document.text[:LONGEST])

    @property
    def _searched(self) -> Retrieve | None:
        effects = (step.effect for step in self.recording.steps)
        return next((effect for effect in effects if isinstance(effect, Retrieve)), None)

    def _with_gold(self, passages: tuple[Passage, ...]) -> tuple[Passage, ...]:
        assert self.gold_passage is not None
        middle = len(passages) // 2
        return (*passages[:middle], self.gold_passage, *passages[middle:])


def _prompt(text: str) -> Json:
    return {"path": "minimal.md", "hash": digest(text.encode(), 16), "text": text}


def _with_passages(step: Step, rearranged: Rearrange) -> Step:
    """The step with other passages, if it found any."""
    result = step.result
    if not isinstance(result, Retrieved):
        return step
    return replace(step, result=replace(result, passages=rearranged(result.passages)))
