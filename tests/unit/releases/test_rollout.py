"""Which release answers: the working tree until one is promoted, then that one, in every process that asks."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest
from msgspec.structs import replace

from holdfast.errors import NotFound, Refused, ReplayDiverged
from holdfast.identity import digest
from holdfast.release import CorpusSlot, GuardSlot, ModelSlot, Prompt, Release
from holdfast.releases.freezing import versions_named
from holdfast.releases.naming import name_for
from holdfast.releases.rollout import FRESH_S, Here, Rollout
from holdfast.runtime.feature import Feature, declare
from holdfast.store import open_store
from holdfast.store.scrubbing import Scrubber
from holdfast.stores import Store
from holdfast.testing import MemoryStore

SECRET = "sk-of-a-guard"


async def answer(ctx: object, question: str) -> str:
    return question


async def louder(ctx: object, question: str) -> str:
    return question.upper()


async def counted(ctx: object, question: str) -> int:
    return len(question)


@dataclass(frozen=True)
class Documents:
    before: str
    after: str
    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ("d1",)
    removed: tuple[str, ...] = ("d2",)


@dataclass
class Kb:
    """Versions of one corpus, `kb`; v1 is gone."""

    newest: str = "v3"

    def current(self, name: str, /) -> str:
        return self.newest

    def diff(self, name: str, before: str, after: str, /) -> Documents:
        if "v1" in (before, after):
            raise ReplayDiverged("HF502", "it is gone", "sync again")
        old, new = (self.newest if each == "latest" else each for each in (before, after))
        return Documents(old, new) if old != new else Documents(old, new, changed=(), removed=())


def tree(model: str = "openai:gpt-5-mini", text: str = "one\ntwo\n", k: int = 6) -> Release:
    prompt = Prompt(path="prompts/answer.md", hash=str(hash(text)), text=text)
    return Release(slots={"answer": ModelSlot(models=(model,), prompt=prompt), "kb": CorpusSlot(k=k)})


@dataclass
class Project:
    """What a rollout stands on, to be changed as a team would change its files; and a clock that a test moves."""

    store: Store = field(default_factory=MemoryStore)
    tree: Release = field(default_factory=tree)
    features: Mapping[str, Feature] = field(default_factory=lambda: {"answer": declare(answer)})
    corpora: Kb = field(default_factory=Kb)
    now: float = 0.0

    def rollout(self, *, fixed: bool = False) -> Rollout:
        here = Here(
            self.store.releases, lambda: self.tree, lambda: self.features, self.corpora, Scrubber([SECRET]).scrub
        )
        return Rollout(here, fixed=fixed, clock=lambda: self.now)


@pytest.fixture
def project() -> Project:
    return Project()


async def test_the_working_tree_answers_until_something_is_promoted_and_again_after_working_is(
    project: Project,
) -> None:
    rollout = project.rollout()
    assert await rollout.choose() is project.tree
    await rollout.create("spring", by="ada")
    assert await rollout.choose() is project.tree
    promoted = await rollout.promote("spring", by="ada")
    assert (promoted.live, promoted.before) == ("spring", "working")
    project.tree = tree("extractive")
    assert (await rollout.choose()).models("answer").models == ("openai:gpt-5-mini",)
    assert (await rollout.choose("working")) is project.tree
    assert (await rollout.promote("working", by="ada")).before == "spring"
    assert await rollout.choose() is project.tree


async def test_another_process_follows_a_promotion_and_a_rollback_within_the_time_it_promises(project: Project) -> None:
    here, there = project.rollout(), project.rollout()
    await here.create("one", by="ada")
    project.tree = tree("extractive")
    await here.create("two", by="ada")
    await there.choose()
    for name in ("one", "two"):
        await here.promote(name, by="ada")
        project.now += FRESH_S
        assert (await there.choose()).name == name
    assert (await here.rollback(by="bob")).live == "one"
    assert (await there.choose()).name == "two"  # still believed
    project.now += FRESH_S
    assert (await there.choose()).name == "one"


async def test_a_request_may_name_any_release_and_an_unknown_name_says_the_nearest(project: Project) -> None:
    rollout = project.rollout()
    created = await rollout.create("spring", by="ada")
    assert (await rollout.choose("spring")).id == (await rollout.choose(created.id)).id == created.id
    with pytest.raises(NotFound, match="did you mean 'spring'") as caught:
        await rollout.choose("sprign")
    assert caught.value.code == "HF204"


async def test_where_changes_were_made_to_the_working_tree_it_answers_whatever_is_promoted(project: Project) -> None:
    await project.rollout().create("spring", by="ada")
    await project.rollout().promote("spring", by="ada")
    assert await project.rollout(fixed=True).choose() is project.tree


async def test_creating_freezes_each_corpus_at_its_current_version_unless_it_is_to_stay_the_latest(
    project: Project,
) -> None:
    rollout = project.rollout()
    assert (await rollout.create("fast", by="ada")).corpora == {"kb": "v3"}
    assert (await rollout.create("loose", by="ada", latest=["kb"])).corpora == {"kb": "latest"}
    project.tree = replace(project.tree, slots={**project.tree.slots, "kb": CorpusSlot(version="v2")})
    assert (await rollout.create("own", by="ada")).corpora == {"kb": "v2"}
    assert await versions_named(project.store.releases, "kb") == {"v2", "v3"}
    assert await versions_named(project.store.releases, "other") == set()
    with pytest.raises(NotFound, match="HF202"):
        await rollout.create("wrong", by="ada", latest=["kbb"])


async def test_the_same_content_gives_the_same_id_and_the_same_made_up_name(project: Project) -> None:
    rollout = project.rollout()
    first = await rollout.create(None, by="ada")
    again = await rollout.create(None, by="bob")
    assert (again.name, again.id, first.new, again.new) == (first.name, first.id, True, False)
    named = await rollout.create("spring", by="ada")
    assert (named.id, named.new) == (first.id, True)


async def test_the_same_choices_for_other_code_get_a_name_of_their_own(project: Project) -> None:
    rollout = project.rollout()
    first = await rollout.create(None, by="ada")
    project.features = {"answer": declare(louder, name="answer")}
    second = await rollout.create(None, by="ada")
    assert (second.id, second.name, second.new) == (first.id, f"{first.name}-2", True)
    with pytest.raises(Refused, match="HF710"):
        await rollout.create(first.name, by="ada")


@pytest.mark.parametrize("name", ["working", "latest", "rollback", "r_0123", "", "Spring", "a b", "../x", "x" * 64])
async def test_a_name_that_would_mean_something_else_is_refused(project: Project, name: str) -> None:
    with pytest.raises(Refused, match="HF709"):
        await project.rollout().create(name, by="ada")
    assert await project.store.releases.named() == ()


def test_made_up_names_are_readable_and_the_next_one_is_another() -> None:
    assert name_for("r_0123456789ab") == name_for("r_0123456789ab")
    assert name_for("r_0123456789ab").count("-") == 1
    assert name_for("r_0123456789ab", 3) == name_for("r_0123456789ab") + "-3"
    ids = ["r_" + digest(str(n).encode(), 12) for n in range(2000)]
    assert len({name_for(each) for each in ids}) > 1500


async def test_other_code_is_said_in_the_list_at_the_promotion_and_once_in_the_log(
    project: Project, caplog: pytest.LogCaptureFixture
) -> None:
    rollout = project.rollout()
    await rollout.create("spring", by="ada")
    project.features = {"answer": declare(louder, name="answer"), "counted": declare(counted)}
    assert [each.code_changed for each in (await rollout.listing()).releases] == [(), ("answer",)]
    assert (await rollout.promote("spring", by="ada")).code_changed == ("answer",)
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            await rollout.choose()
            project.now += FRESH_S
    assert [record.getMessage() for record in caplog.records] == [
        "the code of answer is not what it was when release spring was created: holdfast release diff spring working"
    ]


async def test_the_list_says_what_answers_and_who_changed_it(project: Project) -> None:
    rollout = project.rollout()
    await rollout.create("spring", by="ada")
    await rollout.promote("spring", by="bob")
    assert (await rollout.promote("spring", by="eve")).promotion is None
    listed = await rollout.listing()
    assert [(each.name, each.live, each.created_by) for each in listed.releases] == [
        ("working", False, None),
        ("spring", True, "ada"),
    ]
    assert [(each.release, each.by) for each in listed.promotions] == [("spring", "bob")]


async def test_a_release_that_was_used_and_never_named_can_be_shown_but_not_promoted(project: Project) -> None:
    await project.store.releases.add(project.tree)
    shown = await project.rollout().show(project.tree.id)
    assert (shown.summary.name, shown.summary.live, shown.release) == (None, False, project.tree)
    with pytest.raises(NotFound, match="HF204"):
        await project.rollout().promote(project.tree.id, by="ada")


async def test_what_differs_is_said_in_words(project: Project) -> None:
    rollout = project.rollout()
    await rollout.create("spring", by="ada")
    project.corpora.newest = "v4"
    project.tree = tree("extractive", "one\nthree\nfour\n", k=3)
    project.features = {"answer": declare(louder, name="answer"), "counted": declare(counted)}
    await rollout.create("summer", by="ada")
    found = await rollout.diff("spring", "summer")
    assert found.words == (
        "answer.models: openai:gpt-5-mini -> extractive",
        "prompt prompts/answer.md: +2 -1 lines",
        "corpus kb: v3 -> v4 (2 documents changed)",
        "kb.k: 6 -> 3",
        "feature answer: its code changed",
        "feature counted: added",
    )
    assert len(found.changes) == len(found.words)
    assert (await rollout.diff("summer", "working")).words == ("corpus kb: v4 -> latest (v4) (the same documents)",)
    assert (await rollout.diff("spring", "spring")).words == ()


async def test_a_feature_whose_output_changed_says_so_and_one_that_is_gone_too(project: Project) -> None:
    rollout = project.rollout()
    project.features = {"answer": declare(answer), "old": declare(louder, name="old")}
    await rollout.create("spring", by="ada")
    project.features = {"answer": declare(counted, name="answer")}
    assert (await rollout.diff("spring", "working")).words[1:] == (
        "feature answer: what it takes or gives changed",
        "feature old: removed",
    )


async def test_versions_that_are_gone_slots_that_came_and_prompts_that_went_are_said(project: Project) -> None:
    rollout = project.rollout()
    short = ModelSlot(models=("a:1", "b:2"))
    old = Release(slots={"kb": CorpusSlot(version="v1"), "short": short, "answer": tree().slots["answer"]})
    new = Release(slots={"kb": CorpusSlot(version="v2"), "answer": ModelSlot(models=("a:1", "b:2"))})
    for each in (old, new):
        await project.store.releases.add(each)
    assert (await rollout.diff(old.id, new.id)).words == (
        "answer.models: openai:gpt-5-mini -> a:1 > b:2",
        "prompt prompts/answer.md: removed, +0 -2 lines",
        "corpus kb: v1 -> v2 (not kept any more)",
        "slot short: removed",
    )


async def test_a_secret_in_the_settings_of_a_guard_is_never_shown(project: Project) -> None:
    guards = [GuardSlot(family="own", settings={"key": key}) for key in (SECRET, "another")]
    rollout = project.rollout()
    project.tree = Release(slots={"own": guards[0]})
    created = await rollout.create("spring", by="ada")
    project.tree = Release(slots={"own": guards[1]})
    assert (await rollout.diff("spring", "working")).words == ("own.key: [secret] -> another",)
    shown = await rollout.show("spring")
    assert (shown.summary.id, SECRET in str(shown)) == (created.id, False)
    assert (await rollout.choose("spring")).guard("own").settings == {"key": SECRET}


async def test_what_was_promoted_answers_after_a_restart(tmp_path: object, project: Project) -> None:
    url = f"sqlite:///{tmp_path}/holdfast.db"
    for _ in range(2):
        project.store = await open_store(url, f"{tmp_path}/storage")
        rollout = project.rollout()
        await rollout.create("spring", by="ada")
        await rollout.promote("spring", by="ada")
        assert (await rollout.choose()).name == "spring"
        assert len(await project.store.releases.promotions()) == 1
        await project.store.close()
