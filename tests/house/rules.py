"""The house rules in numbers and names, each stated once. Knows nothing of how they are checked."""

from __future__ import annotations

from collections.abc import Mapping

LADDER: tuple[tuple[str, ...], ...] = (
    # An import goes to a lower row. Names on one row never meet. Every file and folder of the package has its place.
    ("doors", "durations"),
    ("messages",),
    ("documents",),
    ("records",),
    ("errors",),
    ("identity",),
    ("judgement",),
    ("release", "evaluation", "job", "trial", "diagnosis", "finding"),
    ("failures", "fall", "gate", "where"),
    ("sources",),
    ("contracts", "stores_judged"),
    ("stores",),
    ("settings",),
    ("config", "keys", "support", "addresses"),
    ("runtime", "gateway", "corpus", "guards", "store", "recommend"),
    ("releases", "evals"),
    ("scorers", "describing", "why"),
    ("app",),
    ("testing", "jobs"),
    ("server",),
    ("embedding",),
    ("holdfast",),  # the package itself: every public name
    ("cli",),
)

ANYWHERE = frozenset({"*"})
HOMES: Mapping[str, frozenset[str]] = {
    # Each outside package by its import name, and who may import it.
    "PIL": frozenset({"server"}),
    "aiohttp": frozenset({"addresses", "corpus", "gateway", "jobs", "server"}),  # whoever calls somebody
    "dbos": frozenset({"jobs"}),
    "fastapi": frozenset({"server"}),
    "fsspec": frozenset({"corpus", "store"}),
    "genai_prices": frozenset({"gateway"}),
    "httptools": frozenset({"gateway"}),  # comes with uvicorn
    "jinja2": frozenset({"runtime"}),
    "lxml": frozenset({"corpus"}),  # comes with python-pptx: its errors
    "mammoth": frozenset({"corpus"}),
    "msgspec": ANYWHERE,  # what values are made of
    "numpy": frozenset({"corpus", "contracts", "gateway", "evals"}),  # wherever vectors are compared, or chances drawn
    "onnx": frozenset({"corpus"}),
    "onnxruntime": frozenset({"corpus"}),
    "openpyxl": frozenset({"corpus"}),
    "pptx": frozenset({"corpus"}),
    "psycopg": frozenset({"store"}),
    "pydantic": frozenset(
        {"config", "settings", "runtime", "server"}
    ),  # the doors: settings, inputs and outputs, parameters
    "pydantic_core": frozenset({"doors", "runtime", "support"}),  # its patterns take linear time
    "pypdfium2": frozenset({"corpus"}),
    "pytest": frozenset({"testing"}),  # its fixture is for users' tests; who uses it has pytest
    "rich": frozenset({"cli"}),
    "selectolax": frozenset({"corpus"}),
    "starlette": frozenset({"server"}),
    "tantivy": frozenset({"corpus"}),
    "tokenizers": frozenset({"corpus"}),
    "typer": frozenset({"cli"}),
    "uvicorn": frozenset({"server"}),
    "uvloop": frozenset({"server"}),
    "yaml": frozenset({"corpus", "evals", "runtime"}),
    "zstandard": frozenset({"store"}),
}
DISTRIBUTIONS: Mapping[str, str] = {"genai-prices": "genai_prices", "pyyaml": "yaml"}
"""Import names that are not their distribution's name."""
LOADED_BY_ANOTHER: Mapping[str, str] = {}
"""Direct dependencies that no line of ours imports."""
MOST_DEPENDENCIES = 20

LIGHT = frozenset({"annotated_types", "msgspec", "pydantic", "pydantic_core", "typing_extensions", "typing_inspection"})
"""The only outside packages that the public names of holdfast may load."""
IMPORT_CPU_S = 0.3

FILE_LINES = 400
FUNCTION_LINES = 50
PARAMETERS = 6

FORBIDDEN_FILES = frozenset({"utils", "helpers", "common", "base", "manager", "core", "misc", "service", "handler"})

FORBIDDEN_WORDS: Mapping[str, str] = {
    # Nowhere in a name of the code, and the word to use instead.
    "trace": "recording",
    "traces": "recordings",
    "logs": "recordings",
    "variant": "release",
    "variants": "releases",
    "snippet": "passage",
    "snippets": "passages",
    "collection": "corpus",
    "collections": "corpora",
    "guardrail": "guard",
    "guardrails": "guards",
    "evaluator": "scorer",
    "evaluators": "scorers",
    "fallback": "rung",
    "fallbacks": "ladder",
}

FORBIDDEN_OUTWARD: Mapping[str, str] = {
    # Nor in a table, a route, a command or a setting, where they can only mean one thing.
    **FORBIDDEN_WORDS,
    "span": "step",  # in the code it is a stretch of a text
    "spans": "steps",
    "runs": "recordings",
    "log": "recordings",
}

EDGES = frozenset({"server", "jobs"})
"""Where any error at all may be caught."""

ALLOWED: Mapping[str, Mapping[str, str]] = {
    # Rule, place, reason. An entry that is not needed any more fails its test.
    "no mutable module state": {
        "holdfast.corpus.formats.pdf._ONE_AT_A_TIME": "pdfium's state is the process's, and two threads in it crash",
    },
}
