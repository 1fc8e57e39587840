"""The outline of a goal: headings, numbered and bullet lists, and the paragraphs between them, as a tree."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from .words import without_marks

_LINE = re.compile(r"( *)(?:(#{1,6}) +|([-*+•]|\(?\d{1,3}[.)]|\(?[a-z]\)|\[[ xX]?\]) +)?(.*)")
_BOX = re.compile(r"\[[ xX]?\] +")
_RULE = re.compile(r"[-=_*~]{3,}\Z")
_FULL = 48
"""Characters of a line that was broken because it was full; shorter ones are lines of their own."""
_ITEM_LEVEL = 100
"""Levels of list items begin here, above those of headings."""


@dataclass(slots=True)
class Node:
    """A heading, list item or paragraph, and what stands below it."""

    text: str
    level: int
    numbered: bool = False
    heading: bool = False
    below: list[Node] = field(default_factory=list)

    def walk(self) -> Iterator[Node]:
        """Return this node and all below it, in the order of the text."""
        waiting: list[Node] = [self]
        while waiting:
            node = waiting.pop()
            yield node
            waiting.extend(reversed(node.below))

    @property
    def is_item(self) -> bool:
        """Whether it is an item of a list."""
        return self.level >= _ITEM_LEVEL


def outline(text: str) -> list[Node]:
    """Return the top of the outline of *text*; a text without lists or headings is one paragraph or several."""
    root = Node("", -1)
    stack, before = [root], ""
    for line in without_marks(text).split("\n"):
        visible = line.strip()
        match = _LINE.match(line) if visible else None
        if match is None or _RULE.match(visible):
            before = ""
            continue
        indent, hashes, mark, rest = match.groups()
        if not hashes and not mark and _wraps(before) and stack[-1].text and not stack[-1].heading:
            stack[-1].text += " " + rest.strip()
        elif rest.strip():
            _hang(stack, _node(len(indent), hashes, mark, _BOX.sub("", rest, count=1).strip()))
        before = visible
    for node in root.below:
        node.text = node.text if node.is_item or node.below else without_marks(node.text)
    return root.below


def _wraps(line: str) -> bool:
    """Whether the line after *line* goes on with its text: it was full, or ends in the middle of something."""
    return len(line) >= _FULL or line.endswith((",", " and", " or", " the", " of", " in", " to"))


def _node(indent: int, hashes: str | None, mark: str | None, text: str) -> Node:
    if hashes:
        return Node(text.rstrip(" #:"), len(hashes), heading=True)
    if mark:
        return Node(text, _ITEM_LEVEL + indent, numbered=mark.strip("(").rstrip(".)").isalnum())
    return Node(text, _ITEM_LEVEL - 1)


def _hang(stack: list[Node], node: Node) -> None:
    """Put *node* below the last one of a lower level; a paragraph carries list items only when it introduces them."""
    while len(stack) > 1 and not _carries(stack[-1], node):
        stack.pop()
    stack[-1].below.append(node)
    stack.append(node)


def _carries(above: Node, node: Node) -> bool:
    if above.level == _ITEM_LEVEL - 1:
        return node.level >= _ITEM_LEVEL and above.text.endswith(":")
    return above.level < node.level
