"""What is wrong with a text that is no YAML, in our words, by the beginnings of libyaml's."""

from typing import Final

# PyYAML's own sentences may quote the text they stumbled on, so only known ones are carried over.
SAYINGS: Final = {
    "mapping values are not allowed": (
        "a `:` stands where no key can be",
        "quote the text, or put the key on a line of its own",
    ),
    "found character that cannot start": (
        "a character stands here that cannot begin a value",
        "quote the text; indent with spaces, never with tabs",
    ),
    "found character '\\t'": ("a tab stands here", "indent with spaces, never with tabs"),
    "found a tab character": ("a tab stands here", "indent with spaces, never with tabs"),
    "could not find expected ':'": ("a `:` is missing after this key", "write `key: value`"),
    "did not find expected key": (
        "a key was due here",
        "check the indentation of this line and the one above",
    ),
    "did not find expected '-' indicator": (
        "a list item was due here",
        "check the indentation of this line and the one above",
    ),
    "did not find expected ',' or": (
        "a `,` or a closing bracket is missing",
        "close the bracket, or use a line for each item",
    ),
    "found unexpected end of stream": ("the text ends inside a quoted value", "close the quote"),
    "did not find expected <document start>": (
        "text follows the end of the document",
        "check the indentation",
    ),
    "found undefined tag handle": ("a tag is used", "quote the text if the `!` belongs to it"),
    "did not find expected alphabetic": (
        "a `*`, `&` or `!` stands before text",
        "quote the text if the sign belongs to it",
    ),
    "found unknown escape character": (
        "an unknown escape stands in a quoted value",
        "double the backslash, or use single quotes",
    ),
    "block sequence entries are not allowed": (
        "a list item stands where none can be",
        "put the list on lines of its own",
    ),
    "control characters are not allowed": ("a control character stands here", "remove it"),
    "special characters are not allowed": ("a control character stands here", "remove it"),
}
