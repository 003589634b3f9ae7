"""Names of releases: which are allowed, and one for whom none was given. Knows nothing of what a release holds."""

from __future__ import annotations

import re

from holdfast.errors import Refused

WORKING = "working"
"""What stands for the working tree wherever the name of a release is asked for."""

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}")
_ID = re.compile(r"r_[0-9a-f]*")
_TAKEN = frozenset({WORKING, "latest", "last", "rollback"})

_HOW = (
    "amber", "bold", "brave", "brisk", "bright", "calm", "clear", "clever", "cosy", "crisp", "early", "eager",
    "fair", "fine", "fleet", "fresh", "gentle", "glad", "golden", "grand", "happy", "hardy", "jolly", "keen",
    "kind", "light", "lively", "lucky", "merry", "mild", "neat", "noble", "plain", "proud", "quick", "quiet",
    "rapid", "ready", "rosy", "royal", "safe", "sharp", "shiny", "silent", "silver", "smooth", "snug", "solid",
    "sound", "spry", "steady", "stout", "sunny", "sure", "swift", "tidy", "true", "vivid", "warm", "wide",
    "wise", "witty", "young", "zesty",
)  # fmt: skip
_WHAT = (
    "alder", "ash", "badger", "beaver", "birch", "bison", "cedar", "condor", "crane", "dove", "eagle", "elk",
    "elm", "falcon", "fern", "finch", "fox", "gannet", "gull", "hare", "hawk", "hazel", "heron", "ibex", "ibis",
    "jay", "kite", "lark", "larch", "linden", "linnet", "lynx", "maple", "marten", "merlin", "moose", "oak",
    "osprey", "otter", "owl", "pine", "plover", "puffin", "quail", "raven", "robin", "rowan", "sable", "seal",
    "shrike", "skylark", "sparrow", "spruce", "starling", "stork", "swallow", "swan", "teal", "tern", "thrush",
    "willow", "wren", "yew",
)  # fmt: skip


def checked_name(name: str) -> str:
    """The name, if a release may have it. Raises Refused (HF709)."""
    if not _NAME.fullmatch(name) or _ID.fullmatch(name) or name in _TAKEN:
        raise Refused(
            "HF709",
            f"a release cannot be named '{name}'",
            f"use lower-case letters, digits, '.', '_' and '-', at most 63 of them; not an id, not {_listed()}",
        )
    return name


def name_for(release_id: str, nth: int = 1) -> str:
    """A readable name made from a release's id, the same each time; the nth of it where the others are taken."""
    number = int(release_id.removeprefix("r_")[:8], 16)
    name = f"{_HOW[number % len(_HOW)]}-{_WHAT[number // len(_HOW) % len(_WHAT)]}"
    return name if nth == 1 else f"{name}-{nth}"


def _listed() -> str:
    return ", ".join(f"'{name}'" for name in sorted(_TAKEN))
