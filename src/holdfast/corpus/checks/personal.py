"""Personal data and secrets in a text: where they stand, by kind, and how to quote a text without them.

Knows nothing of documents. Reports only what its own shape or checksum proves, or a word beside it says.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from ipaddress import AddressValueError, IPv4Address
from types import MappingProxyType
from typing import NamedTuple

from holdfast.corpus.checks.near import near


class Found(NamedTuple):
    """A stretch of a text and the code of what it is."""

    code: str
    start: int
    end: int


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_LOCAL = re.compile(r"[\w.+%-]{1,64}$")
_HOST = re.compile(r"(?:[A-Za-z0-9-]{1,63}\.){1,5}[A-Za-z]{2,24}(?![\w@])")
_ROLES = _words(
    """
    abuse accounting accounts admin administrator alerts api auth billing booking builder business careers
    cloud community compliance conduct contact customer customercare customerservice data datenschutz dev
    donotreply dpo editor email enquiries events example feedback finance git help helpdesk hello hr info
    inquiries it jobs kontakt legal licence license mail mailer marketing me media moderator name news
    newsletter no noreply notifications notify office opensource orders partners phishing postmaster press
    privacy questions recipient report returns root sales security sender service services shipping shop
    someone store subscribe subscription support system team test trademark user username verify webmaster you
    your yourname
    """
)
_EXAMPLE_HOSTS = re.compile(
    r"(?:^|\.)(?:example\.\w+|example|test|invalid|localhost|domain\.com|email\.com|company\.com)$|\.(?:png|jpe?g|gif|svg|webp|css|js)$",
    re.I,
)
_CAPITAL = re.compile("[A-Z]")
_NUMBER = re.compile(r"\d(?:[ .()/-]{0,2}\d){5,}")
_DIGITS = re.compile(r"(?<![\w.=&#/-])(?<!\d,)(?:\+ ?)?\(?\d(?:[ .()/-]{0,2}\d){5,21}(?![\w=]|[-.,/]\w)")
_CARD = re.compile(r"\d{13,19}|\d{4}([ -])\d{4}\1\d{4}\1\d{1,4}(?:\1\d{3})?|\d{4}([ -])\d{6}\2\d{4,5}")
_ISSUER = re.compile(r"4|5[1-5]|2[2-7]|3[04-9]|6(?:011|4[4-9]|5|2)|1800|2131|50|5[678]|6[37]")  # ISO/IEC 7812-1
_NANP = re.compile(r"(?:\+?1[ .-]?)?(?:\([2-9]\d\d\) ?|[2-9]\d\d[ .-])[2-9]\d\d[ .-]\d{4}")
_NATIONAL = re.compile(r"0\d{2,4}(?: \d{2,4}){2,4}")
_INTERNATIONAL = re.compile(r"\+ ?[1-9](?!\.\d{3})")
_FICTIONAL = re.compile(r"\+?1?[ .(-]*(?:555|\d{3}[ .)-]*555)")
_TOLL_FREE = re.compile(r"\+?1?[ .(-]*(?:800|833|844|855|866|877|888|900)|0800|00800|0808|\+\d\d ?800")
_CALLED = re.compile(
    r"(?:\b(?:phone|telephone|tel|mobile|mob|cell|fax|call|ring|sms|whatsapp|dial|handy|telefon|fon|t[ée]l[ée]phone|"
    r"appele[rz]|tel[ée]fono|m[óo]vil|llam[ea]|telefone|cellulare|numer)\b[^.\n\d]{0,24})$",
    re.I,
)
_IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b")
_IP = re.compile(r"(?<![\w.-])\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}(?![\w-]|\.\d|/\d)")
_VERSIONS = re.compile(r"(?:version|release|firmware|build|v|oid)\W{0,3}$", re.I)
_NAME = re.compile(r"\b(?:Mr|Mrs|Ms|Dr|Herr|Frau|Mme|Señora?)\b\.? ([A-ZÀ-Þ][\w'’-]+(?: [A-ZÀ-Þ][\w'’-]+){0,2})")
_TITLES = ("Mr", "Mrs", "Ms", "Dr", "Herr", "Frau", "Mme", "Señor", "Señora")
_SSN = re.compile(r"(?<![\w-])(?!000|666|9)\d{3}-(?!00)\d{2}-(?!0000)\d{4}(?![\w-])")
_CPF = re.compile(r"(?<!\d)\d{3}\.\d{3}\.\d{3}-\d{2}(?!\d)")
_NINO = re.compile(r"\b(?![DFIQUV])[A-Z](?![DFIQUVO])[A-Z] ?\d\d ?\d\d ?\d\d ?[A-D]\b")
_DNI = re.compile(r"\b(?:\d{8}|[XYZ]-?\d{7})-?[A-HJ-NP-TV-Z]\b")


def find(text: str, lowered: str | None = None, heard: Collection[str] | None = None) -> list[Found]:
    """Everything found, by place; where two overlap, the first and longest. Linear in the text.

    `lowered` is the text in lower case and `heard` those of `WORDS` that it holds, where somebody has them already.
    """
    lowered = text.lower() if lowered is None else lowered
    heard = WORDS if heard is None else heard
    found = [*_secrets(text, lowered, heard), *_emails(text), *_in_numbers(text)]
    titles = [title for title in _TITLES if title.lower() in heard]
    found += (Found("personal_name", *match.span(1)) for match in near(text, titles, _NAME, 1, 60))
    return list(_apart(found))


def masked(text: str, found: Iterable[Found] | None = None) -> str:
    """The text with everything that is found in it replaced: the first and last signs stay, of a secret none."""
    made, last = [], 0
    for code, start, end in find(text) if found is None else found:
        kept = text[start:end].strip()
        short = f"{kept[:2]}…{kept[-2:]}" if code != "secret" and len(kept) > 6 else "…"
        made += [text[last:start], short]
        last = end
    return "".join([*made, text[last:]])


def excerpt(text: str, start: int, end: int, around: int = 40, longest: int = 160) -> str:
    """What stands at a place with a little on both sides, on one line, without personal data or secrets."""
    low = max(0, start - 4 * around)
    piece = text[low : end + 4 * around]
    left, right = start - low, min(end - low, start - low + longest)
    found = find(piece)  # before it is cut, so that no half of a number is left that nothing recognises
    left = min([left, *(each.start for each in found if each.start < left < each.end)])
    right = max([right, *(each.end for each in found if each.start < right < each.end)])
    before = masked(piece[:left], [each for each in found if each.end <= left])
    inside = [Found(code, at - left, to - left) for code, at, to in found if left <= at and to <= right]
    middle = masked(piece[left:right], inside)
    after = masked(piece[right:], [Found(code, at - right, to - right) for code, at, to in found if at >= right])
    return " ".join(f"{before[max(0, len(before) - around) :]}{middle}{after[:around]}".split())


def _apart(found: list[Found]) -> Iterator[Found]:
    last = 0
    for one in sorted(found, key=lambda each: (each.start, -each.end)):
        if one.start >= last:
            yield one
            last = one.end


# ------------------------------------------------------------ addresses


def _emails(text: str) -> Iterator[Found]:
    at = text.find("@")
    while at >= 0:
        name = _LOCAL.search(text[max(0, at - 64) : at])
        host = _HOST.match(text, at + 1)
        if name is not None and host is not None and _of_a_person(name[0], host[0]):
            yield Found("personal_email", at - len(name[0]), host.end())
        at = text.find("@", at + 1)


def is_own(address: str, host: str) -> bool:
    """Whether an address is of the site that shows it, and has no name of a person in front."""
    name, _, domain = address.lower().partition("@")
    own = ".".join(host.lower().split(".")[-2:])
    return bool(own) and (domain == own or domain.endswith(f".{own}")) and re.search(r"[._]", name) is None


def _of_a_person(name: str, host: str) -> bool:
    words = set(re.split(r"[._+-]|(?<=[a-z])(?=[A-Z])", name)) | {name}
    role = any(word.lower() in _ROLES for word in words)
    return not role and not name.isdigit() and not _EXAMPLE_HOSTS.search(host)


# ------------------------------------------------------------ numbers


def _in_numbers(text: str) -> Iterator[Found]:
    """Every long number, with what stands around it, by shape."""
    last = 0
    for number in _NUMBER.finditer(text):
        start, end = number.span()
        low, high = max(last, start - 24), min(len(text), end + 24)
        for match in _DIGITS.finditer(text, max(last, start - 3), end + 2):
            code = _code_of_digits(match[0], text[max(0, match.start() - 40) : match.start()])
            if code is not None:
                yield Found(code, *match.span())
        if "-" in number[0] or _CAPITAL.search(text, max(0, start - 5), end + 3) is not None:
            for code, pattern, holds in _SHAPES:
                for match in pattern.finditer(text, low, high):
                    if match.end() > start and holds(match[0]):
                        yield Found(code, *match.span())
        ip = _IP.search(text, max(0, start - 1), high) if "." in number[0] else None
        if ip is not None and _is_public(ip[0]) and not _VERSIONS.search(text[max(0, ip.start() - 12) : ip.start()]):
            yield Found("personal_ip", *ip.span())
        last = end


def _code_of_digits(piece: str, before: str) -> str | None:
    digits = "".join(filter(str.isdigit, piece))
    if 13 <= len(digits) <= 19 and _CARD.fullmatch(piece) and _ISSUER.match(digits) and _luhn(digits):
        return "personal_card"
    if _SSN.fullmatch(piece) or _CPF.fullmatch(piece):
        return None  # told by its own shape
    if not 7 <= len(digits) <= 15 or len(set(digits)) < 4 or _TOLL_FREE.match(piece) or _FICTIONAL.match(piece):
        return None
    if _IP.fullmatch(piece) or _DATE.fullmatch(piece):
        return None
    international = _INTERNATIONAL.match(piece) is not None and len(digits) >= 9
    national = _NATIONAL.fullmatch(piece) is not None and 9 <= len(digits) <= 11
    apart = re.search(r"[ ()/.-]", piece) is not None
    if international or national or _NANP.fullmatch(piece) or (apart and _CALLED.search(before) is not None):
        return "personal_phone"
    return None


_DATE = re.compile(r"\d{1,2}[./ -]\d{1,2}[./ -]\d{2,4}|(?:19|20)\d\d[./ -][01]?\d[./ -][0-3]?\d(?:[ .].*)?")


def _luhn(digits: str) -> bool:
    """ISO/IEC 7812-1, annex B."""
    if len(set(digits)) < 3:
        return False
    doubled = [int(digit) * (1 + at % 2) for at, digit in enumerate(reversed(digits))]
    return sum(number - 9 if number > 9 else number for number in doubled) % 10 == 0


def _iban(piece: str) -> bool:
    """ISO 13616: the number that is made by moving the first four signs to the end leaves 1 modulo 97."""
    signs = piece.replace(" ", "")
    if not 15 <= len(signs) <= 34:
        return False
    return int("".join(str(int(sign, 36)) for sign in signs[4:] + signs[:4])) % 97 == 1


def _cpf(piece: str) -> bool:
    digits = [int(sign) for sign in piece if sign.isdigit()]
    sums = (sum(d * w for d, w in zip(digits, range(n + 1, 1, -1), strict=False)) * 10 % 11 % 10 for n in (9, 10))
    return len(set(digits)) > 2 and tuple(sums) == (digits[9], digits[10])


def _dni(piece: str) -> bool:
    signs = piece.replace("-", "")
    number = int(str("XYZ".index(signs[0])) + signs[1:-1]) if signs[0] in "XYZ" else int(signs[:-1])
    return "TRWAGMYFPDXBNJZSQVHLCKE"[number % 23] == signs[-1]


def _as_it_is(piece: str) -> bool:
    """The shape alone tells."""
    return bool(piece)


def _is_public(piece: str) -> bool:
    try:
        address = IPv4Address(piece)
    except AddressValueError:
        return False
    parts = [int(part) for part in piece.split(".")]
    return address.is_global and not address.is_multicast and min(parts[0], max(parts[1:])) > 9


_SHAPES: tuple[tuple[str, re.Pattern[str], Callable[[str], bool]], ...] = (
    ("personal_iban", _IBAN, _iban),
    ("personal_id", _SSN, _as_it_is),
    ("personal_id", _CPF, _cpf),
    ("personal_id", _NINO, _as_it_is),
    ("personal_id", _DNI, _dni),
)

# ------------------------------------------------------------ secrets

_KEYS: Mapping[str, re.Pattern[str]] = MappingProxyType(
    {
        "AKIA": re.compile(r"\bAKIA[0-9A-Z]{16}\b"),
        "ASIA": re.compile(r"\bASIA[0-9A-Z]{16}\b"),
        "AIza": re.compile(r"\bAIza[\w-]{35}"),
        "ghp_": re.compile(r"\bghp_[A-Za-z0-9]{36,}"),
        "gho_": re.compile(r"\bgho_[A-Za-z0-9]{36,}"),
        "github_pat_": re.compile(r"\bgithub_pat_\w{40,}"),
        "glpat-": re.compile(r"\bglpat-[\w-]{20,}"),
        "sk-": re.compile(r"\bsk-(?:[a-z]+-)*[A-Za-z0-9_-]{24,}"),
        "_live_": re.compile(r"\b[srp]k_live_[A-Za-z0-9]{16,}"),
        "xox": re.compile(r"\bxox[abeoprs]-[A-Za-z0-9-]{20,}"),
        "hooks.slack.com/services/": re.compile(r"hooks\.slack\.com/services/T\w+/B\w+/\w{16,}"),
        "eyJ": re.compile(r"\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10,}"),
        "PRIVATE KEY": re.compile(r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----\s+[A-Za-z0-9+/=\s]{60,}"),
    }
)
"""A literal that must be there, and the whole shape."""

_NAMED = re.compile(
    r"(?:api[_ -]?key|(?:aws_)?secret[_ -]?(?:access[_ -]?)?key|access[_ -]?token|auth[_ -]?token|client[_ -]?secret)"
    r"[\"'`*]{0,3}\s*(?:=|:|is)\s*[\"'`]?([A-Za-z0-9+/_-]{20,})",
    re.I,
)
_PASSWORD = re.compile(
    r"(?:password|passwort|kennwort|passcode|mot de passe|contraseña|\bpwd)"
    r"[\"'`*]{0,3}(?:\s*[:=]|\s+(?:is|ist|est|es)\b\s*:?)\s*[\"'`*]{0,3}([^\s\"'`*|<>(){}\[\],]{6,64})",
    re.I,
)
_PLACEHOLDER = re.compile(
    r"example|sample|your|my_?|xxx|\*\*|\.\.\.|placeholder|changeme|change_me|dummy|redacted|secret|1234|"
    r"abc123|abcdef|pass|qwert|^[a-z_-]+$|^[A-Z_-]+$|^[$%@]|^https?:|\\|/.*/.*/",
    re.I,
)


def _last(name: str) -> str:
    """The last word of a name, as a text is asked for it."""
    return re.split("[ -]", name)[-1]


_NAMED_AHEAD = (
    "api key", "api-key", "api_key", "apikey", "secret key", "secret-key", "secret_key", "secret access key",
    "secret_access_key", "aws_secret_access_key", "access token", "access_token", "auth token", "auth_token",
    "client secret", "client_secret",
)  # fmt: skip
_LAST: Mapping[str, str] = MappingProxyType({name: _last(name) for name in _NAMED_AHEAD})
_PASSWORD_AHEAD = ("password", "passwort", "kennwort", "passcode", "passe", "contraseña", "pwd")
WORDS = frozenset({*_LAST.values(), *_PASSWORD_AHEAD, *(title.lower() for title in _TITLES)})
"""The words that a text is asked for before names and passwords are looked for in it."""


def _secrets(text: str, lowered: str, heard: Collection[str]) -> Iterator[Found]:
    for literal, pattern in _KEYS.items():
        if literal in text:
            for match in near(text, (literal,), pattern, 8, 4000):
                if "EXAMPLE" not in match[0].upper() and len(set(match[0])) > 9:
                    yield Found("secret", *match.span())
    if len(lowered) == len(text):
        named = [name for name, last in _LAST.items() if last in heard]
        yield from _given(text, near(lowered, named, _NAMED, 1, 160), 20)
        said = [word for word in _PASSWORD_AHEAD if word in heard]
        yield from _given(text, near(lowered, said, _PASSWORD, 24, 100), 6)


def _given(text: str, matches: Iterable[re.Match[str]], shortest: int) -> Iterator[Found]:
    """Values that are named as a secret and look drawn by chance: signs of several kinds, and no placeholder."""
    for match in matches:
        value = text[match.start(1) : match.end(1)].rstrip(".;:!?")
        kinds = any(map(str.isdigit, value)) + any(map(str.islower, value)) + any(map(str.isupper, value))
        kinds += any(not sign.isalnum() for sign in value)
        if len(value) >= shortest and kinds >= 2 and any(map(str.isdigit, value)) and not _PLACEHOLDER.search(value):
            yield Found("secret", match.start(1), match.start(1) + len(value))
