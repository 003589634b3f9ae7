"""What holdfast.toml becomes, and what is said about every mistake in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from holdfast.config import find_project, load_config
from holdfast.durations import seconds_in
from holdfast.errors import Misconfigured


def write(folder: Path, text: str) -> Path:
    (folder / "holdfast.toml").write_text(text, "utf-8")
    return folder


def mistake(folder: Path, text: str, environ: dict[str, str] | None = None) -> Misconfigured:
    with pytest.raises(Misconfigured) as caught:
        load_config(write(folder, text), environ or {})
    return caught.value


def test_an_empty_file_is_a_project_with_the_defaults(tmp_path: Path) -> None:
    config = load_config(write(tmp_path, ""), {})
    assert config.database_url == f"sqlite:///{tmp_path}/.holdfast/holdfast.db"
    assert config.storage == f"{tmp_path}/.holdfast/storage"
    assert config.server.port == 8400


def test_the_nearest_project_upward_is_found_and_a_missing_one_says_what_to_type(tmp_path: Path) -> None:
    write(tmp_path, "")
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    assert find_project(inner) == tmp_path
    with pytest.raises(Misconfigured, match="HF101") as caught:
        find_project(Path("/"))
    assert "holdfast new" in caught.value.fix


def test_values_come_from_the_environment_and_from_files_and_stay_secret(tmp_path: Path) -> None:
    (tmp_path / "key.txt").write_text("anthropic-key-1\n")
    text = '[providers.openai]\napi_key = "env:KEY"\n[providers.anthropic]\napi_key = ["file:key.txt", "plain-key-22"]'
    config = load_config(write(tmp_path, text), {"KEY": "openai-key-1"})
    assert config.providers["openai"].api_key == "openai-key-1"
    assert config.providers["anthropic"].api_key == ("anthropic-key-1", "plain-key-22")
    assert set(config.secrets) == {"openai-key-1", "anthropic-key-1", "plain-key-22"}
    assert "openai-key-1" not in repr(config.secrets and config.model_copy(update={"providers": {}}))


def test_a_key_that_is_not_set_leaves_the_provider_without_one(tmp_path: Path) -> None:
    config = load_config(write(tmp_path, '[providers.openai]\napi_key = "env:KEY"'), {})
    assert config.providers["openai"].api_key is None


def test_any_other_variable_that_is_not_set_is_a_mistake(tmp_path: Path) -> None:
    error = mistake(tmp_path, '[app]\ndatabase_url = "env:DB"')
    assert (error.code, error.fix) == ("HF104", "export DB=...")


def test_a_file_that_is_not_there_is_a_mistake_naming_it(tmp_path: Path) -> None:
    assert "nokey.txt" in mistake(tmp_path, '[providers.openai]\napi_key = "file:nokey.txt"').message


@pytest.mark.parametrize(
    ("text", "said", "fix"),
    [
        ("[app]\nfeatuers = 'x.py'", "app.featuers", "did you mean 'features'"),
        ("[slot.answer]\nmodels = 'x'", "unknown key slot", "did you mean 'slots'"),
        ("[slots.answer]\nmodel = 'x'", "slots.answer.model", "did you mean 'models'"),
        ("[server]\nport = 'eighty'", "server.port", "mend server.port"),
        ("[slots.Answer]\nmodels = 'x'", "lower-case", "mend slots"),
        ("[guards.g]\non_fail = 'explode'", "guards.g.on_fail", "mend guards.g.on_fail"),
        ("[corpora.help]\nevery = '1h'", "corpora.help.source", "mend corpora.help.source"),
        ("[app\n", "line 1", "mend that place"),
    ],
)
def test_a_mistake_names_its_place_and_what_to_do(tmp_path: Path, text: str, said: str, fix: str) -> None:
    error = mistake(tmp_path, text)
    assert error.code == "HF100"
    assert said in error.message
    assert fix in error.fix


def test_what_a_source_or_a_guard_takes_is_handed_on(tmp_path: Path) -> None:
    text = '[corpora.help]\nsource = "folder"\npath = "docs"\n[guards.grounded]\nthreshold = 0.3'
    config = load_config(write(tmp_path, text), {})
    assert config.corpora["help"].options == {"path": "docs"}
    assert config.guards["grounded"].options == {"threshold": 0.3}


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90s", 90), ("15m", 900), ("1h30m", 5400), ("2d", 172_800), (" 1H 30M ", 5400), ("007s", 7)],
)
def test_a_duration_is_read_as_seconds(text: str, seconds: int) -> None:
    assert seconds_in(text) == seconds


@pytest.mark.parametrize("text", ["", "15", "m", "1.5h", "15 minutes", "-5m", "15m!", "every 15m"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="write it like"):
        seconds_in(text)


@pytest.mark.parametrize(("every", "says"), [("sometimes", "is not a duration"), ("1s", "too often")])
def test_an_interval_is_checked_when_the_file_is_read(tmp_path: Path, every: str, says: str) -> None:
    error = mistake(tmp_path, f'[corpora.help]\nsource = "folder"\nevery = "{every}"')
    assert error.code == "HF100"
    assert says in error.message


def test_a_corpus_says_its_interval_in_seconds(tmp_path: Path) -> None:
    text = '[corpora.a]\nsource = "folder"\nevery = "15m"\n[corpora.b]\nsource = "folder"'
    corpora = load_config(write(tmp_path, text), {}).corpora
    assert (corpora["a"].every_s, corpora["b"].every_s) == (900, None)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("sqlite:///.holdfast/holdfast.db", "sqlite:///.holdfast/holdfast.db"),
        ("postgresql://ada:se:c?ret@db:5432/desk?sslmode=require", "postgresql://ada@db:5432/desk"),
        ("postgresql://db/desk?password=secret@1", "postgresql://db/desk"),
        ("postgresql:///desk", "postgresql:///desk"),
    ],
)
def test_a_database_is_shown_without_its_password(tmp_path: Path, url: str, shown: str) -> None:
    config = load_config(write(tmp_path, f'[app]\ndatabase_url = "{url}"'), {})
    assert config.shown_database_url == shown
