"""Characters that nobody sees or that turn the text around them, and where they are needed."""

import unicodedata
from functools import lru_cache
from typing import Final

_JOINERS: Final = "\u200c\u200d"
# Unicode's Default_Ignorable_Code_Point: drawn as nothing wherever they stand.
_IGNORABLE: Final = (
    (0x00AD, 0x00AD),
    (0x034F, 0x034F),
    (0x061C, 0x061C),
    (0x115F, 0x1160),
    (0x17B4, 0x17B5),
    (0x180B, 0x180F),
    (0x200B, 0x200F),
    (0x202A, 0x202E),
    (0x2060, 0x206F),
    (0x3164, 0x3164),
    (0xFE00, 0xFE0F),
    (0xFEFF, 0xFEFF),
    (0xFFA0, 0xFFA0),
    (0xFFF0, 0xFFF8),
    (0x1BCA0, 0x1BCA3),
    (0x1D173, 0x1D17A),
    (0xE0000, 0xE0FFF),
)
_BLANK_SIGNS: Final = "\u2800"  # Braille without a dot
# Format characters that are drawn: they stand before Arabic, Syriac and Kaithi numbers.
_DRAWN: Final = frozenset(
    chr(one) for one in (*range(0x600, 0x606), 0x6DD, 0x70F, 0x890, 0x891, 0x8E2, 0x110BD, 0x110CD)
)
# Scripts whose letters are joined or kept apart by ZWJ and ZWNJ: Arabic to Sinhala, Tibetan,
# Myanmar, Khmer, Mongolian, and the later Indic blocks.
_JOINING: Final = (
    (0x0600, 0x0DFF),
    (0x0F00, 0x109F),
    (0x1780, 0x18AF),
    (0x1A20, 0x1CFF),
    (0xA8E0, 0xA8FF),
    (0xA980, 0xAAFF),
    (0x11000, 0x11FFF),
)
_SKIN_TONES: Final = (0x1F3FB, 0x1F3FF)
_FLAG: Final = "\U0001f3f4"


def unseen(text: str) -> int | None:
    """Where the first control, format or invisible character stands that nothing there needs.

    Joiners after letters of scripts that join, in emoji, and the selectors of emoji and of CJK and
    Mongolian variants are needed.
    """
    if text.isascii() and text.isprintable():
        return None
    return next(
        (
            place
            for place, one in enumerate(text)
            if _is_unseen(one) and not _is_needed(text, place)
        ),
        None,
    )


def without_unseen(text: str) -> str:
    """The text as everybody reads it."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        one for place, one in enumerate(text) if not _is_unseen(one) or _is_needed(text, place)
    )


@lru_cache(maxsize=4096)
def _is_unseen(one: str) -> bool:
    if one in _DRAWN:
        return False
    hidden = unicodedata.category(one) in ("Cc", "Cf", "Cs", "Zl", "Zp")
    return hidden or one in _BLANK_SIGNS or _within(one, _IGNORABLE)


def _is_needed(text: str, place: int) -> bool:
    before = text[place - 1] if place else ""
    after = text[place + 1 : place + 2]
    one = text[place]
    if not before:
        return False
    if one in _JOINERS:
        joins = _within(before, _JOINING) and before.isprintable()
        return joins or (one == "\u200d" and _is_picture(before) and _is_picture(after))
    if one in "\ufe0e\ufe0f":
        return unicodedata.category(before) in ("So", "Sm", "Po", "Nd")
    if 0xFE00 <= ord(one) <= 0xFE0D or 0xE0100 <= ord(one) <= 0xE01EF:
        return unicodedata.name(before, "").startswith("CJK")
    if 0x180B <= ord(one) <= 0x180F:
        return 0x1800 <= ord(before) <= 0x18AF
    if 0xE0020 <= ord(one) <= 0xE007F:
        return before == _FLAG or 0xE0020 <= ord(before) <= 0xE007F
    return False


def _is_picture(one: str) -> bool:
    if not one:
        return False
    return unicodedata.category(one) == "So" or one == "\ufe0f" or _within(one, (_SKIN_TONES,))


def _within(one: str, ranges: tuple[tuple[int, int], ...]) -> bool:
    number = ord(one)
    return any(first <= number <= last for first, last in ranges)
