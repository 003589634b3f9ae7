"""The reader: a model that answers from the prompt it is sent, well or badly, as its hidden parameters have it.

Knows some questions and what a right answer to them is, so that it can tell which sentence answers; it says such a
sentence only where it stands in the prompt, or where it happens to remember it. The same seed and the same number of
the call give the same draws.
"""

from __future__ import annotations

import asyncio
import json
import math
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from benchmarks.diagnosis.corpora import Known
from benchmarks.diagnosis.prompt_read import Read, Seen, read
from benchmarks.diagnosis.wording import overlap, plain, says, sentences, squashed, telling

from holdfast.contracts import Answer
from holdfast.errors import EffectFailed
from holdfast.records import Generate, Usage

MODELS = ("mini", "small", "large")
"""What may be asked, the weakest first."""
_RECOGNISED = 0.7  # the share of the answer sentence's words that makes a passage one that speaks of it
_REPEATS = 0.95  # the share of the question's words that makes a passage one that repeats it
_TOKENS_PER_WORD = 1.3
_NOT_FOUND = "I could not find this in the sources."
_OPENINGS = ("", "", "", "According to the sources, ", "As far as the sources say: ", "In short: ", "Briefly: ")
_ENDINGS = ("", "", "", " That is what the sources say.", " I hope this helps.", " Please ask if anything is unclear.")
_VAGUE = ("The sources describe this in some detail", "It depends on the circumstances", "There is a rule for this",
          "This is explained in the material", "Several things matter here")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Hidden:
    """What nobody outside sees: how the reader is. Drawn for each world."""

    skill: Mapping[str, float]  # how strongly the right sentence draws it, by model
    memory: Mapping[str, float]  # the share of answers it knows without any passage, by model
    distraction: float  # how strongly a likeness to the question draws it
    decoyed: float  # how much more strongly a passage draws it that repeats the whole question
    lost: float  # what a place in the middle of many passages costs
    lazy: float  # what each doubling of a prompt beyond 700 words costs
    spread: float  # how unlike questions are in difficulty
    needs_only: float  # how often it answers from belief where no clause forbids it
    needs_exact: float  # how often it stays vague where no clause asks for what is exact
    obeys: float  # how often it heeds a clause that harms
    refuses: float  # how much saying that nothing was found draws it
    needs_labels: float  # how often it makes up a label where none is listed


def drawn(draw: random.Random) -> Hidden:
    """Hidden parameters from broad distributions."""
    mini = draw.uniform(-2.5, 3.0)
    small = mini + draw.uniform(2.0, 7.5)
    large = small + draw.uniform(0.3, 2.5)
    some, more = draw.uniform(0.0, 0.12), draw.uniform(0.0, 0.25)
    return Hidden(
        skill={"mini": mini, "small": small, "large": large},
        memory={"mini": some / 3, "small": some, "large": some + more},
        distraction=draw.uniform(0.5, 4.5),
        decoyed=draw.uniform(0.0, 5.0),
        lost=draw.uniform(0.0, 2.5),
        lazy=draw.uniform(0.0, 1.2),
        spread=draw.uniform(0.1, 1.0),
        needs_only=draw.betavariate(0.7, 0.7),
        needs_exact=draw.betavariate(0.7, 0.7),
        obeys=draw.betavariate(1.2, 0.6),
        refuses=draw.uniform(-1.0, 1.5),
        needs_labels=draw.betavariate(1.0, 0.5),
    )


@dataclass(slots=True)
class Ailing:
    """What is wrong with one way to a model: the parts of a provider that a fault breaks."""

    down: float = 0.0
    blank: float = 0.0
    late_ms: float = 0.0
    serves: str = ""  # another model under the name that was asked for


@dataclass(slots=True)
class Reader:
    """Implements `contracts.Model`. `wavering` adds noise to a case by its id; `calls` counts what was asked."""

    seed: str
    hidden: Hidden
    known: tuple[Known, ...]
    ailing: Ailing = field(default_factory=Ailing)
    wavering: dict[str, float] = field(default_factory=dict)
    endpoint: str = ""
    calls: int = 0

    async def generate(self, model: str, request: Generate, hear: Callable[[str], None]) -> Answer:
        """Answer, or fail as the provider's ailments have it."""
        self.calls += 1
        draw = random.Random(f"{self.seed}:{self.endpoint}:{self.calls}")
        ill = self.ailing
        if ill.late_ms:
            await asyncio.sleep(ill.late_ms / 1000)
        if draw.random() < ill.down:
            raise EffectFailed("HF301", "503 the model is overloaded", "try again later", origin="provider")
        served = ill.serves or model
        if draw.random() < ill.blank:
            return Answer(text="", model=served, usage=Usage(input_tokens=10))
        text, cut = _cut(self._text(served, request, draw), request.sampling.max_tokens)
        hear(text)
        sent = sum(len(message.text) for message in request.messages)
        usage = Usage(input_tokens=sent // 4, output_tokens=len(text) // 4 + 1)
        name = f"{served}-0613" if ill.serves else served
        return Answer(text=text, model=name, stop_reason="length" if cut else "stop", usage=usage)

    def _text(self, model: str, request: Generate, draw: random.Random) -> str:
        seen = read(request, [one.question for one in self.known])
        asked = self._asked(seen.around)
        thinking = Thinking(self, model, seen, asked, draw)
        if seen.rewrite:
            return thinking.query()
        if seen.labels or "label" in seen.fields:
            return thinking.label()
        return thinking.answer()

    def _asked(self, around: str) -> Known | None:
        there = plain(around)
        found = [one for one in self.known if plain(one.question) in there]
        return max(found, key=lambda one: len(one.question)) if found else None

    def difficulty(self, case: Known) -> float:
        """How hard a question is in this world, the same each time."""
        return random.Random(f"{self.seed}|{case.id}").gauss(0, self.hidden.spread)

    def remembers(self, model: str, case: Known) -> bool:
        """Whether a model knows the answer by itself. What a weaker model knows, a stronger one does too."""
        return random.Random(f"{self.seed}~{case.id}").random() < self.hidden.memory[model]


@dataclass(slots=True)
class Thinking:
    """One answer in the making."""

    reader: Reader
    model: str
    seen: Read
    asked: Known | None
    draw: random.Random

    def answer(self) -> str:
        """An answer in words, or in the fields that are wanted."""
        case, hidden, draw = self.asked, self.reader.hidden, self.draw
        if case is None:
            return self._worded("", "Which question may I answer for you", None)
        if self.seen.vague and draw.random() < hidden.obeys:
            return self._worded("", draw.choice(_VAGUE), None)
        if self.seen.terse and draw.random() < hidden.obeys:
            return self._worded("", draw.choice(("Yes", "No")), None)
        if not self.seen.only and draw.random() < hidden.needs_only:
            return self._believed(case)
        if not self.seen.exact and draw.random() < hidden.needs_exact:
            return self._worded("", draw.choice(_VAGUE), None)
        at = self._drawn_to(case)
        if at is None:
            if self.reader.remembers(self.model, case) and (not self.seen.only or draw.random() < 0.5):
                return self._worded(case.fact, case.sentence, None)
            return self._worded("", _NOT_FOUND, None)
        passage = self.seen.passages[at]
        if speaks(passage, case) and holds(passage, case):
            return self._worded(case.fact, case.sentence, at)
        sentence = self._nearest(passage, case)
        return self._worded(" ".join(sentence.split()[-3:]), sentence, at)

    def _believed(self, case: Known) -> str:
        if self.reader.remembers(self.model, case):
            return self._worded(case.fact, case.sentence, None)
        other = self.draw.choice([one for one in self.reader.known if one.fact != case.fact])
        return self._worded(other.fact, f"As far as I know it is {other.fact}, as a rule", None)

    def query(self) -> str:
        """Words to search with."""
        case, draw = self.asked, self.draw
        if case is None or (self.seen.subject and draw.random() < max(0.75, self.reader.hidden.obeys)):
            known = sorted(telling(self.seen.around.rsplit("\n", 1)[-1]))
            return draw.choice(known or ["help"])
        row = case.question.split()
        if draw.random() < 1 / (1 + math.exp(self._skill(case) - 0.5)):
            return " ".join(draw.sample(row, max(1, len(row) // 3)))
        return case.question if draw.random() < 0.6 else " ".join(row[:1] + draw.sample(row[1:], len(row) - 1))

    def label(self) -> str:
        """Who is to deal with it."""
        case, draw, hidden = self.asked, self.draw, self.reader.hidden
        listed = self.seen.labels
        if case is None:
            return self._labelled(draw.choice(listed) if listed else "General", "no message")
        if not listed and draw.random() < hidden.needs_labels:
            return self._labelled(draw.choice(("Customer care", "Other", "Second line", "Questions")), "by its sound")
        if self.seen.terse and draw.random() < hidden.obeys:
            return self._labelled(draw.choice(("Yes", "No")), "as asked")
        waver = self.reader.wavering.get(case.id)
        if waver is not None and draw.random() < waver:
            return self._labelled(case.label, "it looks like one of theirs")
        if self.seen.passages:
            at = self._drawn_to(case)
            if at is not None:
                heading = self.seen.passages[at].heading
                return self._labelled(self._label_in(heading), f"like {heading[:60]}")
        elif waver is None and draw.random() < 1 / (1 + math.exp(0.6 - self._skill(case))):
            return self._labelled(case.label, f"it speaks of {draw.choice(sorted(telling(case.question)) or ['it'])}")
        others = [one for one in listed if one != case.label] or ["General"]
        return self._labelled(draw.choice(others), f"a guess, {draw.choice(_VAGUE).lower()}")

    def _label_in(self, heading: str) -> str:
        mentioned = [one.label for one in self.reader.known if one.label and says(heading, one.label)]
        return max(mentioned, key=len) if mentioned else "General"

    def _skill(self, case: Known) -> float:
        return self.reader.hidden.skill[self.model] - self.reader.difficulty(case)

    def _drawn_to(self, case: Known) -> int | None:
        """Which passage it answers from; None: from none. The better one fits, the likelier it is taken."""
        hidden, passages = self.reader.hidden, self.seen.passages
        asked, count = telling(case.question), len(passages)
        longer = max(0.0, math.log2(max(1, self.seen.length_words) / 700))
        pull: list[float] = []
        for at, passage in enumerate(passages):
            middle = 4 * (at + 0.5) * (count - at - 0.5) / count**2 * min(1.0, count / 8)
            alike = overlap(asked, telling(passage.text))
            strength = hidden.distraction * alike + hidden.decoyed * (alike >= _REPEATS)
            if self._label_in(passage.heading) == case.label if self._labels else speaks(passage, case):
                strength += self._skill(case) - hidden.lost * middle - hidden.lazy * longer
            pull.append(strength)
        nothing = hidden.refuses if self.seen.refuse else hidden.refuses - 1
        right = [at for at, one in enumerate(passages) if not self._labels and speaks(one, case) and holds(one, case)]
        if (waver := self.reader.wavering.get(case.id)) is not None:
            if right and self.draw.random() < waver:
                return right[0]
            pull = [-9.0 if at in right or self._labels else one for at, one in enumerate(pull)]
        weights = [math.exp(min(one, 30)) for one in [*pull, nothing]]
        chosen = self.draw.choices(range(count + 1), weights)[0]
        return None if chosen == count else chosen

    @property
    def _labels(self) -> bool:
        return "label" in self.seen.fields

    def _nearest(self, passage: Seen, case: Known) -> str:
        said = sentences(passage.text) or (passage.text[:200],)
        wanted = telling(case.question) | (telling(case.sentence) if speaks(passage, case) else frozenset())
        return max(said, key=lambda one: overlap(wanted, telling(one)))

    def _worded(self, value: str, sentence: str, at: int | None) -> str:
        draw = self.draw
        said = f"{draw.choice(_OPENINGS)}{sentence.rstrip('. ')}"
        if self.seen.fields:
            rest = dict.fromkeys(self.seen.fields[1:], f"{said}.{draw.choice(_ENDINGS)}")
            return json.dumps({self.seen.fields[0]: value or draw.choice(_VAGUE), **rest}, ensure_ascii=False)
        return f"{said}{f' [{at + 1}]' if at is not None else ''}.{draw.choice(_ENDINGS)}"

    def _labelled(self, label: str, why: str) -> str:
        said = {"label": label, "reason": f"{self.draw.choice(_OPENINGS)}{why}{self.draw.choice(_ENDINGS)}"}
        return json.dumps(said, ensure_ascii=False)


def speaks(passage: Seen, case: Known) -> bool:
    """Whether a passage speaks of what is asked, whatever it says of it; also where its words are torn apart."""
    there = squashed(passage.text)
    wanted = telling(case.sentence)
    return bool(wanted) and sum(word in there for word in wanted) / len(wanted) >= _RECOGNISED


def holds(passage: Seen, case: Known) -> bool:
    """Whether the fact itself stands in the passage."""
    return squashed(case.fact) in squashed(passage.text)


def _cut(text: str, max_tokens: int | None) -> tuple[str, bool]:
    row = text.split(" ")
    most = len(row) if max_tokens is None else max(1, int(max_tokens / _TOKENS_PER_WORD))
    return " ".join(row[:most]), len(row) > most
