"""The words that mail clients and their users put around a message, in the languages they speak.

Knows nothing of where in a mail they stand. Patterns are for one line or for a window of a few, in lower case; each is
without nested repetition, so that none takes more than linear time.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType


def phrases(text: str) -> tuple[str, ...]:
    """The phrases between bars or line ends, the longest first."""
    found = {" ".join(phrase.split()) for line in text.split("\n") for phrase in line.split("|")} - {""}
    return tuple(sorted(found, key=lambda phrase: (-len(phrase), phrase)))


def any_of(text: str) -> str:
    """A pattern for one of the phrases between bars or line ends; the longest that fits is found."""
    return "(?:" + "|".join(map(re.escape, phrases(text))) + ")"


WROTE = re.compile(
    r"(?<!\w)"
    + any_of("""
wrote|writes|said|schrieb|geschrieben|a écrit|ha escrit|va escriure|escribió|escribio|ha scritto|scrive|escreveu
schreef
skrev|skreiv|har skrevet|kirjoitti|napisał|napisał(a)|napisała|pisze|napsal|napsal(a)|napsala|napísal|napísal(a)
napísala
написал|написал(а)|написала|пишет|писал|писал(а)|написав|написав(-ла)|написала|пише|написа|yazdı|şunu yazdı
şunları yazdı|írta|ezt írta
a scris|έγραψε|je napisao|je napisala|je napisao/la|je napisal|je napisal/a|kirjutas|rakstīja|rašė|parašė|đã viết
menulis|menulis:|skrifaði|idatzi du|escribiu|כתב|כתבה|מאת|كتب|كتبت|ने लिखा|เขียนว่า
""")
    + r"(?!\w)|写道|寫道|写到|作成|작성|님이|썼습니다|씀|書きました|のメール|からのメール|さんは|書いた"
)
"""A verb by which a client says whose words follow."""

LEAD = re.compile(
    r"\W{0,6}(?:\d|"
    + any_of("""
on|at|am|le|el|en|il|in data|em|no dia|a |op|den|på|dne|dnia|w dniu|dňa|v |în|la|в|во|на|у|tarihinde|στις|vào|pada
kl|mon|tue|wed|thu|fri|sat|sun|lun|mar|mer|jeu|ven|sam|dim|mo|di|mi|do|fr|sa|so|gio|pon|wt|śr|czw|pt|sob|вт|ср|чт|пт
сб|вс|пн
ma|ti|ke|to|pe|su|lø|lör|tor|ons|tir|tis|man|mån|fre|søn|sön|feb|jan|po|út|st|čt|pá|so|ne|在|於|于|ב-|בתאריך|في|em qua
""")
    + r"|[\w.+-]{1,64}@|[\"“«<]|[^\W\d_]{1,30} [^\W\d_]{1,30})"
)
"""How the line in front of a quote may begin: a preposition of time, a weekday, a date, a name, an address."""

_FIELDS: Mapping[str, str] = MappingProxyType(
    {
        "from": """
from|von|de|da|van|från|fra|lähettäjä|od|от|от кого|від|差出人|送信者|发件人|寄件者|寄件人|보낸 사람|보낸사람|발신
kimden|gönderen
feladó|de la|de la|από|šalje|pošiljatelj|saatja|no|nuo|từ|dari|מאת|من|จาก|expéditeur|mittente|remitente|remetente
nadawca|odesílatel|odosielateľ|afzender|absender|avsändare|afsender|avsender
""",
        "sent": """
sent|date|gesendet|gesendet am|datum|envoyé|envoyé le|date d'envoi|enviado|enviado el|enviada em|enviado em|enviada
fecha|data|inviato|data invio|verzonden
skickat|sendt|dato|lähetetty|päivämäärä|pvm|päiväys|wysłano|wysłane|odesláno|odoslané|dátum|отправлено|дата|надіслано
відправлено|送信日時|日時|日付|发送时间|发送日期|寄件日期|日期|时间
보낸 날짜|날짜|보낸날짜|gönderildi|gönderme tarihi|gönderilme tarihi|tarih|elküldve|küldve|trimis|ημερομηνία|εστάλη
poslano
saadetud|nosūtīts|išsiųsta|đã gửi|ngày|dikirim|tanggal|נשלח|תאריך|تاريخ الإرسال|التاريخ|تم الإرسال|วันที่
""",
        "to": """
to|an|à|a|para|per|aan|till|til|vastaanottaja|do|dla|komu|pro|кому|до|宛先|收件人|받는 사람|받는사람|수신|kime|alıcı
címzett|către
catre|προς|za|prima|saaja|kam|kam|kam|đến|kepada|אל|إلى|ถึง
destinataire|destinatario|destinatário|empfänger|ontvanger|mottagare|modtager|mottaker
""",
        "cc": """
cc|bcc|cci|kopie|copie|copie à|cc:|kopia|kopi|kopio|dw|udw|копия|копія|másolatot kap|抄送|副本|참조|bilgi|κοιν|עותק
نسخة
kopi til|in kopie
""",
        "subject": """
subject|betreff|objet|sujet|asunto|oggetto|assunto|onderwerp|ämne|emne|aihe|temat|předmět|predmet|тема|件名|主题|主旨
標題|제목
konu|tárgy|subiect|θέμα|naslov|zadeva|teema|temats|tema|chủ đề|tiêu đề|subjek|perihal|נושא|الموضوع|เรื่อง
""",
        "more": """
reply-to|antwort an|répondre à|responder a|importance|priority|wichtigkeit|priorität|importancia|attachments|anlagen
pièces jointes|adjuntos|allegati|anexos|bijlagen|bilagor|вложения|添付ファイル|附件|on behalf of|organization
resent-from
""",
    }
)
FIELD = re.compile(
    "|".join(f"(?P<{role}>{any_of(names)})" for role, names in _FIELDS.items()).join(
        [r"(?<![\w/])(?:", r")[ \t\u00a0]?[ \t]?[:：](?!//)"]
    )
)
"""A header of a mail as clients repeat it above a quote; the group that matched is its role."""

ORIGINAL = re.compile(
    r"\W{0,12}"
    + any_of("""
original message|original appointment|original-nachricht|ursprüngliche nachricht|originalnachricht|message d'origine
message d’origine|message original
mensaje original|messaggio originale|messaggio original|mensagem original|oorspronkelijk bericht
oorspronkelijke bericht|ursprungligt meddelande|originalmeddelande
original meddelelse|oprindelig meddelelse|opprinnelig melding|original melding|alkuperäinen viesti
oryginalna wiadomość|wiadomość oryginalna|původní zpráva|pôvodná správa
исходное сообщение|оригинальное сообщение|пересланное сообщение от|оригінальне повідомлення|вихідне повідомлення
original e-mail|original email|元のメッセージ|原始邮件|原始郵件|邮件原件|원본 메시지|원본 메일|orijinal mesaj
özgün ileti|orijinal ileti
orjinal mesaj
eredeti üzenet|mesaj original|mesajul original|αρχικό μήνυμα|izvorna poruka|originalna poruka|izvirno sporočilo
thư gốc|tin nhắn gốc|pesan asli|reply message|הודעה מקורית|الرسالة الأصلية|missatge original
""")
    + r"\W{0,12}$"
)
FORWARDED = re.compile(
    r"\W{0,12}"
    + any_of("""
forwarded message|begin forwarded message|forwarded by|weitergeleitete nachricht
anfang der weitergeleiteten nachricht|message transféré|début du message transféré|début du message réexpédié
mensaje reenviado|inicio del mensaje reenviado|inizio messaggio inoltrato|messaggio inoltrato|mensagem encaminhada
mensagem reencaminhada|início da mensagem encaminhada|início da mensagem reencaminhada|doorgestuurd bericht
begin doorgestuurd bericht
vidarebefordrat meddelande|vidarebefordrat brev|videresendt besked|videresendt meddelelse|start på videresendt besked
videresendt melding|videresendt e-post|välitetty viesti|edelleenlähetetty viesti|przekazana wiadomość
wiadomość przekazana|treść przekazanej wiadomości|přeposlaná zpráva|preposlaná správa
пересылаемое сообщение|пересланное сообщение|переадресованное сообщение|начало переадресованного сообщения
переслане повідомлення|転送されたメッセージ|転送メッセージ|转发的邮件|转发邮件信息|轉寄郵件|轉寄的訊息|전달된 메시지
전달된 메일|iletilen mesaj|iletilen ileti
yönlendirilmiş mesaj
továbbított üzenet|mesaj redirecționat|mesaj redirectionat|προωθημένο μήνυμα|proslijeđena poruka
posredovano sporočilo|chuyển tiếp thư|tin nhắn được chuyển tiếp|pesan terusan|הודעה שהועברה|رسالة معاد توجيهها
missatge reenviat
""")
    + r"(?:\W|$)"
)
DELIMITER = re.compile(
    r"\W{0,12}(?:please |bitte |merci de |por favor,? |veuillez )?"
    + any_of("""
type your reply above this line|reply above this line|reply above this line to add a comment
add your reply above this line|write above this line to reply|respond above this line|do not write below this line
please do not write below this line|please do not reply below this line|please reply above this line
enter your reply above this line
antworten sie über dieser zeile|antwort bitte über dieser zeile eingeben|geben sie ihre antwort über dieser zeile ein
oberhalb dieser zeile antworten|répondez au-dessus de cette ligne|saisir votre réponse au-dessus de cette ligne
tapez votre réponse au-dessus de cette ligne|veuillez entrer votre réponse au-dessus de cette ligne
escriba su respuesta por encima de esta línea|escriba su respuesta encima de esta línea
responda por encima de esta línea
digitare la risposta sopra questa riga|scrivi la tua risposta sopra questa riga|digite sua resposta acima desta linha
responda acima desta linha|typ uw antwoord boven deze regel|typ je antwoord boven deze regel
skriv ditt svar ovanför denna rad|skriv dit svar over denne linje|skriv svaret ditt over denne linjen
kirjoita vastauksesi tämän rivin yläpuolelle|wpisz odpowiedź powyżej tej linii|napište svou odpověď nad tento řádek
введите ответ над этой строкой|введите свой ответ выше этой строки|この行の上に返信を入力してください
この行より上に返信|请在此行上方输入回复|請在此行上方輸入
이 줄 위에 답장을 입력하십시오|bu satırın üzerine yanıtınızı yazın|lütfen yanıtınızı bu satırın üzerine yazın
""")
    + r"(?:\W|$)"
)
"""The line above which a help desk wants the answer."""

REPLY_PREFIX = re.compile(
    r"\s*(?:\[[^\]\n]{1,40}\]\s*)?(?:"
    + any_of(
        "re|r|aw|antw|antwort|sv|vs|ref|rif|res|odp|resp|vá|ynt|cevap|yan|回复|回覆|答复|返信|답장|회신|ответ|отв|απ|σχετ|ad|bls|rép|ré"
    )
    + r")(?:\s*\[\d{1,3}\]|\s*\(\d{1,3}\)|\^\d{1,3})?\s*[:：]\s*",
    re.I,
)
FORWARD_PREFIX = re.compile(
    r"\s*(?:\[[^\]\n]{1,40}\]\s*)?"
    + any_of("fwd|fw|wg|tr|rv|i|enc|doorst|vb|vidarebef|vl|pd|转发|轉寄|転送|전달|пересл|ilt|i̇lt|továbbítás|πρθ|fs")
    + r"\s*[:：]\s*",
    re.I,
)
"""Marks of an answer and of a forward before a subject; `VS` is an answer in Finland and a forward in Denmark."""
ANSWERS_BELOW = phrases("""
see below|see my answers|see my comments|answers below|comments below|responses below|replies below|answered below
answers inline|comments inline|see inline|inline below|in-line|in red|in blue|in bold below|forwarding|fyi
siehe unten|s. unten|siehe meine|antworten unten|in rot|voir ci-dessous|voir mes réponses|ci-dessous mes|en rouge
ver abajo
más abajo|respuestas abajo|en rojo|vedi sotto|qui sotto|in rosso|ver abaixo|veja abaixo|a vermelho|em vermelho
zie hieronder
zie onder|in het rood|se nedan|se nedenfor|se under|katso alta|zobacz poniżej|patrz poniżej|viz níže|см. ниже
смотрите ниже
див. нижче|以下をご覧|下記の通り|见下文|見下文|아래 참조|aşağıya bakın
""")
"""How somebody says that the answer stands within the quote below, or that the quote is what there is to say."""
