"""Personal values as platforms show them to those who may not read them."""

from typing import Any


def email(value: Any) -> Any:
    """`ann@example.com` becomes `a***@example.com`."""
    if not isinstance(value, str) or "@" not in value:
        return value
    local, _, domain = value.partition("@")
    return f"{local[:1]}***@{domain}"


def phone(value: Any) -> Any:
    """`0011234567890` becomes `001123-***-7890`."""
    if not isinstance(value, str) or not value:
        return value
    return f"{value[:6]}-***-{value[-4:]}"


def name(value: Any) -> Any:
    """`Taylor` becomes `T*****`."""
    if not isinstance(value, str) or not value:
        return value
    return value[:1] + "*****"
