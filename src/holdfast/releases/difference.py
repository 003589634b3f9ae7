"""What differs between two releases, as values and in words. Knows nothing of where releases are kept."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import TypeAlias

import msgspec
from msgspec import Struct

from holdfast.errors import NotFound, ReplayDiverged
from holdfast.records import Json
from holdfast.release import LATEST, CorpusSlot, Prompt, Release, Slot
from holdfast.releases.freezing import Versions
from holdfast.stores import FeatureHashes

_LADDER = " > "
_LONGEST = 60


class SlotChanged(Struct, frozen=True, kw_only=True, tag_field="kind", tag="slot"):
    """A slot that only one of them has; the other one's is null. Otherwise what fills it is another kind of slot."""

    name: str
    before: Json
    after: Json


class SettingChanged(Struct, frozen=True, kw_only=True, tag_field="kind", tag="setting"):
    """A setting of a slot, as in `answer.models`."""

    name: str
    before: Json
    after: Json


class PromptChanged(Struct, frozen=True, kw_only=True, tag_field="kind", tag="prompt"):
    """The text of a slot's prompt; `unified` is the diff. A path is null where there is no prompt."""

    slot: str
    before: str | None
    after: str | None
    added: int
    removed: int
    unified: str


class CorpusChanged(Struct, frozen=True, kw_only=True, tag_field="kind", tag="corpus"):
    """The version of a corpus. `documents` is how many differ; null where a version is not kept any more."""

    name: str
    before: str
    after: str
    documents: int | None


class FeatureChanged(Struct, frozen=True, kw_only=True, tag_field="kind", tag="feature"):
    """A feature: `added`, `removed`, its `schema` (input or output), or else its `code`."""

    name: str
    what: str


Change: TypeAlias = SlotChanged | SettingChanged | PromptChanged | CorpusChanged | FeatureChanged


class Side(Struct, frozen=True, kw_only=True):
    """One of the two. `features` None: it has no name, so nothing is known of the code it was made for."""

    release: Release
    features: Mapping[str, FeatureHashes] | None = None
    created_at: datetime | None = None
    by: str | None = None


def changes(before: Side, after: Side, corpora: Versions) -> tuple[Change, ...]:
    """Everything that differs, by slot and then by feature, in order of names; empty for two that are the same."""
    found: list[Change] = []
    old, new = before.release.slots, after.release.slots
    for name in sorted({*old, *new}):
        found += _in_slot(name, old.get(name), new.get(name), corpora)
    if before.features is not None and after.features is not None:
        found += code_changes(before.features, after.features)
    return tuple(found)


def code_changes(before: Mapping[str, FeatureHashes], after: Mapping[str, FeatureHashes]) -> Iterator[FeatureChanged]:
    """The features that are not what they were."""
    for name in sorted({*before, *after}):
        if name not in before or name not in after:
            yield FeatureChanged(name=name, what="added" if name in after else "removed")
        elif before[name].schema != after[name].schema:
            yield FeatureChanged(name=name, what="schema")
        elif before[name].code != after[name].code:
            yield FeatureChanged(name=name, what="code")


def _in_slot(name: str, before: Slot | None, after: Slot | None, corpora: Versions) -> Iterator[Change]:
    if before is None or after is None or type(before) is not type(after):
        if before != after:
            yield SlotChanged(name=name, before=msgspec.to_builtins(before), after=msgspec.to_builtins(after))
        return
    for field in before.__struct_fields__:
        old, new = getattr(before, field), getattr(after, field)
        if old == new:
            continue
        if field == "prompt":
            yield _prompt(name, old, new)
        elif field == "version" and isinstance(before, CorpusSlot):
            yield _corpus(name, old, new, corpora)
        elif field == "settings":
            for key in sorted({*old, *new}):
                if old.get(key) != new.get(key):
                    yield SettingChanged(name=f"{name}.{key}", before=old.get(key), after=new.get(key))
        else:
            yield SettingChanged(
                name=f"{name}.{field}", before=msgspec.to_builtins(old), after=msgspec.to_builtins(new)
            )


def _prompt(slot: str, before: Prompt | None, after: Prompt | None) -> PromptChanged:
    old, new = ((one.path, one.text) if one is not None else (None, "") for one in (before, after))
    lines = list(
        difflib.unified_diff(
            old[1].splitlines(), new[1].splitlines(), old[0] or "(none)", new[0] or "(none)", lineterm="", n=2
        )
    )
    return PromptChanged(
        slot=slot,
        before=old[0],
        after=new[0],
        added=sum(line.startswith("+") for line in lines[2:]),
        removed=sum(line.startswith("-") for line in lines[2:]),
        unified="\n".join(lines),
    )


def _corpus(name: str, before: str, after: str, corpora: Versions) -> CorpusChanged:
    try:
        found = corpora.diff(name, before, after)
    except (NotFound, ReplayDiverged):  # a version that is gone, or a corpus that the project has no more
        return CorpusChanged(name=name, before=before, after=after, documents=None)
    count = len(found.added) + len(found.changed) + len(found.removed)
    old, new = (
        f"{LATEST} ({version})" if asked == LATEST else version
        for asked, version in ((before, found.before), (after, found.after))
    )
    return CorpusChanged(name=name, before=old, after=new, documents=count)


# ---------------------------------------------------------------- in words


def in_words(change: Change) -> str:
    """One change on one line, as in `answer.models: openai:gpt-5-mini -> extractive`."""
    match change:
        case SlotChanged(name=name, before=before, after=after):
            if before is None or after is None:
                return f"slot {name}: {'added' if before is None else 'removed'}"
            return f"slot {name}: {before['kind']} -> {after['kind']}"
        case SettingChanged(name=name, before=before, after=after):
            return f"{name}: {_shown(before)} -> {_shown(after)}"
        case PromptChanged(before=before, after=after, added=added, removed=removed):
            path = after if before in (None, after) else before if after is None else f"{before} -> {after}"
            what = "added, " if before is None else "removed, " if after is None else ""
            lines = f"+{added} -{removed} lines"
            same = "only its front matter" if before == after else "the same text"
            return f"prompt {path}: {what}{lines if added or removed else same}"
        case CorpusChanged(name=name, before=before, after=after, documents=documents):
            told = "not kept any more" if documents is None else _documents(documents)
            return f"corpus {name}: {before} -> {after} ({told})"
        case FeatureChanged(name=name, what=what):
            told = {"schema": "what it takes or gives changed", "code": "its code changed"}.get(what, what)
            return f"feature {name}: {told}"


def _documents(count: int) -> str:
    return "the same documents" if count == 0 else f"{count} {'document' if count == 1 else 'documents'} changed"


def _shown(value: Json) -> str:
    """A setting's value, as somebody would say it: a ladder by its rungs, None as its absence."""
    if value in (None, [], ()):
        return "unset"
    if isinstance(value, list | tuple) and all(isinstance(one, str) for one in value):
        return _LADDER.join(value)
    text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."
