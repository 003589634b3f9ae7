"""Parts that are told apart by more than one change: two at once, another provider, a hidden document, a judge."""

from __future__ import annotations

from pathlib import Path

from tests.journeys.test_diagnosing import ASKED, CASE, CONFIG, PROMPT, QUESTION, Reader, World, article, opened

from holdfast.app import open_configured
from holdfast.config import load_config
from holdfast.diagnosis import Diagnosis, Verifier
from holdfast.evals.diagnose.asking import beforehand
from holdfast.evals.diagnose.diagnosing import Limits, diagnose
from holdfast.evals.facts import missing
from holdfast.evaluation import Case, Gold
from holdfast.identity import to_json
from holdfast.records import Recording

JUDGE = Verifier(name="judge", sensitivity=0.92, specificity=0.92)
OTHER = '\n[prices."fake:good"]\ninput_usd_per_mtok = 1\noutput_usd_per_mtok = 1\n[prices."other:good"]\n' + (
    "input_usd_per_mtok = 1\noutput_usd_per_mtok = 1\n"
)


async def looked_into(world: World, recording: Recording, case: Case = CASE) -> Diagnosis:
    """As `holdfast diagnose` does it, with what went before, by a judge who reads the case's facts."""

    async def judge(answer: Recording, of: Case) -> bool:
        text = answer.output["text"] if isinstance(answer.output, dict) else ""
        return answer.outcome == "ok" and not missing(str(text), of.facts)

    known = await beforehand(world.project, recording, case, judge, JUDGE)
    return await diagnose(world.project, recording, known, Limits())


async def test_a_document_that_is_gone_and_a_prompt_that_forbids_the_answer_are_both_named(tmp_path: Path) -> None:
    async with opened(tmp_path) as world:
        await world.asked()
        (world.folder / "answer.md").write_text(PROMPT.replace("passages.", "passages. Never name a number."))
        (world.folder / "articles" / f"gadget-{ASKED}.md").unlink()
        await world.project.sync()
        found = await looked_into(world, await world.asked())
        assert (found.verdict, found.parts) == ("interaction", ("data", "prompt")), found
        together = next(one for one in found.tried if one.beside is not None and one.passed == one.asked)
        assert {together.substitution, together.beside} <= {"gold_added", "gold_only", "previous_prompt"}
        assert any("and with the prompt of the last good answer" in sentence for sentence in found.because)


async def test_a_provider_that_stays_down_is_told_by_the_same_model_at_another_one(tmp_path: Path) -> None:
    async with opened(tmp_path) as world:
        await world.asked()  # what sending gives is known from it
        (world.folder / "holdfast.toml").write_text(CONFIG + OTHER)
        down = Reader()
        down.down_for = 10_000
        models = {"fake": down, "other": world.reader}
        project = await open_configured(load_config(world.folder, {}), models=models)
        try:
            there = World(world.folder, project, down)
            found = await looked_into(there, await there.asked())
            assert found.verdict == "provider", found
            fix = found.fixes[0]
            assert (fix.changes["answer.models"], fix.passed) == (["other:good"], fix.asked)
        finally:
            await project.close()


async def test_a_document_that_whoever_asked_may_not_see_is_retrieval_and_its_text_goes_nowhere(
    tmp_path: Path,
) -> None:
    async with opened(tmp_path) as world:
        hidden = article(ASKED).replace("---\nThe", "principals: [staff]\n---\nTop secret of the staff. The")
        (world.folder / "articles" / f"gadget-{ASKED}.md").write_text(hidden)
        await world.project.sync()
        gold = Gold(
            document=f"gadget-{ASKED}.md", span=f"The button must be held on gadget {ASKED} for {ASKED * 3} seconds."
        )
        case = Case(id="c", input={"body": QUESTION}, facts=CASE.facts, gold=(gold,), expected=CASE.expected)
        found = await looked_into(world, await world.asked(), case)
        assert found.verdict == "retrieval", found
        assert any("may not see" in sentence for sentence in found.because)
        assert b"Top secret" not in to_json(found)
        sent = "\n".join(message.text for request in world.reader.requests for message in request.messages)
        assert "Top secret" not in sent


async def test_a_judge_that_fails_a_right_answer_again_and_again_is_verifier(tmp_path: Path) -> None:
    async with opened(tmp_path) as world:

        async def strict(answer: Recording, of: Case) -> bool:
            return False

        recording = await world.asked()
        known = await beforehand(world.project, recording, CASE, strict, JUDGE)
        found = await diagnose(world.project, recording, known, Limits())
        assert found.verdict == "verifier", found


async def test_a_torn_document_is_retrieval_and_not_data(tmp_path: Path) -> None:
    async with opened(tmp_path) as world:
        said = f"The button must be held on gadget {ASKED} for {ASKED * 3} seconds."
        torn = " ".join(word if len(word) < 4 else f"{word[:2]} {word[2:]}" for word in said.split())
        (world.folder / "articles" / f"gadget-{ASKED}.md").write_text(f"---\ntitle: x y\n---\n{torn}")
        await world.project.sync()
        gold = Gold(document=f"gadget-{ASKED}.md", span=said)
        found = await looked_into(
            world, await world.asked(), Case(id="c", input=CASE.input, facts=CASE.facts, gold=(gold,))
        )
        assert {fact.name: fact.holds for fact in found.facts}["gold_in_corpus"] is True
        assert found.verdict in ("retrieval", "unknown"), found
