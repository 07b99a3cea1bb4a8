"""What a string must be before the World keeps it."""

import re

from .errors import Refusal, invalid, too_large
from .gen.worldwire.v1.error_pb import ErrorReason
from .world import LIMITS

MAX_NAME_LENGTH = 1_024

# Nothing that a path, a shell or a log would read as more than an id.
_ID = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_:@~+=-]|\.(?!\.))*")
_CONTROL = re.compile("[\u0000-\u001f\u007f-\u009f\u2028\u2029]")


def check_id(field: str, value: str, max_length: int = LIMITS.max_id_length) -> str:
    """Returns an id, or refuses it with INVALID_ID."""
    if value == "":
        raise invalid(field, "is required")
    if len(value) > max_length or not _ID.fullmatch(value):
        raise _invalid_id(field, f"is no id of at most {max_length} letters, digits and _-.:@~+=")
    return value


def check_name(field: str, value: str, max_length: int = MAX_NAME_LENGTH) -> str:
    """Returns the name of a workflow, step, queue, deployment or token, or refuses it."""
    if value == "":
        raise invalid(field, "is required")
    if len(value) > max_length or _CONTROL.search(value):
        raise _invalid_id(field, f"is longer than {max_length} or holds control characters")
    return value


def check_text(field: str, value: str, max_length: int = MAX_NAME_LENGTH) -> str:
    """Returns free text, or refuses what is too long or could not be stored everywhere."""
    if len(value) > max_length or "\0" in value:
        raise invalid(field, f"is longer than {max_length} or holds a NUL character")
    return value


def check_count(field: str, count: int, most: int) -> None:
    """Refuses a list that is empty or too long."""
    if not 1 <= count <= most:
        raise invalid(field, f"must have 1 to {most} items")


def check_size(size: int) -> None:
    """Refuses a payload above the limit."""
    if size > LIMITS.max_payload_bytes:
        raise too_large("max_payload_bytes", LIMITS.max_payload_bytes, size)


def _invalid_id(field: str, problem: str) -> Refusal:
    return Refusal(ErrorReason.INVALID_ID, f"{field} {problem}", field=field)
