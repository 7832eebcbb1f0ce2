"""Shapes of personal data in free text: what must not hide in tags, sources and notes."""

import re
from typing import Final

SHAPES: Final = (
    ("an e-mail address", re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]+")),
    ("a phone number", re.compile(r"(?<!\d)(?:\+|00)[1-9](?:[ ./()-]?\d){7,14}(?!\d)")),
    ("a card number", re.compile(r"(?<!\d)\d{4}(?:[ -]?\d{4}){3}(?!\d)")),
    (
        "a national id number",
        re.compile(r"(?<!\d)\d{17}[\dXx](?!\d)|(?<!\d)\d{3}-\d{2}-\d{4}(?!\d)"),
    ),
    ("a long number, like a phone's", re.compile(r"(?<!\d)\d{10,15}(?!\d)")),
)


def shape_of(text: str) -> str | None:
    """What the text looks like, in words; None for text that looks harmless."""
    return next((title for title, shape in SHAPES if shape.search(text)), None)
