"""The language of a text, a short one too, and the shares of a text in several."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.corpus.language import language_of

SAID = {
    "en": "The lamp in the hall does not work any more. What can I do, and when will you be here?",
    "de": "Die Lampe im Flur geht nicht mehr. Was kann ich tun, und wann sind Sie hier?",
    "fr": "La lampe du couloir ne marche plus. Que puis-je faire, et quand serez-vous là ?",
    "es": "La lámpara del pasillo ya no funciona. ¿Qué puedo hacer y cuándo estarán aquí?",
    "it": "La lampada del corridoio non funziona più. Che cosa posso fare e quando sarete qui?",
    "pt": "A lâmpada do corredor já não funciona. O que posso fazer e quando estarão aqui?",
    "nl": "De lamp in de gang werkt niet meer. Wat kan ik doen en wanneer bent u hier?",
    "sv": "Lampan i hallen fungerar inte längre. Vad kan jag göra, och när är ni här?",
    "fi": "Käytävän lamppu ei toimi enää. Mitä voin tehdä, ja milloin olette täällä?",
    "pl": "Lampa w korytarzu już nie działa. Co mogę zrobić i kiedy państwo będą?",
    "cs": "Lampa na chodbě už nefunguje. Co mohu dělat a kdy tu budete?",
    "hu": "A folyosón lévő lámpa már nem működik. Mit tehetek, és mikor lesznek itt?",
    "ro": "Lampa de pe hol nu mai funcționează. Ce pot să fac și când veți fi aici?",
    "tr": "Koridordaki lamba artık çalışmıyor. Ne yapabilirim ve ne zaman burada olacaksınız?",
    "id": "Lampu di lorong tidak menyala lagi. Apa yang bisa saya lakukan dan kapan Anda datang?",
    "vi": "Đèn ở hành lang không còn sáng. Tôi có thể làm gì và khi nào các bạn đến?",
    "ru": "Лампа в коридоре больше не горит. Что мне делать, и когда вы будете здесь?",
    "uk": "Лампа в коридорі більше не світить. Що мені робити і коли ви будете тут?",
    "el": "Η λάμπα στον διάδρομο δεν λειτουργεί πια. Τι μπορώ να κάνω;",
    "ar": "لم يعد المصباح في الممر يعمل. ماذا أفعل ومتى ستأتون؟",
    "fa": "چراغ راهرو دیگر روشن نمی‌شود. چه کار کنم و کی می‌آیید؟",
    "he": "המנורה במסדרון כבר לא עובדת. מה אני יכול לעשות?",
    "ja": "廊下のランプが点かなくなりました。どうすればよいですか。",
    "zh": "走廊的灯不亮了。我该怎么办,你们什么时候来?",
    "ko": "복도의 램프가 더 이상 켜지지 않습니다. 어떻게 해야 하나요?",
    "th": "โคมไฟในโถงทางเดินไม่ทำงานแล้ว ฉันควรทำอย่างไร",
    "hi": "गलियारे का लैंप अब काम नहीं करता। मुझे क्या करना चाहिए?",
}


@pytest.mark.parametrize("language", SAID)
def test_the_language_of_two_sentences_is_told(language: str) -> None:
    assert language_of(SAID[language]) == language


@pytest.mark.parametrize(
    "text",
    ["", "X2", "42 17", "ACME", "def f(x): return", "```\nthe and of to in is\n```", "https://example.com/the/and/of"],
)
def test_what_is_in_no_language_is_in_none(text: str) -> None:
    assert language_of(text) is None


def test_japanese_with_few_kana_is_not_chinese_and_names_of_another_script_do_not_decide() -> None:
    assert language_of("東京都千代田区の営業時間案内") == "ja"
    assert language_of("The lamp of the maker 東京 is not in the catalogue and we do not sell it.") == "en"


@given(st.text())
def test_any_text_has_a_language_or_none(text: str) -> None:
    assert language_of(text) is None or len(language_of(text) or "") == 2
