"""Fixed turns of phrase: politeness before an action, and the words that join or order actions.

The expressions match at a given place only and repeat nothing that can match the same text in two ways.
"""

from __future__ import annotations

import re
from enum import StrEnum


class Joint(StrEnum):
    """How a segment is tied to what stands before it."""

    START = "start"
    """First of a sentence, a line or a list item."""
    COMMA = "comma"
    AND = "and"
    COLON = "colon"
    DASH = "dash"
    """A comma, or a colon: what stands before it may sum up what follows."""
    THEN = "then"
    """After what stands before it: "then", "finally", "after that"."""
    AFTER = "after"
    """A subordinate that comes first: "after X", "once X"."""
    BEFORE = "before"
    """A subordinate that comes last: "before X"."""
    CONTENT = "content"
    """What a report is to contain: "a report on X", "covering X"."""
    INTO = "into"
    """The report that things go into: "in one report"."""


START, COMMA, AND, COLON, DASH, THEN, AFTER, BEFORE, CONTENT, INTO = Joint
_PERSON = r"(?:i|we|you|they|someone|somebody|the team|my team|our team|my boss|the user)"
_WISH = (
    rf"{_PERSON}(?: would|'d|'ll| will)?(?: really| just| also| only)?"
    r"(?: like| love| want| wants| need| needs| wish| expect| require| have)"
    r"(?: for)?(?: you| someone| somebody| genesis| it)?(?: to)?"
)
_REPORTED = r"(?:contain|include|cover|have|show|list|give|explain|describe|say|mention)\b"
_SHOULD = (
    r"(?:it|this|that|which|they|these)(?: should| must| has to| needs to| will| shall| would)(?: also| then)?"
    rf"(?= {_REPORTED})"
)
_LOOK = (
    r"(?:take|have|get|give (?:me|us)) (?:an?|another|some) (?:\w+ )?"
    r"(?:look|idea|sense|feel|picture|impression|insight|glance)(?: at| of| into| for| in| through| from| on| about)?"
)
_LEADS = (
    r"please|kindly|hi|hello|hey|thanks|thank you|also|now|so|well|ok|okay|just|too|and|simply|both|either",
    r"to|by|let|keep",
    r"additionally|moreover|furthermore|besides|likewise|in addition|plus|at the same time|meanwhile|then",
    r"in parallel",
    r"first(?:ly| of all)?|second(?:ly)?|third(?:ly)?|fourth(?:ly)?|fifth(?:ly)?|finally|to (?:begin|start)(?: with)?",
    r"(?:start|begin)(?: off)?(?: by| with)|(?:step|task|part|phase) (?:\d+|one|two|three|four|five|six)",
    r"(?:end|finish|conclude|close|wrap up|round off)(?: up)? (?:with|by)|top it off with",
    r"round (?:it|this|everything) off(?: with| by)?",
    _WISH,
    r"(?:i am|i'm|we are|we're) (?:interested in|looking for|curious about|curious)|i wonder (?:if|whether)",
    r"(?:can|could|would|will|may|might|should|shall) (?:you|we|i|someone|it|this|they)(?: also| then)?",
    r"you (?:should|must|can|will|have|could|need to|are to)(?: also| then)?",
    r"(?:help|let|allow|ask|get) (?:me|us)(?: to)?|go ahead|do me a favou?r|get started|get going",
    r"be so kind as to|be sure to|make sure(?: that)?(?: you| to)?|it would be (?:great|nice|good) (?:if|to)",
    r"try to|attempt to|remember to|don't forget to|feel free to|as follows",
    r"(?:do )?(?:all )?the following(?: things| tasks| steps)?|(?:goals?|tasks?|todo|to do|objectives?|aims?)(?= |$)",
    r"(?:your|the|my|our) (?:tasks?|jobs?|goals?|aims?|objectives?|missions?|plan)(?: here)?(?: is| are)?(?: to)?",
    _SHOULD,
    r"(?:contain|include|cover)(?:s|ing)?(?: also)?",
    _LOOK,
    r"(?:go|come|run|get) (?:through|over|on|back)",
)
LEAD = re.compile("(?:" + "|".join(_LEADS) + ")(?: |$)")
"""Politeness and framing before an action, in the lower-case words of a segment."""
_NEEDS = r"(?:the|our|my|a) (?:\w+ ){1,3}(?:needs|wants|requires|expects|asks for)(?: you)?(?: to)?"
WISHES = re.compile(f"(?:{_WISH}|{_NEEDS})(?: |$)")
"""Somebody wants something: what follows is asked for even without a verb."""
_HAVE = r"(?:you|we|i|they|it)(?:'ve|'re| have| has| had| are| is)?"
HAVE_DONE = re.compile(f"(?:{_HAVE}|everything|all|that|this)(?: been)?(?: then| all| also)?(?: |$)")
"""The subject of a subordinate: "once you have mapped ..."."""

PARTICLES = {
    ("writ", "up"): "report", ("sum", "up"): "summarise", ("log", "in"): "login",
    ("sign", "in"): "login", ("log", "out"): "logout", ("set", "up"): "setup", ("back", "up"): "backup",
    ("clean", "up"): "clean", ("roll", "back"): "rollback", ("look", "up"): "lookup", ("call", "off"): "cancel",
}  # fmt: skip
"""Verbs that mean something else with their particle, wherever it stands: "write it all up"."""

JOINERS = {
    ("as", "well", "as"): Joint.AND, ("along", "with"): Joint.AND, ("together", "with"): Joint.AND,
    ("in", "addition", "to"): Joint.AND, ("followed", "by"): Joint.THEN, ("after", "that"): Joint.THEN,
    ("after", "this"): Joint.THEN, ("after", "which"): Joint.THEN, ("when", "done"): Joint.THEN,
    ("once", "done"): Joint.THEN, ("when", "finished"): Joint.THEN, ("at", "the", "end"): Joint.THEN,
    ("in", "the", "end"): Joint.THEN, ("from", "there"): Joint.THEN, ("with", "that", "done"): Joint.THEN,
    ("after", "completion"): Joint.THEN, ("upon", "completion"): Joint.THEN, ("as", "soon", "as"): Joint.AFTER,
    ("last", "but", "not", "least"): Joint.THEN, ("prior", "to"): Joint.BEFORE,
    ("while", "you"): Joint.AND, ("whilst", "you"): Joint.AND, ("while", "we"): Joint.AND, ("while", "also"): Joint.AND,
    ("and",): Joint.AND, ("&",): Joint.AND, ("plus",): Joint.AND, ("or",): Joint.AND, ("but",): Joint.AND,
    ("then",): Joint.THEN, ("afterwards",): Joint.THEN, ("afterward",): Joint.THEN, ("subsequently",): Joint.THEN,
    ("thereafter",): Joint.THEN, ("finally",): Joint.THEN, ("lastly",): Joint.THEN, ("next",): Joint.THEN,
    ("last",): Joint.THEN, ("later",): Joint.THEN, ("eventually",): Joint.THEN,
    ("after",): Joint.AFTER, ("once",): Joint.AFTER, ("when",): Joint.AFTER, ("before",): Joint.BEFORE,
    ("until",): Joint.AFTER,
}  # fmt: skip
"""Words that join actions, longest first."""
STARTERS = frozenset(words[0] for words in JOINERS)
ONLY_AT_START = frozenset({"next", "last", "later", "eventually", "plus", "but", "until"})
"""Order words that are ordinary words elsewhere: "the last line", "no later than"."""
MODALS = frozenset("should must will shall needs has can may ought would".split())
"""What stands between a report and what it is to do: "the report should describe ..."."""
HANDS = frozenset("hand walk guide bring talk take lead pass send".split())
"""Verbs that mean telling when somebody is told: "walk me through"."""
DETERMINERS = frozenset(
    "the a an my our this that these those all every each any some me us it them your his her their no both its".split()
)
CONTAINING = frozenset(
    "on about covering containing including with regarding concerning detailing describing of that which".split()
)
"""What may stand between a report and its content."""
COVERS = frozenset(
    "covers cover contains contain includes include shows describes details lists summarises summarizes has".split()
)
