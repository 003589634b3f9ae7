"""Quotes of every client and language go; what is answered point by point, and what is forwarded, stays."""

import pytest

from holdfast.corpus.mail.strip import strip_reply, strip_reply_html

ATTRIBUTIONS = """
On Thu, Jun 26, 2014 at 2:14 PM, Ann Lee <ann@example.com> wrote:
On 26/06/2014 14:14, Ann Lee wrote:
On Jun 26, 2014, at 2:14 PM, Ann Lee wrote:
On Thursday, 26 June 2014 at 14:14:07 CEST, Ann Lee <ann@example.com> wrote:
Am 26.06.2014 um 14:14 schrieb Ann Lee <ann@example.com>:
Am Do., 26. Juni 2014 um 14:14 Uhr schrieb Ann Lee <ann@example.com>:
Le 26/06/2014 à 14:14, Ann Lee a écrit :
Le jeu. 26 juin 2014 à 14:14, Ann Lee <ann@example.com> a écrit :
El 26/06/2014 a las 14:14, Ann Lee escribió:
El jue, 26 jun 2014 a las 14:14, Ann Lee (<ann@example.com>) escribió:
Il giorno gio 26 giu 2014 alle ore 14:14 Ann Lee <ann@example.com> ha scritto:
Il 26/06/2014 14:14, Ann Lee ha scritto:
Em qui., 26 de jun. de 2014 às 14:14, Ann Lee <ann@example.com> escreveu:
Em 26/06/2014 14:14, Ann Lee escreveu:
Op do 26 jun. 2014 om 14:14 schreef Ann Lee <ann@example.com>:
Op 26-06-14 om 14:14 schreef Ann Lee:
Den tors 26 juni 2014 kl 14:14 skrev Ann Lee <ann@example.com>:
Den 26. juni 2014 kl. 14.14 skrev Ann Lee <ann@example.com>:
tor. 26. jun. 2014 kl. 14:14 skrev Ann Lee <ann@example.com>:
Ann Lee <ann@example.com> kirjoitti 26.6.2014 kello 14.14:
to 26. kesäk. 2014 klo 14.14 Ann Lee (ann@example.com) kirjoitti:
W dniu 26.06.2014 o 14:14, Ann Lee pisze:
czw., 26 cze 2014 o 14:14 Ann Lee <ann@example.com> napisał(a):
Dne 26. 6. 2014 v 14:14 Ann Lee napsal(a):
čt 26. 6. 2014 v 14:14 odesílatel Ann Lee <ann@example.com> napsal:
чт, 26 июн. 2014 г. в 14:14, Ann Lee <ann@example.com>:
26.06.2014 14:14, Ann Lee пишет:
чт, 26 черв. 2014 р. о 14:14 Ann Lee <ann@example.com> пише:
2014年6月26日(木) 14:14 Ann Lee <ann@example.com>:
2014/06/26 14:14、Ann Lee <ann@example.com>のメール:
Ann Lee <ann@example.com> 于2014年6月26日周四 下午2:14写道：
在 2014年6月26日，下午2:14，Ann Lee <ann@example.com> 写道：
2014년 6월 26일 (목) 오후 2:14, Ann Lee <ann@example.com>님이 작성:
26 Haz 2014 Per 14:14 tarihinde Ann Lee <ann@example.com> şunu yazdı:
Ann Lee <ann@example.com> ezt írta (időpont: 2014. jún. 26., Cs, 14:14):
În joi, 26 iun. 2014 la 14:14, Ann Lee <ann@example.com> a scris:
Στις Πέμ, 26 Ιουν 2014 στις 2:14 μ.μ., ο χρήστης Ann Lee <ann@example.com> έγραψε:
Vào Th 5, 26 thg 6, 2014 vào lúc 14:14 Ann Lee <ann@example.com> đã viết:
Pada tanggal Kam, 26 Jun 2014 pukul 14.14 Ann Lee <ann@example.com> menulis:
""".strip().splitlines()

HEADERS = {
    "en": "From: Ann Lee <ann@example.com>\nSent: Thursday, June 26, 2014 2:14 PM\nTo: Bo\nCc: Cy\nSubject: Lamp",
    "de": "Von: Ann Lee <ann@example.com>\nGesendet: Donnerstag, 26. Juni 2014 14:14\nAn: Bo\nBetreff: Lampe",
    "fr": "De : Ann Lee <ann@example.com>\nEnvoyé : jeudi 26 juin 2014 14:14\nÀ : Bo\nObjet : Lampe",
    "es": "De: Ann Lee <ann@example.com>\nEnviado el: jueves, 26 de junio de 2014 14:14\nPara: Bo\nAsunto: Lámpara",
    "it": "Da: Ann Lee <ann@example.com>\nInviato: giovedì 26 giugno 2014 14:14\nA: Bo\nOggetto: Lampada",
    "pt": "De: Ann Lee <ann@example.com>\nEnviada em: quinta-feira, 26 de junho de 2014 14:14\nPara: Bo\nAssunto: Luz",
    "nl": "Van: Ann Lee <ann@example.com>\nVerzonden: donderdag 26 juni 2014 14:14\nAan: Bo\nOnderwerp: Lamp",
    "sv": "Från: Ann Lee <ann@example.com>\nSkickat: den 26 juni 2014 14:14\nTill: Bo\nÄmne: Lampa",
    "da": "Fra: Ann Lee <ann@example.com>\nSendt: 26. juni 2014 14:14\nTil: Bo\nEmne: Lampe",
    "fi": "Lähettäjä: Ann Lee <ann@example.com>\nLähetetty: 26. kesäkuuta 2014 14:14\nVastaanottaja: Bo\nAihe: Lamppu",
    "pl": "Od: Ann Lee <ann@example.com>\nWysłano: czwartek, 26 czerwca 2014 14:14\nDo: Bo\nTemat: Lampa",
    "cs": "Od: Ann Lee <ann@example.com>\nOdesláno: čtvrtek 26. června 2014 14:14\nKomu: Bo\nPředmět: Lampa",
    "ru": "От: Ann Lee <ann@example.com>\nОтправлено: 26 июня 2014 г. 14:14\nКому: Bo\nТема: Лампа",
    "uk": "Від: Ann Lee <ann@example.com>\nНадіслано: 26 червня 2014 р. 14:14\nКому: Bo\nТема: Лампа",
    "ja": "差出人: Ann Lee <ann@example.com>\n送信日時: 2014年6月26日 14:14\n宛先: Bo\n件名: ランプ",
    "zh": "发件人: Ann Lee <ann@example.com>\n发送时间: 2014年6月26日 14:14\n收件人: Bo\n主题: 灯",
    "ko": "보낸 사람: Ann Lee <ann@example.com>\n보낸 날짜: 2014년 6월 26일 14:14\n받는 사람: Bo\n제목: 램프",
    "tr": "Kimden: Ann Lee <ann@example.com>\nGönderildi: 26 Haziran 2014 14:14\nKime: Bo\nKonu: Lamba",
    "hu": "Feladó: Ann Lee <ann@example.com>\nElküldve: 2014. június 26. 14:14\nCímzett: Bo\nTárgy: Lámpa",
}
ORIGINALS = """
-----Original Message-----
-------- Original Message --------
-----Ursprüngliche Nachricht-----
-----Message d'origine-----
-----Mensaje original-----
-----Messaggio originale-----
-----Mensagem Original-----
-----Oorspronkelijk bericht-----
-----Ursprungligt meddelande-----
-----Original meddelelse-----
-----Opprinnelig melding-----
-----Alkuperäinen viesti-----
-----Wiadomość oryginalna-----
-----Původní zpráva-----
-----Исходное сообщение-----
-----元のメッセージ-----
-----原始邮件-----
-----원본 메시지-----
-----Orijinal Mesaj-----
-----Eredeti üzenet-----
""".strip().splitlines()


@pytest.mark.parametrize("line", ATTRIBUTIONS)
@pytest.mark.parametrize("mark", ["> ", ""])
def test_a_sentence_in_any_language_begins_the_quote(line: str, mark: str) -> None:
    stripped = strip_reply(f"The red lamp blinks.\n\n{line}\n{mark}Which lamp?\n{mark}And when?\n")
    assert stripped.text == "The red lamp blinks."
    assert [part.kind for part in stripped.removed] == ["quote"]


@pytest.mark.parametrize("line", ATTRIBUTIONS)
def test_the_sentence_is_known_when_a_client_wrapped_it(line: str) -> None:
    cut = line.find(" ", len(line) // 2)
    stripped = strip_reply(f"The red lamp blinks.\n\n{line[:cut]}\n{line[cut + 1 :]}\n\n> Which lamp?\n")
    assert stripped.text == "The red lamp blinks."


@pytest.mark.parametrize("language", HEADERS)
@pytest.mark.parametrize("bold", [False, True])
def test_repeated_headers_in_any_language_begin_the_quote(language: str, bold: bool) -> None:
    block = HEADERS[language]
    if bold:
        block = "\n".join("**" + line.replace(":", ":**", 1) + "  " for line in block.split("\n"))
    stripped = strip_reply(f"The red lamp blinks.\n\n________________________________\n{block}\n\nWhich lamp?\n")
    assert stripped.text == "The red lamp blinks."
    assert "Which lamp?" in stripped.removed[0].text


@pytest.mark.parametrize("line", ORIGINALS)
def test_a_title_in_any_language_begins_the_quote(line: str) -> None:
    assert strip_reply(f"The red lamp blinks.\n\n{line}\nAnn: Which lamp?").text == "The red lamp blinks."


@pytest.mark.parametrize(
    "line",
    [
        "##- Please type your reply above this line -##",
        "--- Please reply above this line ---",
        "##- Bitte geben Sie Ihre Antwort über dieser Zeile ein -##",
        "##- Veuillez entrer votre réponse au-dessus de cette ligne -##",
        "—-—-—- Reply above this line to add a comment —-—-—-",
    ],
)
def test_what_stands_below_a_help_desks_line_goes_and_above_a_whole_notice_only_the_line_does(line: str) -> None:
    assert strip_reply(f"It works now.\n\n{line}\n\nYour ticket was updated.").text == "It works now."
    assert (
        strip_reply(f"{line}\n\nThe ticket is solved: turn the lamp off.").text
        == "The ticket is solved: turn the lamp off."
    )


def test_answers_between_quoted_lines_stay_with_what_they_answer() -> None:
    text = """Hi Ann,

On Thu, Jun 26, 2014 at 2:14 PM, Ann Lee <ann@example.com> wrote:
> Which lamp blinks?

The red one.

> Since when?

Since Monday.

> Thanks a lot,
> Ann
> and the team
"""
    stripped = strip_reply(text)
    assert stripped.text == "Hi Ann,\n\n> Which lamp blinks?\n\nThe red one.\n\n> Since when?\n\nSince Monday."
    assert [part.text.split("\n")[0][:6] for part in stripped.removed] == ["On Thu", "> Than"]


def test_an_answer_below_the_quote_is_the_message() -> None:
    stripped = strip_reply("On 26/06/2014 14:14, Ann Lee wrote:\n> Which lamp?\n> And when?\n\nThe red one.\n")
    assert stripped.text == "The red one."


def test_a_forwarded_message_is_content_without_its_headers() -> None:
    headers = (
        "From: Ann Lee <ann@example.com>\nDate: Thu, Jun 26, 2014 at 2:14 PM\nSubject: Lamp\nTo: Bo <bo@example.com>"
    )
    for before in ("", "Can you help her?\n\n"):
        text = f"{before}---------- Forwarded message ---------\n{headers}\n\nThe red lamp blinks all day.\n"
        stripped = strip_reply(text)
        assert stripped.text == f"{before}The red lamp blinks all day."
        assert "ann@example.com" in stripped.removed[0].text


def test_headers_with_nothing_above_them_are_a_forward_and_so_are_those_of_a_forwarded_mail() -> None:
    text = f"{HEADERS['en']}\n\nThe red lamp blinks all day."
    assert strip_reply(text).text == "The red lamp blinks all day."
    assert strip_reply(f"For Bo.\n\n{text}", forwarded=True).text == "For Bo.\n\nThe red lamp blinks all day."
    assert strip_reply(f"I will look.\n\n{text}").text == "I will look."


def test_a_quote_stays_where_the_answer_is_said_to_stand_within_it() -> None:
    text = f"My answers below, in red.\n\nBest,\nAnn\n\n{HEADERS['en']}\n\nWhich lamp? The red one."
    assert strip_reply(text).text == "My answers below, in red.\n\nWhich lamp? The red one."


@pytest.mark.parametrize(
    "text",
    [
        "From: London\nTo: Paris\nDate: 12 May\n\nPlease book this for two.",
        "The log says:\n\n2014-06-26 14:14 the server wrote:\nERROR 17\n\nWhat is that?",
        "If a > b\n> 5 users can log in, it fails.",
        "From your site\n\nName: Ann\nFrom: ann@example.com\nSubject: Lamp\nDate: 2024-05-01\nText: it blinks",
        "Name: Ann Lee\nEmail: ann@example.com\nSubject: Lamp\nMessage: it blinks",
        "The original message was lost.\nPlease send it again, and the date: 26.06.2014 14:14.",
        "Steps:\n> git pull\n\nThen it fails.",
        "The log says:\n2014-06-26 14:14:07 ann@example.com:\nhello\nWhy is that?",
        "At 14:14 on 26/06/2014 I wrote you that it fails and you said: no.",
    ],
)
def test_content_that_looks_like_a_quote_stays(text: str) -> None:
    assert strip_reply(text).text == text


HTML_QUOTES = {
    "gmail": '<div class="gmail_quote"><div class="gmail_attr">Thursday, Ann sent this:<br></div>'
    '<blockquote class="gmail_quote">Which lamp?</blockquote></div>',
    "yahoo": '<div id="ydp1" class="yahoo_quoted"><div>On Thursday, Ann Lee wrote:</div><div>Which lamp?</div></div>',
    "apple": '<div><br><blockquote type="cite"><div>On 26 Jun 2014, Ann wrote:</div><div>Which '
    "lamp?</div></blockquote></div>",
    "outlook web": '<div id="appendonsend"></div><hr><div id="divRplyFwdMsg"><font><b>Avsender:</b> Ann<br>'
    "<b>Når:</b> i går<br><b>Om:</b> Lamp</font></div><div>Which lamp?</div>",
    "outlook": "<div><div style='border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0in 0in 0in'>"
    "<p><b>From:</b> Ann Lee &lt;ann@example.com&gt;<br><b>Sent:</b> Thursday<br><b>To:</b> "
    "Bo<br><b>Subject:</b> Lamp</p></div></div><p>Which lamp?</p>",
    "outlook prefixed": '<div id="x_divRplyFwdMsg"><b>From:</b> Ann Lee &lt;ann@example.com&gt;<br><b>Sent:</b> '
    "Thursday<br><b>Subject:</b> Lamp</div><p>Which lamp?</p>",
    "thunderbird": '<div class="moz-cite-prefix">Den 26, Ann:<br></div><blockquote type="cite" cite="mid:1">'
    "<p>Which lamp?</p></blockquote>",
    "proton": '<div class="protonmail_quote">------- Original Message -------<br>On Thursday, Ann '
    '&lt;ann@example.com&gt; wrote:<br><blockquote type="cite">Which lamp?</blockquote></div>',
    "one line": "<p><b>From:</b> Ann Lee <b>Sent:</b> Thursday <b>To:</b> Bo <b>Subject:</b> Lamp</p><p>"
    "Which lamp?</p>",
    "hotmail": '<div><hr id="stopSpelling">Date: Thu, 26 Jun 2014<br>Subject: Lamp<br>From: ann@example.com<br>To: '
    "bo@example.com<br><br>Which lamp?</div>",
    "aol": "<div>-----Original Message-----<br>From: Ann &lt;ann@example.com&gt;<br>Sent: Thu<br>Which lamp?</div>",
    "spaced": "<p>From: Ann Lee</p><p>Sent: Thursday</p><p>To: Bo</p><p>Subject: Lamp</p><p>Which lamp?</p>",
    "typed": "<p>On 26/06/2014 14:14, Ann Lee wrote:<br>&gt; Which lamp?</p>",
}


@pytest.mark.parametrize("client", HTML_QUOTES)
def test_quotes_in_the_html_of_every_client_go(client: str) -> None:
    stripped = strip_reply_html(f"<div>The <b>red</b> lamp blinks.</div><br>{HTML_QUOTES[client]}")
    assert stripped.text == "The **red** lamp blinks."
    assert "Which lamp?" in "".join(part.text for part in stripped.removed)


def test_an_indented_paragraph_of_html_is_no_quote() -> None:
    html = (
        "<p>The manual says:</p><blockquote>Press it.</blockquote><p>That fails.</p><blockquote>"
        "a<br>b<br>c</blockquote>"
    )
    assert strip_reply_html(html).removed == ()


def test_answers_between_the_quotes_of_html_stay() -> None:
    html = (
        '<div class="gmail_quote"><div class="gmail_attr">On 26 Jun 2014 at 14:14 Ann '
        "&lt;ann@example.com&gt; wrote:</div>"
        '<blockquote class="gmail_quote">Which lamp?</blockquote><div>The red one.</div>'
        '<blockquote class="gmail_quote">Since when?</blockquote><div>Since Monday.</div></div>'
    )
    assert strip_reply_html(html).text == "> Which lamp?\n\nThe red one.\n\n> Since when?\n\nSince Monday."


def test_a_forward_in_html_is_content() -> None:
    html = (
        '<div>Please help.</div><div class="gmail_quote"><div class="gmail_attr">---------- '
        "Forwarded message ---------<br>"
        "From: Ann &lt;ann@example.com&gt;<br>Date: Thu, 26 Jun 2014<br>Subject: Lamp<br>To: Bo<br></div>"
        "<p>The red lamp blinks.</p></div>"
    )
    assert strip_reply_html(html).text == "Please help.\n\nThe red lamp blinks."
