"""A stream whose text is taken back: what a client that cannot forget ends up with."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from holdfast.contracts import Delta, Event, Reset
from holdfast.records import Usage
from holdfast.server.dialects.said import Extra, Said
from holdfast.server.dialects.telling import RESTART, Telling
from holdfast.server.problems import Problem


class Plain:
    """A framing that writes nothing but the text, an end and a failure."""

    ping = b""

    def begin(self) -> bytes:
        return b""

    def text(self, text: str) -> bytes:
        return text.encode()

    def restart(self, text: str, reason: str) -> bytes:
        return text.encode()

    def end(self, said: Said) -> bytes:
        return b"<end>"

    def failed(self, problem: Problem) -> bytes:
        return b"<failed>"


def said(text: str) -> Said:
    extra = Extra(recording_id="rec_1", release="r_1", cost_usd=None, degraded=None)
    return Said(number="1", at=0, model="m", text=text, usage=Usage(), extra=extra)


def told(events: list[Event], text: str, *, whole: bool = False) -> str:
    telling = Telling(Plain(), whole=whole)
    return (b"".join(map(telling.hear, events)) + telling.end(said(text))).decode()


def test_a_reset_before_any_text_leaves_no_mark() -> None:
    assert told([Reset("r"), Delta("good")], "good") == "good<end>"


def test_an_answer_that_starts_as_what_was_sent_goes_on_behind_it() -> None:
    assert told([Delta("It is "), Reset("r"), Delta("It "), Delta("is fine.")], "It is fine.") == "It is fine.<end>"


def test_another_answer_starts_again_behind_a_mark() -> None:
    assert told([Delta("It is "), Reset("r"), Delta("I"), Delta("ndeed")], "Indeed") == f"It is {RESTART}Indeed<end>"


def test_a_shorter_answer_starts_again_behind_a_mark() -> None:
    assert told([Delta("It is "), Reset("r"), Delta("It")], "It") == f"It is {RESTART}It<end>"


def test_half_a_json_and_another_one_behind_it_is_an_error() -> None:
    assert told([Delta('{"a'), Reset("r"), Delta('{"b')], '{"b":1}', whole=True) == '{"a<failed>'
    assert told([Delta('{"a'), Reset("r"), Delta('{"a":'), Delta("1}")], '{"a":1}', whole=True) == '{"a":1}<end>'


texts = st.text("ab", max_size=4)


@given(st.lists(st.one_of(texts.map(Delta), st.just(Reset("r"))), max_size=12), texts)
def test_whatever_is_taken_back_the_answer_stands_whole_behind_the_last_mark(events: list[Event], more: str) -> None:
    """The deltas since the last reset, and what comes still at the end, are the answer."""
    text = ""
    for event in events:
        text = "" if isinstance(event, Reset) else text + getattr(event, "text", "")
    text += more
    heard = told(events, text)
    assert heard.endswith("<end>")
    assert heard.removesuffix("<end>").split(RESTART)[-1] == text
