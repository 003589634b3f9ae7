"""Text that speaks to a language model and would have it do something else, in several languages.

Knows nothing of documents. Rules of wording only: what a model is told to do for its reader ("translate this") is not
told apart from what a text says to people, and is not reported.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from types import MappingProxyType
from typing import NamedTuple

from holdfast.corpus.checks.near import near

AROUND = 160


class Rule(NamedTuple):
    """`pattern` is looked for, in lower case, around each of the `literals`; it begins at most `before` ahead."""

    name: str
    literals: tuple[str, ...]
    pattern: re.Pattern[str]
    before: int


class Injection(NamedTuple):
    """Where a rule holds."""

    rule: str
    start: int
    end: int


_TOLD = (
    r"(?:instruct\w*|prompts?|directions?|directives?|rules?|guidelines?|commands?|orders?|programming|constraints?)"
)
_BEFORE = (
    r"(?:previous(?:ly)?|prior|above|preceding|earlier|foregoing|initial|original|existing|system|former|past|given)"
)
_MODEL = (
    r"(?:an? |the |you,? )?(?:ai(?: language)?|llms?|(?:large )?language|chat ?gpt|gpt(?:-\d)?|claude|gemini|"
    r"co-?pilot|chat)"
    r"[ -]?(?:model|assistant|agent|bot|system)?s?"
)


def _rule(name: str, words: str, before: int, *patterns: str) -> Rule:
    literals = tuple(word.replace("~", " ") for word in words.split())
    return Rule(name, literals, re.compile("|".join(patterns)), before)


RULES: tuple[Rule, ...] = (
    _rule(
        "override",
        "ignore ignores ignoring ignored disregard disregarding forget forgetting forgot override bypass listen~to "
        "not~follow stop~following no~attention",
        18,
        rf"(?:ignor\w*|disregard\w*|forg[eo]t\w*|overrid\w*|bypass\w*|(?:do not|don'?t|stop) (?:listen\w* to|"
        rf"follow\w*)|"
        rf"pay no attention to)\s+(?:(?:about|any|all|of|the|your|these|those|my|every\w*|and|for|now)\s+)*"
        rf"(?:{_BEFORE}[\s,/]+(?:\w+\s+){{0,3}}?(?:{_TOLD}|text|messages?|context|information|conversation|input|"
        rf"sentences?|tasks?|questions?)|your\s+(?:\w+\s+)?{_TOLD}|(?:{_TOLD})\s+(?:\w+\s+){{0,3}}?"
        rf"(?:{_BEFORE}|you (?:were|have been|got|had)|i gave))\b",
        r"(?:ignore|disregard|forget) (?:all (?:of )?)?the (?:above|foregoing)(?:\s+and|[.,!:;]\s*(?:and |now |"
        r"instead ))",
        r"forg[eo]t\w* (?:about )?(?:all|everything) (?:(?:the )?rules|(?:that )?(?:you (?:were told|know|learned|"
        r"have)|"
        r"i (?:said|told)))",
    ),
    _rule(
        "role",
        "pretend pretending simulate dan unrestricted unfiltered uncensored jailbroken from~now are~now imagine "
        "act~as "
        "act~like have~forgotten be~called anything~now",
        24,
        r"you are now (?:a |an |in |the |going to )?(?:\w+ ){0,3}(?:bot|assistant|ai|model|mode|dan|gpt|chatgpt|"
        r"persona|"
        r"character|free from)\b",
        r"from now on,? (?:you|all (?:of )?your|every) (?:\w+ ){0,3}(?:act|respond|reply|answer|speak|are|behave|"
        r"ignore)\b",
        rf"(?:pretend|simulate|act as|act like|imagine)(?: that| to be| being| you are| you're| as)* (?:{_MODEL}|"
        rf"dan|evil|"
        r"unrestricted|unfiltered|uncensored|jailbroken)\b(?! (?:support|service|agent|room))",
        r"\bdan mode|do anything now|(?:unrestricted|unfiltered|uncensored|jailbroken) (?:ai|model|assistant|"
        r"chatbot|mode)",
        r"you will be called \w+ from now on|you have forgotten (?:about )?all (?:the |your )?(?:rules|instructions)",
    ),
    _rule(
        "prompt_asked_for",
        "prompt prompts instructions",
        70,
        r"(?:reveal|print|repeat|output|leak|divulge|recite|dump|disclose|tell me)(?: out)?\s+(?:me\s+)?(?:(?:the|"
        r"your|all|"
        r"of|full|entire|exact|complete|text|contents?)\s+)*(?:system|initial|original|hidden|secret|above|"
        r"previous|prior|"
        rf"preceding|internal|starting)\s+(?:{_TOLD}|message)",
        r"(?:reveal|print|repeat|output|leak|recite|dump|disclose) (?:all (?:of )?)?your (?:\w+ )?(?:prompt|"
        r"instructions)",
        r"(?:what (?:is|was|are|were)|show me) your (?:system|initial|original|hidden|secret|exact) (?:prompt|"
        r"instructions)",
    ),
    _rule(
        "mode",
        "god sudo jailbreak dan unrestricted override~mode maintenance~mode developer~mode admin~mode",
        40,
        r"(?:enter\w*|enable|activate|switch (?:in)?to|you are (?:now )?in|i'?m (?:now )?(?:in|"
        r"entering)(?: an?)?)[\s'\"<]+"
        r"(?:\w+ ){0,2}(?:developer|god|sudo|jailbreak|dan|unrestricted|security override|admin override|"
        r"override)['\"]? mode",
        r"<[^<>\n]{0,40}(?:god|override|maintenance|developer|admin) mode[^<>\n]{0,20}>",
    ),
    _rule(
        "markup",
        "im_start im_end |system |user |assistant inst sys endoftext #~instruction #~instructions~ system~prompt "
        "end~user",
        20,
        r"<\|(?:im_start|im_end|system|user|assistant|endoftext)\|>|\[inst\]|<<sys>>|#{2,} ?instructions?:|"
        r"begin system prompt|%{2,}\s*end user",
    ),
    _rule(
        "addressed",
        "ai llm llms chatgpt chatbot chatbots gpt claude gemini language~model language~models assistant~ assistants",
        40,
        rf"(?:^|[\n.:;!?\"'>*(\[-])\s*(?:dear|hey|attention|important|note to|message to|instructions? (?:to|for)|"
        rf"if you are|to any|to the|to all)\s*:?,? {_MODEL}(?: (?:reading|processing|summari\w+|"
        rf"reviewing) this)?\s*[,:!-]",
        rf"if you(?: are|'re) {_MODEL}\b[^.\n]{{0,60}}(?:,|then|please|you must|must|should)\s",
        rf"as {_MODEL},? (?:you (?:must|should|will|are (?:required|obliged|programmed))|ignore|disregard)",
        r"\b(?:ai|llm|language models?|chatbots?)(?: assistants?| models?)? (?:must|should) (?:ignore|disregard|"
        r"not (?:tell|"
        r"mention|reveal)|always (?:answer|say|reply|recommend))",
    ),
    _rule(
        "answer",
        "your~response your~answer your~reply your~output your~summary your~responses your~answers tell~the~user "
        "inform~the~user notify~the~user alert~the~user warn~the~user telling~the~user informing~the~user "
        "notifying~the~user to~the~user your~entire your~whole your~final",
        120,
        r"(?:modify|augment|encode|scramble|misspell|rearrange|jumble|obfuscate|enhance|anagram|render|alter|rewrite|"
        r"translate|reverse)\s+(?:(?:the|all|every|any|each)\s+)?(?:(?:\w+\s+){1,4}(?:of|in)\s+)?your (?:entire |"
        r"whole |"
        r"final )?(?:response|answer|reply|output)\b",
        r"(?:letters|vowels|spaces|symbols|typos|misspellings?|anagram\w*|sentence)\b[^.\n]{0,60}\byour (?:response|"
        r"answer|reply|output)\b",
        r"(?:append|prepend|integrate|embed|inject|weave)\s+[^.\n]{2,80}\b(?:in|into|to|within|"
        r"at the end of) your (?:final )?"
        r"(?:response|answer|reply|output|summary)\b",
        r"(?:begin|start|end|finish|conclude|prefix) (?:all (?:of )?)?your (?:response|answer|reply|output|"
        r"summary)e?s? with\b",
        r"in your (?:response|answer|reply|output|summary)[^.\n]{0,20}, ?(?:always |please |also |"
        r"you must )?(?:say|state|"
        r"recommend|tell|claim|suggest|promote|mention|include the (?:link|phrase|url))",
        r"(?:do not|don'?t|never|without) (?:tell|inform|notify|alert|warn|mention\w*[^.\n]{0,20} to|"
        r"reveal\w*[^.\n]{0,20} to|"
        r"telling|informing|notifying) the user (?:about (?:this|these)|that you|of (?:this|these))",
    ),
    _rule(
        "in_another_language",
        "anweisungen anweisung instruktionen vorgaben instrucciones instruções istruzioni consignes directives "
        "instructions "
        "instructies opdrachten instrukcje polecenia instruktioner инструкции инструкций указания указаний "
        "talimatları "
        "talimatlari 指令 指示 提示 命令 지시 명령 지침 التعليمات निर्देश",
        70,
        r"(?:ignorier\w*|vergiss|vergesst|missachte\w*)(?: sie)?(?: (?:alle|die|deine|jegliche|sämtliche|ihre|bitte|"
        r"bisherigen|vorherigen|vorigen|obigen|früheren|vorangegangenen|vorhergehenden|"
        r"oben genannten)){1,4} (?:anweisung|"
        r"instruktion|vorgaben)",
        r"(?:ignore[zr]?|oublie[zr]?|ne tiens pas compte d|ne tenez pas compte d)(?: (?:toutes|tous|les|tes|vos|"
        r"des|es|de)){1,3}"
        r" (?:instructions|consignes|directives) (?:précédentes|antérieures|ci-dessus|reçues|initiales|du système)",
        r"(?:ignora|ignore|olvida|olvide)(?:r)?(?: (?:todas|las|tus|sus)){1,3} (?:instrucciones)(?: (?:anteriores|"
        r"previas|"
        r"dadas|recibidas|de arriba)|[.,])",
        r"(?:ignora|dimentica)(?: (?:tutte|le|tue)){1,3} istruzioni (?:precedenti|di cui sopra|ricevute|iniziali)",
        r"(?:ignore|esqueça|esquece|desconsidere)(?: (?:todas|as|suas)){1,3} instruções (?:anteriores|acima|prévias)",
        r"(?:negeer|vergeet)(?: (?:alle|de|je|uw)){0,3} (?:vorige|eerdere|bovenstaande|voorgaande) (?:instructies|"
        r"opdrachten)",
        r"(?:zignoruj|zapomnij)(?: o)?(?: wszystkie| wszystkich)? (?:poprzednie|powyższe|"
        r"wcześniejsze) (?:instrukcje|polecenia)",
        r"(?:ignorera|glöm)(?: (?:alla|dina))* (?:tidigare|föregående|ovanstående) instruktioner",
        r"(?:игнорируй|забудь|проигнорируй)(?:те)?(?: (?:все|всё|о|про|свои|ваши))* (?:предыдущи\w+|прошлы\w+|"
        r"вышеуказанн\w+|"
        r"прежни\w+) (?:инструкци|указани)",
        r"önceki (?:tüm )?talimat\w*.{0,16}(?:yok say|görmezden gel|unut)",
        r"(?:忽略|无视|忽視|無視|忘记|忘記|不要理会).{0,8}(?:之前|以上|先前|上述|前面|所有|上面).{0,6}(?:指令|指示|提示|命令)",
        r"(?:以前|上記|これまで|前|以上|今まで)の.{0,8}(?:指示|命令|指令).{0,6}(?:無視|忘れ)",
        r"이전(?:의|에)?.{0,6}(?:지시|명령|지침).{0,8}(?:무시|잊)",
        r"تجاهل.{0,12}التعليمات.{0,6}السابقة",
        r"पिछले.{0,12}निर्देश.{0,16}(?:अनदेखा|नज़रअंदाज़|भूल)",
    ),
)


def injections(lowered: str, heard: Collection[str]) -> Iterator[Injection]:
    """Where a text, given in lower case, speaks to a model: at most once for each literal's window. Linear in "
    "the text.

    `heard` are those of `WORDS` that the text holds; only literals that end in one of them are looked for.
    """
    for rule in RULES:
        literals = [literal for literal in rule.literals if _LAST[literal] in heard]
        if literals:
            for match in near(lowered, literals, rule.pattern, rule.before, AROUND):
                yield Injection(rule.name, *match.span())


_LAST: Mapping[str, str] = MappingProxyType(
    {literal: re.findall(r"\w+", literal)[-1] for rule in RULES for literal in rule.literals}
)
WORDS = frozenset(_LAST.values())
"""The words that a text is asked for before anything is looked for in it."""
