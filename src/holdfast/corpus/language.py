"""Which languages a text seems to be in.

Knows nothing of documents. A guess to notice a mixed corpus by, not to process one document by.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from functools import cache, lru_cache
from types import MappingProxyType


def _table(text: str) -> Mapping[str, frozenset[str]]:
    """What stands behind each language's name and colon."""
    parts = re.split(r"\b([a-z]{2}):", text)
    return MappingProxyType(
        {name: frozenset(words.split()) for name, words in zip(parts[1::2], parts[2::2], strict=True)}
    )


_FREQUENT = _table("""
en: the of and to in is that for you it with are this not your can have be was i my we on at from please what how
when if do does has will been
de: der die und das ist nicht sie mit ein eine zu den auf für im von ich wir es dem des auch wie wenn aber kann
haben wird bitte nach bei einen oder noch
fr: le la les des et est une vous pour dans que qui pas du sur votre je nous il ne au avec ce cette mon ma sont
être mais comment aux plus ai
es: el los las que es una por con para del se su como más usted y me mi no está lo un pero qué cómo cuando si son
hay al muy tengo gracias
it: il che di è per una con non sono della gli del nel più si alla mi un lo come ho anche questo questa ma dei
delle le ed hai nella quando
pt: o que de e do da em um para é com não uma os no se na por mais as dos como mas foi ao ele das você eu meu
minha está isso seu
nl: de het een en van is dat niet te op voor met zijn je aan uw ik we er om als ook maar naar bij wordt kan hoe
mijn heb deze dit nog
sv: och att det som en på är av för med den inte till du ett kan jag har om vi men när hur ni från eller min var
så också detta
da: og at det som en på er af for med den ikke til du et kan jeg har vi men når hvordan fra eller min var så også
dette der efter bliver blev
no: og å det som en på er av for med den ikke til du et kan jeg har vi men når hvordan fra eller min var så også
dette ikkje etter blir ble noe
fi: ja on ei se että en hän mutta ovat kun niin joka myös tämä olen sen voi jos minun oli miten kuin mitä ole tai
vain kanssa meidän olla
pl: i w nie na się z to że do jest jak o co po dla od ale czy mam są tak przez moje proszę być już może jego tym
przy kiedy nas
cs: a se na je že to v s z do jak jsem ale by si jsou pro není tak co po jste když také nebo jeho mám prosím být
má od dobrý
sk: a sa na je že to v s z do ako som ale by si sú pre nie tak čo po ste keď tiež alebo jeho mám prosím byť má od
dobrý
hu: a az és hogy nem is egy ez van meg de ha már csak mint azt nagyon vagy ezt lehet kell volt el én most mi ki
hogyan köszönöm kérem
ro: și de la nu în o cu că pe să este un din care mai pentru sunt am ce o fi dar ați ca după când cum acest
această vă
tr: ve bir bu için de da ne ile çok var ama daha olarak gibi mı mi ben nasıl değil sonra kadar her ya o lütfen
olan yok en
id: yang dan di tidak ini itu dengan untuk dari saya ke pada adalah akan bisa juga sudah anda kami ada atau apa
bagaimana karena dalam oleh mohon
vi: là và của có không được cho trong một với tôi các này khi đã những người để từ bạn như thế nào về ở vì thì lại
vui lòng
hr: i je u se na da su za od ne s što kao ali a o to koji iz bi sam kako li nije ili samo moj kada molim ste smo
sve
lt: ir kad yra su į iš tai ne kaip bet ar man jūs mes nuo už po dėl jis ji buvo mano labai gali kur prašau bus tik
nėra savo
lv: un ir ka ar no uz par es jūs mēs nav tas bet vai kā man to pie pēc lai bija mans ļoti var kur lūdzu tikai būs
kas savu
et: ja on ei et see ma te me ka kui aga oma mis oli kas ta või saab siis meie minu väga kuidas palun selle nagu
veel ole
ca: el la els les que és una per amb del i no un com més però si son aquest aquesta meu meva estic gràcies què els
molt dels al ho
""")
"""Words that every text of a language repeats."""

_LETTERS = _table("""
de: ß ä ö ü  fr: ç è ê ë î ï ô û œ ù à é  es: ñ ó í á é ú  it: ò è à ì ù  pt: ã õ ç á â ê é ó í  nl: ĳ ë  sv: å ä
ö  da: å ø æ  no: å ø æ  fi: ä ö  pl: ł ż ź ą ę ś ć ń ó  cs: ř ě ů ý ž š č á í é  sk: ľ ĺ ŕ ô ä ý ž š č ť ď á í
hu: ő ű á é í ó ö ü  ro: ă ș ț â î ş ţ  tr: ğ ı ş ç ö ü  vi: ơ ư đ ă ạ ả ấ ầ ậ ắ ặ ẹ ế ề ệ ể ị ọ ố ồ ộ ớ ờ ợ ụ ứ ừ
ự ỳ ê ô â  hr: č ć đ š ž  lt: ė į ų ū ą č ę š ž  lv: ā ē ī ū ļ ķ ņ ģ č š ž  et: õ ä ö ü  ca: · ç è é ò à ï
""")
"""Letters of a language beyond those of English."""

_ENDINGS = _table("""
en: ing tion ed ly ness ould ere  de: ung lich keit isch cht chen ten ern rt  fr: tion eux ment eur ait oir er ez
ons lle tte  es: ción ado dad mente ando ero ión ar ora illo iento  it: zione mente tto are ato tti ggi one zza
ento  pt: ção ado dade mente ão inho ões ora em  nl: lijk heid ing aar oor ij en cht eerd elen  sv: ning ade arna
het lig are ning rna  da: ning ede erne hed lig else erne  no: ning ene het lig else ker  fi: ssa ssä lla llä sta
stä nen ksi aan ään tti uu in en  pl: ość nie ych ego ć ła ie cja rz  cs: ost ní ých ého ka ě ů t ala  sk: osť nie
ých ého ka ť ila  hu: ság ség nak nek ban ben ok ek tt ek át ot et  ro: ul ului ea are ție ele at esc  tr: lar ler
dır dir yor mak mek da de ın ım  id: kan an nya ar ah ng  hr: nje ost ima ao la ti je  lt: as is us ų ti ės  lv:
as ais ība s ām  et: mine ksid st ud d le  ca: ció tat ment itat ció ar
""")
"""Endings by which the words of a language are made."""

_SCRIPTS: tuple[tuple[str, str], ...] = (
    ("kana", "\u3040-\u30ff"),
    ("han", "\u3400-\u4dbf\u4e00-\u9fff"),
    ("ko", "\uac00-\ud7af\u1100-\u11ff"),
    ("cyrillic", "\u0400-\u052f"),
    ("arabic", "\u0600-\u06ff\u0750-\u077f"),
    ("he", "\u0590-\u05ff"),
    ("el", "\u0370-\u03ff\u1f00-\u1fff"),
    ("hi", "\u0900-\u097f"),
    ("bn", "\u0980-\u09ff"),
    ("ta", "\u0b80-\u0bff"),
    ("th", "\u0e00-\u0e7f"),
    ("ka", "\u10a0-\u10ff"),
    ("hy", "\u0530-\u058f"),
)
_SCRIPT = re.compile("|".join(f"(?P<{name}>[{letters}]+)" for name, letters in _SCRIPTS))
_WITHIN: Mapping[str, tuple[tuple[str, str], ...]] = MappingProxyType(
    {  # letters that only one language of a script has, the surest first
        "cyrillic": (("uk", "іїєґ"), ("be", "ў"), ("sr", "ђћљњјџ"), ("ru", "ыэё"), ("bg", "ъ")),
        "arabic": (("ur", "ٹڈڑےںھ"), ("fa", "پچژگکی")),
    }
)
_ANY_SCRIPT = re.compile(f"[{''.join(letters for _, letters in _SCRIPTS)}]")
_USUAL: Mapping[str, str] = MappingProxyType({"cyrillic": "ru", "arabic": "ar"})
_WORD = re.compile(r"[^\W\d_]+")
_NO_PROSE = re.compile(r"```.*?(?:```|\Z)|`[^`\n]{1,200}`|https?://\S+|\S{1,64}@\S{1,190}", re.S)
FEWEST_WORDS = 3
SHORT = 8
"""Words below which a text needs more evidence."""
MAX_CHARACTERS = 4000


def language_of(text: str) -> str | None:
    """Its two-letter name: by its script and letters, or by its frequent words. None where that does not tell.

    Of a text in several languages, the one with most of its start.
    """
    text = _NO_PROSE.sub(" ", text[:MAX_CHARACTERS]).lower()
    return _by_script(text) or _by_words(_WORD.findall(text))


def _by_script(text: str) -> str | None:
    if text.isascii() or _ANY_SCRIPT.search(text) is None:
        return None
    letters = sum(map(len, _WORD.findall(text)))
    counts: Counter[str] = Counter()
    for found in _SCRIPT.finditer(text):
        counts[found.lastgroup or ""] += len(found[0])
    if counts["kana"] * 20 > counts["han"]:  # a Japanese text is never without kana, a Chinese one nearly always
        counts["kana"], counts["han"] = counts["kana"] + counts["han"], 0
    for script, count in counts.most_common(1):
        if count * 3 > letters and count > 1:
            return {"kana": "ja", "han": "zh"}.get(script) or _within(script, text)
    return None


def _within(script: str, text: str) -> str:
    if script not in _WITHIN:
        return script
    total = sum(map(len, re.findall(dict(_SCRIPTS)[script].join("[]"), text)))
    for name, letters in _WITHIN[script]:
        if sum(map(text.count, letters)) * 80 > total:
            return name
    return _USUAL[script]


@cache
def _weights() -> Mapping[str, Mapping[str, float]]:
    """What each word, `*` letter and `-` ending adds to each language: less the more languages have it."""
    holders: dict[str, list[str]] = {}
    for name, words in _FREQUENT.items():
        for word in words:
            holders.setdefault(word, []).append(name)
    letters: dict[str, list[str]] = {}
    for name, own in _LETTERS.items():
        for letter in own:
            letters.setdefault(letter, []).append(name)
    weights = {word: dict.fromkeys(names, 1 / len(names) ** 0.5) for word, names in holders.items()}
    weights |= {f"*{letter}": dict.fromkeys(names, 0.8 / len(names) ** 0.5) for letter, names in letters.items()}
    endings: dict[str, list[str]] = {}
    for name, ends in _ENDINGS.items():
        for end in ends:
            endings.setdefault(end, []).append(name)
    weights |= {f"-{end}": dict.fromkeys(names, 0.1 * len(end) / len(names) ** 0.5) for end, names in endings.items()}
    return MappingProxyType(weights)


@lru_cache(4096)
def _said_by(word: str) -> tuple[tuple[str, float], ...]:
    """What a word adds to each language, mark by mark."""
    weights = _weights()
    marks = [word] if word in weights else [f"-{word[-size:]}" for size in (1, 2, 3, 4, 5) if size < len(word) - 1]
    if not word.isascii():
        marks += [f"*{letter}" for letter in word if letter > "\x7f"]
    return tuple(added for mark in marks if mark in weights for added in weights[mark].items())


def _by_words(words: list[str]) -> str | None:
    if len(words) < FEWEST_WORDS:
        return None
    scores: dict[str, float] = dict.fromkeys(_FREQUENT, 0.0)
    for word, times in Counter(words).items():
        for name, weight in _said_by(word):
            scores[name] += weight * times
    (second, _), (most, best) = sorted((score, name) for name, score in scores.items())[-2:]
    enough = most >= 0.08 * len(words) and (len(words) >= SHORT or most >= 0.8)
    return best if enough and most > 1.1 * second else None
