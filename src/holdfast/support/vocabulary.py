"""The word lists that sentences and terms are read with: abbreviations, stop words, numbers, units, opposites.

Does not know the rules that use them. English first, with the words of German and French that its rules trip on.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# ---------------------------------------------------------------- full stops

TITLES = _words(
    """mr mrs ms dr prof st mt gen sen rep gov capt sgt hon rev messrs fr hr dipl vs e.g i.e eg ie cf approx ca
    incl excl max min resp bzw z.b d.h u.a s.o vgl evtl ggf str tel abs art nr núm sra mme mlle"""
)
"""Abbreviations that never end a sentence."""

BEFORE_NUMBER = _words("no nos p pp fig figs vol sec sect ch chap eq ver v ext rm para")
"""Abbreviations only where a number follows ("No. 5"); otherwise words."""

MAY_END = _words(
    """etc inc ltd co corp jr sr llc u.s u.k u.n e.u d.c a.m p.m ph.d b.sc m.sc al dept est usw ave blvd rd
    jan feb mar apr jun jul aug sep sept oct nov dec mon tue wed thu fri sat sun"""
)
"""Abbreviations that end a sentence where the next word usually starts one."""

STARTERS = _words(
    """the this these that those it its he she they we you i if in on at for from to as when while where what who why
    how however but and so then there here please contact click see after before once our your their his her my a an
    also note not no yes all any each some more most many both either new use using with without"""
)
"""Words that, with a capital, usually start a sentence."""

MONTHS = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
MONTH_NAMES = _words("januar februar märz april mai juni juli august september oktober november dezember") | set(MONTHS)

# ---------------------------------------------------------------- weight of words

STOP_WORDS = _words(
    """a an the this that these those it its he she they we you i me him her them us my your his our their
    is are was were be been being am do does did done doing have has had having will would shall should can could may
    might must of to in on at by for with from as into onto about than then there here and or but if so because while
    who whom whose which what when where why how also just very too any some such own same other each both
    all more most much many up down out over under again once not no nor never none cannot s t re ve ll d m don didn
    doesn isn aren wasn weren won wouldn couldn shouldn haven hasn hadn one's let get got however therefore thus
    one please yes ok okay etc said says like upon via per only"""
)
NEGATIONS = _words(
    """not no never none neither nor cannot without unable nobody nothing isn't aren't wasn't weren't don't doesn't
    didn't can't couldn't won't wouldn't shouldn't hasn't haven't hadn't mustn't ain't n't nicht kein keine"""
)
LIGHT_STEMS = _words(
    """accord base provid given passag articl document context sourc text mention state summari overal addition
    furthermor specif exampl includ variou sever import offer avail relat known consid involv general typic usual help
    need make made take use allow ensur key way thing peopl person number type kind particular certain differ due well
    good great new first last while although though despit during within between among through still even often
    question answer inform detail describ discuss explain note suggest indicat appear seem becom remain continu
    highlight emphasiz conclus final addit moreov meanwhil instead rather lead result caus potenti possibl"""
)
"""Stems that carry style more than content."""

_CONTRARY = """increas:decreas increas:reduc increas:drop ris:fall minimum:maximum befor:after open:clos enabl:disabl
    includ:exclud allow:forbid allow:prohibit accept:reject accept:declin accept:refus approv:reject approv:deni
    free:paid public:privat intern:extern high:low higher:lower earlier:later win:lose buy:sell import:export
    add:remov least:most"""
OPPOSITES: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        stem: frozenset(other for pair in _CONTRARY.split() if stem in pair.split(":") for other in pair.split(":"))
        - {stem}
        for stem in _CONTRARY.replace(":", " ").split()
    }
)
"""Stems that turn a statement into its contrary."""

# ---------------------------------------------------------------- numbers

_ONES = """zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen
    seventeen eighteen nineteen"""
_TENS = "zero ten twenty thirty forty fifty sixty seventy eighty ninety"
SPELLED: Mapping[str, int] = MappingProxyType(
    {word: 10 * value for value, word in enumerate(_TENS.split())}
    | {word: value for value, word in enumerate(_ONES.split())}
)
SCALES: Mapping[str, int] = MappingProxyType(
    {"hundred": 10**2, "k": 10**3, "thousand": 10**3, "m": 10**6, "mn": 10**6, "million": 10**6}
    | {"b": 10**9, "bn": 10**9, "billion": 10**9, "trillion": 10**12}
)
_MEASURES = """ms millisecond milliseconds = 0.001 s; second seconds sec secs = 1 s; minute minutes min mins = 60 s;
    hour hours hr hrs h = 3600 s; day days night nights = 86400 s; week weeks = 604800 s;
    month months = 1 month; year years yr yrs = 12 month; percent % pct = 1 %;
    $ usd dollar dollars = 1 $; cent cents = 0.01 $; € eur euro euros = 1 €; £ gbp pound pounds = 1 £; ¥ jpy yen = 1 ¥;
    g gram grams = 1 g; kg kilogram kilograms kilo kilos = 1000 g; mm = 0.001 m; cm = 0.01 m;
    metre metres meter meters = 1 m; km kilometre kilometres kilometer kilometers = 1000 m;
    mile miles = 1 mile; foot feet ft = 1 foot; inch inches = 1 inch;
    kb = 1e3 byte; mb = 1e6 byte; gb = 1e9 byte; tb = 1e12 byte"""
UNITS: Mapping[str, tuple[str, float]] = MappingProxyType(
    {
        word: (definition.split()[-1], float(definition.split()[-2]))
        for definition in _MEASURES.split(";")
        for word in definition.partition("=")[0].split()
    }
)
"""A word of measure -> (canonical unit, how many of it one is): 24 hours equal 1 day, 30 days never 30 minutes."""

BETWEEN_NUMBER_AND_UNIT = _words("business calendar working full consecutive additional us")
