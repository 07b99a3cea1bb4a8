"""Errors of runs below spec version 5, as the values that version 5 of the SDK makes of them."""

import json
from dataclasses import dataclass
from typing import Any, TypeGuard, cast

_PREFIX = b"devl"


@dataclass(frozen=True, slots=True)
class PlainError:
    """An error as those runs know it."""

    message: str
    stack: str | None = None
    code: str | None = None


def encode_error(error: PlainError) -> bytes:
    """An error as a ``devl`` payload: an ``Error`` with the texts that there are."""
    given = {
        "name": "Error",
        "message": error.message,
        "stack": error.stack,
        "code": error.code,
    }
    fields = {name: text for name, text in given.items() if text is not None}
    # Each value has a number, and whatever contains it says that number: 0 is the error, 1 holds
    # its fields.
    numbers = {name: number for number, name in enumerate(fields, 2)}
    values = [["Error", 1], numbers, *fields.values()]
    text = json.dumps(values, separators=(",", ":"), ensure_ascii=False)
    # A surrogate without its other half is no UTF-8, and is escaped as JSON.stringify does it.
    return _PREFIX + text.encode("utf-8", "backslashreplace")


def decode_error(payload: bytes) -> PlainError:
    """What can be said in plain texts of a value that was thrown.

    That is the message, the stack and the code of an error of any class, and the text of anything
    else.

    Args:
        payload: ``devl`` and a value in the notation of devalue.

    Raises:
        ValueError: where the payload is in a form that is unknown here.

    """
    text = payload[len(_PREFIX) :].decode("utf-8", "replace")
    try:
        values = json.loads(text, parse_constant=_refuse)
    except RecursionError:
        raise ValueError("the value is nested too deep") from None
    root: Any = _at(values, 0) if isinstance(values, list) else values
    fields: Any = _at(values, root[1]) if _is_tagged(root) else root

    def field(name: str) -> str | None:
        found = (
            _at(values, cast("dict[str, Any]", fields).get(name))
            if isinstance(fields, dict)
            else None
        )
        return found if isinstance(found, str) else None

    message = field("message")
    if message is None:
        return PlainError(root if isinstance(root, str) else text)
    return PlainError(message, field("stack"), field("code"))


def _is_tagged(value: Any) -> TypeGuard[list[Any]]:
    """Whether a value is of a class: its name is before the number of its fields."""
    tag = cast("list[Any]", value) if isinstance(value, list) else []
    return len(tag) > 1 and isinstance(tag[0], str) and isinstance(tag[1], int)


def _at(values: Any, number: Any) -> Any:
    """The value with a number; None where there is none."""
    if not isinstance(values, list) or not isinstance(number, int) or isinstance(number, bool):
        return None
    listed = cast("list[Any]", values)
    return listed[number] if 0 <= number < len(listed) else None


def _refuse(constant: str) -> Any:
    """Python's reader takes ``NaN`` and ``Infinity``, which are no JSON."""
    raise ValueError(f"{constant} is no JSON")
