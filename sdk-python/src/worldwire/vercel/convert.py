"""What all records of the wire have in common, in the words of the SDK's models."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, cast

import pydantic
from google.protobuf import json_format, struct_pb2, timestamp_pb2

from worldwire.v1 import common_pb2

from .errors import unreadable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from google.protobuf.message import Message

T_co = TypeVar("T_co", covariant=True)


class Reads(Protocol[T_co]):
    """A model of the SDK, or a union of several."""

    def from_wire(self, data: Any, /) -> T_co: ...


def to_timestamp(value: datetime) -> timestamp_pb2.Timestamp:
    """A time for the wire; one without a zone is in UTC."""
    aware = value if value.tzinfo is not None else value.replace(tzinfo=UTC)
    stamp = timestamp_pb2.Timestamp()
    stamp.FromDatetime(aware)
    return stamp


def to_datetime(value: timestamp_pb2.Timestamp) -> datetime:
    """A time of the wire, to the millisecond, as every SDK has it."""
    return datetime.fromtimestamp(value.seconds, UTC).replace(
        microsecond=value.nanos // 1_000_000 * 1000
    )


def optional(record: Message, field: str) -> Any:
    """A field of a record, or None where it is not set; times as times."""
    if not record.HasField(field):
        return None
    value = getattr(record, field)
    return to_datetime(value) if isinstance(value, timestamp_pb2.Timestamp) else value


def to_struct(value: Mapping[str, Any] | None) -> struct_pb2.Struct | None:
    if value is None:
        return None
    struct = struct_pb2.Struct()
    struct.update({key: one for key, one in value.items() if one is not None})
    return struct


def from_struct(value: struct_pb2.Struct) -> dict[str, Any]:
    return cast("dict[str, Any]", _whole(json_format.MessageToDict(value)))


def _whole(value: Any) -> Any:
    """Numbers as JavaScript writes them: the wire knows fractions only."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, dict):
        return {key: _whole(one) for key, one in cast("dict[str, Any]", value).items()}
    if isinstance(value, list):
        return [_whole(one) for one in cast("list[Any]", value)]
    return value


def to_failure(error: Any) -> common_pb2.Failure:
    """An error as the SDK hands it over: bytes, or texts of older versions."""
    if isinstance(error, bytes):
        return common_pb2.Failure(payload=error)
    parts = cast("dict[str, Any]", error) if isinstance(error, dict) else {"message": str(error)}
    structured = common_pb2.StructuredError(message=str(parts.get("message", "")))
    for name in ("stack", "code"):
        if isinstance(text := parts.get(name), str):
            setattr(structured, name, text)
    return common_pb2.Failure(structured=structured)


def from_failure(failure: common_pb2.Failure) -> Any:
    """An error as a record carries it; None where there is none."""
    match failure.WhichOneof("form"):
        case "payload":
            return failure.payload
        case "structured":
            error = failure.structured
            found = {"message": error.message}
            found |= {n: getattr(error, n) for n in ("stack", "code") if error.HasField(n)}
            return found
        case _:
            return None


def compact(fields: dict[str, Any]) -> dict[str, Any]:
    """Without the members that have no value."""
    return {name: value for name, value in fields.items() if value is not None}


def told(model: Reads[T_co], fields: dict[str, Any], what: str) -> T_co:
    """A record in the SDK's own model.

    Raises `WorkflowWorldError` that names the fields for which the model has no room.
    """
    try:
        return model.from_wire(compact(fields))
    except pydantic.ValidationError as error:
        places = {".".join(str(part) for part in one["loc"]): one["type"] for one in error.errors()}
        problem = ", ".join(f"{place} ({kind})" for place, kind in places.items())
        raise unreadable(what, problem) from error
