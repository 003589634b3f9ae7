"""How a version's make-up differs from the versions before: fields, types, locales, media types, volumes.

Knows nothing of what documents say.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from holdfast.corpus.checks.gathered import Before, Gathered, finding
from holdfast.corpus.quality import CorpusFinding, Example, Profile, Volume

MOST_SECTIONS = 200  # of a profile, the largest
ENOUGH_OF_A_FIELD = 0.05  # of the documents had it, or have it, before its going or coming is told
GONE, THERE = 0.1, 0.5  # of its former share, and of the share it has now where it had none
DROP = 0.1  # of the documents or of the text, below the most that the last versions had
DROP_OF_A_PART, ENOUGH_OF_A_PART = 0.5, 10  # of a section or a locale that had so many documents


def profile_of(gathered: Gathered) -> Profile:
    """What a version is made of."""
    sections: dict[str, Volume] = {}
    locales: dict[str, Volume] = {}
    media_types: Counter[str] = Counter()
    fields: Counter[str] = Counter()
    for entry, facts in zip(gathered.entries, gathered.facts, strict=True):
        _more(sections, facts.section, entry.characters)
        _more(locales, facts.locale, entry.characters)
        if facts.media_type:
            media_types[facts.media_type] += 1
        fields.update(facts.fields)
    largest = sorted(sections, key=lambda name: (-sections[name].documents, name))[:MOST_SECTIONS]
    return Profile(
        total=Volume(len(gathered.entries), sum(entry.characters for entry in gathered.entries)),
        sections={name: sections[name] for name in largest if name},
        locales={name: volume for name, volume in locales.items() if name},
        media_types=dict(media_types),
        fields=dict(sorted(fields.items())),
    )


def _more(volumes: dict[str, Volume], name: str, characters: int) -> None:
    volume = volumes.get(name, Volume())
    volumes[name] = Volume(volume.documents + 1, volume.characters + characters)


def drift(now: Profile, before: Before) -> Iterator[CorpusFinding]:
    """What appeared, vanished or changed its type since the version before, and what there is less of."""
    yield from _fields(now, before.profile)
    yield from _locales(now, before.profile)
    yield from _media_types(now, before.profile)
    yield from _volumes(now, before)


def _fields(now: Profile, before: Profile) -> Iterator[CorpusFinding]:
    old, new = _by_name(before.fields), _by_name(now.fields)
    of_old, of_new = max(1, before.total.documents), max(1, now.total.documents)
    vanished, appeared, changed = [], [], []
    for name in sorted(old.keys() | new.keys()):
        had, has = sum(old.get(name, {}).values()), sum(new.get(name, {}).values())
        if had / of_old >= ENOUGH_OF_A_FIELD and has / of_new < GONE * had / of_old:
            vanished.append((had - has, f"{name}: {had} of {of_old} documents had it, {has} of {of_new} have it"))
        elif not had and has / of_new >= ENOUGH_OF_A_FIELD:
            appeared.append((has, f"{name} ({', '.join(sorted(new[name]))}): {has} of {of_new} documents"))
        elif had and has:
            fresh = {kind: count for kind, count in new[name].items() if kind not in old[name]}
            if sum(fresh.values()) >= max(2, ENOUGH_OF_A_FIELD * has):
                types = f"{', '.join(sorted(old[name]))}, now also {', '.join(sorted(fresh))}"
                changed.append((sum(fresh.values()), f"{name}: {types} in {sum(fresh.values())} documents"))
    for code, told in (("field_vanished", vanished), ("field_appeared", appeared), ("field_type_changed", changed)):
        if told:
            count = max(number for number, _ in told)
            yield finding(code, count, of_new, [Example(evidence=text) for _, text in told])


def _by_name(fields: Mapping[str, int]) -> dict[str, dict[str, int]]:
    names: dict[str, dict[str, int]] = {}
    for said, count in fields.items():
        name, _, kind = said.rpartition(": ")
        names.setdefault(name, {})[kind] = count
    return names


def _locales(now: Profile, before: Profile) -> Iterator[CorpusFinding]:
    gone = {name: volume.documents for name, volume in before.locales.items() if name not in now.locales}
    new = {name: volume.documents for name, volume in now.locales.items() if name not in before.locales}
    if gone:
        told = [Example(evidence=f"{name}: {count} documents before, none now") for name, count in gone.items()]
        yield finding("locale_vanished", sum(gone.values()), before.total.documents, told)
    if new:
        told = [Example(evidence=f"{name}: {count} documents, none before") for name, count in new.items()]
        yield finding("locale_appeared", sum(new.values()), now.total.documents, told)


def _media_types(now: Profile, before: Profile) -> Iterator[CorpusFinding]:
    if not before.media_types or not now.media_types:
        return
    told, count = [], 0
    for name in sorted(now.media_types.keys() ^ before.media_types.keys()):
        had, has = before.media_types.get(name, 0), now.media_types.get(name, 0)
        count = max(count, had, has)
        told.append(Example(evidence=f"{name}: {had} documents before, {has} now"))
    if told:
        yield finding("media_type_changed", count, max(now.total.documents, count), told)


def _volumes(now: Profile, before: Before) -> Iterator[CorpusFinding]:
    """`share` is of what there was at most in the last versions: documents or characters, whichever dropped more."""
    told = []
    most = Volume(before.most_documents, before.most_characters)
    drops = [("documents", most.documents, now.total.documents), ("characters", most.characters, now.total.characters)]
    share = max(_drop(had, has) for _, had, has in drops)
    if share >= DROP:
        told += [Example(evidence=_told(name, had, has)) for name, had, has in drops if _drop(had, has) >= DROP]
    for what, old, new in (
        ("section", before.profile.sections, now.sections),
        ("locale", before.profile.locales, now.locales),
    ):
        for name, volume in old.items():
            has = new.get(name, Volume()).documents
            kept = what == "section" and len(old) >= MOST_SECTIONS  # its place in the profile may have gone to another
            if not kept and volume.documents >= ENOUGH_OF_A_PART and _drop(volume.documents, has) >= DROP_OF_A_PART:
                told.append(Example(evidence=_told(f"documents of {what} '{name}'", volume.documents, has)))
    if told:
        yield finding("volume_drop", max(0, most.documents - now.total.documents), 1, told, share=share)


def _drop(had: int, has: int) -> float:
    return max(0.0, 1 - has / had) if had else 0.0


def _told(name: str, had: int, has: int) -> str:
    return f"{name}: {had:,} before, {has:,} now (-{_drop(had, has):.0%})"
