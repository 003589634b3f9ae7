"""What a score rests on, and what is known of whoever judges: details of scores, people's labels, certificates.

Knows nothing of how an answer is scored, nor of how often a judge is right enough.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal, TypeAlias

from msgspec import Struct

from holdfast.records import Json


class Interval(Struct, frozen=True):
    """An estimate, and the bounds between which the true value lies with 95 % confidence; None where there is none."""

    estimate: float
    low: float | None
    high: float | None


# ---------------------------------------------------------------- what a score rests on


class Field(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One field of an output: how many of its values are `right`, `extra` (not expected) and `lost` (expected)."""

    name: str
    right: int = 0
    extra: int = 0
    lost: int = 0


class Fields(Struct, frozen=True, tag_field="kind", tag="fields"):
    """An output compared with what is expected, field by field."""

    fields: tuple[Field, ...]


class Classified(Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="kind", tag="classified"):
    """A class that was given, the one that is right, and how sure the output says it is, in 0..1."""

    expected: str
    got: str
    confidence: float | None = None


class Changed(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One change of a request that should not change its answer, and whether it did. `changed` says what was; the
    recording is what came of it. `control`: nothing was changed, so that a difference is chance."""

    change: str
    changed: str
    recording: str
    same: bool
    control: bool = False


class Consistency(Struct, frozen=True, tag_field="kind", tag="consistency"):
    """Whether an answer stays what it is while what should not matter is changed."""

    changes: tuple[Changed, ...]


class Judged(Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="kind", tag="judged"):
    """What a model that judges said: the `quote` it rests on, whether that stands in what it was shown, and why.

    `again` is its value when it was asked the same once more; None: it was asked once.
    """

    quote: str = ""
    quoted: bool = False
    reason: str = ""
    again: float | None = None


Detail: TypeAlias = Fields | Classified | Consistency | Judged

# ---------------------------------------------------------------- who judges


class Label(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What a person (`by`) says of one answer: whether it is good. The answer is that of a recording, or `output`.

    `case` names one of the feature's cases, for what is known of a good answer; `input` stands beside an `output` that
    belongs to no case, and `passages` are the texts that were found then.
    """

    label: bool
    by: str = ""
    recording: str | None = None
    case: str | None = None
    input: Json = None
    output: Json = None
    passages: tuple[str, ...] = ()


class Disagreement(Struct, frozen=True, kw_only=True):
    """An answer of which a judge thinks otherwise than people do.

    `item` is the recording's id, or stands for an answer in the file of labels; `said` is the recording of what the
    judge said. Its `reason` stands here too, unless the answer is a subject's: that is erased with the recordings.
    """

    item: str
    people: bool
    judge: bool
    said: str = ""
    reason: str = ""


class Certificate(Struct, frozen=True, kw_only=True):
    """How far a judge agrees with people, on `n` labelled answers that it gave a verdict on.

    `judge` is the hash of its prompt, models and settings, `labels` that of the labels, `code_hash` the version of the
    feature whose answers it judges: the certificate holds for these, until `expires_at`. Of the answers people call
    good, it passes `good_passed` and fails `good_failed`; of the bad, `bad_passed` and `bad_failed`. `kappa` is
    agreement beyond chance, `sensitivity` the share of good answers it passes, `specificity` that of bad ones it fails,
    `balanced` the mean of both. `people` is kappa between people, on the `overlap` answers that two of them labelled.
    `unjudged` answers it gave no verdict on, `stale` labels are of another version or too old and do not count.
    `release` is the one that gave all the labelled answers; None where several did, or they stood in the file.
    """

    id: str
    feature: str
    scorer: str
    judge: str
    code_hash: str
    labels: str
    made_at: datetime
    expires_at: datetime
    good_passed: int
    good_failed: int
    bad_passed: int
    bad_failed: int
    kappa: Interval | None
    sensitivity: Interval | None
    specificity: Interval | None
    balanced: Interval
    release: str | None = None
    people: Interval | None = None
    overlap: int = 0
    unjudged: int = 0
    stale: int = 0
    disagreements: tuple[Disagreement, ...] = ()
    spent_usd: float | None = 0.0
    tenant: str = ""

    @property
    def n(self) -> int:
        return self.good_passed + self.good_failed + self.bad_passed + self.bad_failed


class Variance(Struct, frozen=True, kw_only=True):
    """Where the spread of a judge's values comes from, as shares of it: between `cases`, between `answers` to one case,
    and of the `judge`, asked the same twice. None where it was not measured."""

    cases: float | None = None
    answers: float | None = None
    judge: float | None = None


class Judging(Struct, frozen=True, kw_only=True):
    """A judge in one evaluation: what it is (`judge`, a hash), its certificate without the disagreements that it lists,
    and whether its score may gate.

    `why` says why it may not. `twice` answers were judged a second time, `differed` of them otherwise than before.
    `spent_usd` is what judging cost, `certifying_usd` what the certificate did; None where a price is not known.
    """

    scorer: str
    judge: str
    gates: bool
    why: str = ""
    certificate: Certificate | None = None
    twice: int = 0
    differed: int = 0
    variance: Variance | None = None
    spent_usd: float | None = 0.0
    certifying_usd: float | None = 0.0


Measure: TypeAlias = Literal["share", "mean", "quantile", "whole"]
"""What an estimate is over cases: the share that holds, a mean, a quantile, or one figure of them as a whole."""
