"""Bytes decoded, garbled text restored, invisible characters removed."""

from hypothesis import example, given
from hypothesis import strategies as st

from holdfast.corpus.text import decode, normalise, repair_mojibake

WORDS = (
    "naïve",
    "café",
    "Ångström",
    "São",
    "IRMÃ",
    "CAFÉ",
    "DÉJÀ",
    "élève",
    "Größe",
    "à ",
    "É ",
    "ÂGE",
    "Łódź",
    "plain",
    "20",
)
MARKS = (" ", "’", "“", "”", "…", " — ", "«\u00a0", "\u00a0»", "€", "™", ", ", "°", "²")
accented = st.lists(st.sampled_from(WORDS + MARKS), max_size=30).map("".join)


def garbled(text: str) -> str:
    """UTF-8 read as Windows-1252 the way a browser does."""
    return "".join(bytes([byte]).decode("cp1252", "ignore") or chr(byte) for byte in text.encode())


@given(accented)
@example("«\u00a0voilà\u00a0», «\u00a0là…\u00a0»")
@example("Le CAFÉ’S — “É”")
def test_accented_text_is_never_changed(text: str) -> None:
    assert repair_mojibake(text) == (text, 0)


@given(st.text(st.characters(codec="utf-8")))
def test_any_text_in_utf8_comes_back_unless_it_is_itself_garbled(text: str) -> None:
    decoded, found = decode(text.encode())
    expected = text.removeprefix("\ufeff")
    assert decoded == expected or found


@given(
    st.lists(
        st.sampled_from(["don’t", "naïve café", "“quoted”", "Привет", "日本語の文", "a — b", "€ 20", "🙂"]), min_size=1
    )
)
def test_garbled_text_is_restored(parts: list[str]) -> None:
    text = " ".join(["It’s", *parts])
    restored, count = repair_mojibake(garbled(text))
    assert restored == text
    assert count > 0


def test_text_garbled_twice_is_restored() -> None:
    assert repair_mojibake(garbled(garbled("It’s naïve — “yes”")))[0] == "It’s naïve — “yes”"


@given(accented)
def test_repair_is_idempotent(text: str) -> None:
    once, _ = repair_mojibake(garbled(text))
    twice, again = repair_mojibake(once)
    assert (twice, again) == (once, 0)


def test_each_encoding_is_read() -> None:
    text = "Zürich – “naïve” café, 20 °C"
    for encoding in ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252"):
        decoded, found = decode(text.encode(encoding))
        assert decoded == text, encoding
        assert [finding.code for finding in found] == (
            ["encoding_guessed"] if encoding in {"utf-16-le", "utf-16-be", "cp1252"} else []
        )


def test_a_declared_encoding_is_used_where_the_bytes_are_not_utf8() -> None:
    assert decode("Привет".encode("koi8-r"), "koi8-r") == ("Привет", ())
    assert decode("naïve".encode(), "iso-8859-1") == ("naïve", ())  # a wrong declaration, as the bytes show
    assert decode("naïve – €".encode("cp1252"), "latin-1") == ("naïve – €", ())
    assert decode("naïve".encode("cp1252"), "no-such-encoding")[0] == "naïve"


def test_a_damaged_byte_does_not_turn_the_rest_to_gibberish() -> None:
    decoded, found = decode("naïve café élève ÄÖÜ äöü éèê".encode() + b"\xff!")
    assert decoded == "naïve café élève ÄÖÜ äöü éèê\ufffd!"
    assert "bytes_replaced" in {finding.code for finding in found}


def test_invisible_characters_go_and_joiners_stay_where_they_matter() -> None:
    assert normalise("a\u200bb\u00adc\ufeffd\u00a0e\r\nf") == "abcd e\nf"
    assert normalise("in\u200dvisible") == "invisible"
    assert normalise("👩\u200d💻 می\u200cخواهم") == "👩\u200d💻 می\u200cخواهم"
    assert normalise("safe\U000e0069\U000e0067 text\u202e") == "safe text"
    assert normalise("🏴\U000e0067\U000e0062\U000e007f") == "🏴\U000e0067\U000e0062\U000e007f"
    assert normalise("cafe\u0301") == "café"


@given(st.text())
def test_normalising_twice_changes_nothing_more(text: str) -> None:
    assert normalise(normalise(text)) == normalise(text)


WIDE = (
    "Привет, мир. Как дела?",
    "你好，世界。\n今天天气很好。",
    "こんにちは。\nランプが点滅します。",
    "안녕하세요. 램프가 깜박입니다.",
    "Γειά σου, κόσμε.",
)


@given(st.sampled_from(WIDE), st.integers(1, 4), st.sampled_from(["utf-16-le", "utf-16-be"]))
def test_utf16_without_a_mark_is_read_in_every_script(text: str, times: int, encoding: str) -> None:
    text = " ".join([text] * times)
    assert decode(text.encode(encoding))[0] == text


@given(
    st.lists(
        st.sampled_from(["Grüße aus Köln", "naïve café", "plain", "“quoted” — yes", "5 €"]), min_size=1, max_size=8
    )
)
def test_lines_in_windows_1252_between_lines_in_utf8_are_both_read(lines: list[str]) -> None:
    rest = ["Übermäßig viele Äpfel äußern sich öffentlich über Öl: é è ê ë à â ç ñ ö ü ß Ä Ö Ü — “” ’"] * (
        3 * len(lines)
    )
    data = b"\n".join([line.encode("cp1252") for line in lines] + [line.encode() for line in rest])
    assert decode(data)[0] == "\n".join(lines + rest)


@given(st.lists(st.sampled_from(["don’t", "naïve café", "“quoted”", "a — b", "€ 20"]), min_size=1))
def test_text_garbled_through_latin_1_is_restored(parts: list[str]) -> None:
    text = " ".join(["It’s", *parts])
    assert repair_mojibake(text.encode().decode("latin-1"))[0] == text


def test_encodings_of_seven_bits_are_read() -> None:
    assert decode("ランプ".encode("iso-2022-jp"), "ISO-2022-JP") == ("ランプ", ())
    assert decode("ランプ".encode("iso-2022-jp"))[0] == "ランプ"
    assert decode("램프".encode("iso-2022-kr"), "iso-2022-kr")[0] == "램프"
    assert decode("Grüße & 1+1=2".encode("utf-7"), "utf-7")[0] == "Grüße & 1+1=2"
    assert decode("红灯".encode("hz"), "hz-gb-2312")[0] == "红灯"
    assert decode(b"1 + 1 ~{ \x1b[0m", "us-ascii")[0] == "1 + 1 ~{ \x1b[0m"


@given(
    st.binary(max_size=200),
    st.sampled_from([None, "utf-7", "iso-2022-jp", "hz", "utf-16", "idna", "rot13", "hex", " ", "\0"]),
)
def test_any_bytes_under_any_declaration_are_text(data: bytes, declared: str | None) -> None:
    assert isinstance(decode(data, declared)[0], str)
