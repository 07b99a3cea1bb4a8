"""Seals what the SDK leaves readable in the events that it writes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from worldwire.envelope import (
    PlainError,
    RunKeys,
    encode_error,
    is_sealed,
    seal,
    seal_to_public_key,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from google.protobuf.message import Message

    from worldwire.envelope import Sealer
    from worldwire.v1 import common_pb2, event_pb2

    from .run_keys import RunKeyStore

_PAYLOADS = {
    "run_created": "input",
    "run_completed": "output",
    "step_created": "input",
    "step_completed": "result",
    "hook_created": "metadata",
    "hook_received": "payload",
}
_ERRORS = frozenset({"run_failed", "step_failed", "step_retrying"})


async def seal_event(keys: RunKeyStore, run_id: str, event: event_pb2.NewEvent) -> None:
    """Seals, in place, the payloads of an event that are not sealed yet.

    The SDK seals with the key that it asks for, but for what it sends to runs whose code it does not know, and for runs
    that another process began without sealing.
    """
    open_payloads = [one for one in _payloads_of(event) if not is_sealed(getattr(*one))]
    failure = _failure_of(event)
    if failure is not None and is_sealed(failure.payload):
        failure = None
    if not open_payloads and failure is None:
        return
    sealer = await keys.sealer_of(run_id)
    if sealer is None:
        return
    for record, field in open_payloads:
        setattr(record, field, seal_with(sealer, getattr(record, field)))
    if failure is not None:
        failure.payload = seal_with(sealer, _error_payload(failure))


def seal_with(sealer: Sealer, payload: bytes) -> bytes:
    """Seals a payload with the key of its run or, without that, to its public key."""
    if isinstance(sealer, RunKeys):
        return seal(payload, sealer)
    return seal_to_public_key(payload, sealer)


def _payloads_of(event: event_pb2.NewEvent) -> Iterator[tuple[Message, str]]:
    case = event.WhichOneof("data")
    # A resume that is sent again is the same bytes: its digest says so.
    if case is None or event.HasField("resume_id"):
        return
    if case == "run_started":
        if event.run_started.HasField("create") and event.run_started.create.HasField("input"):
            yield event.run_started.create, "input"
        return
    field = _PAYLOADS.get(case)
    if field is not None and getattr(event, case).HasField(field):
        yield getattr(event, case), field


def _failure_of(event: event_pb2.NewEvent) -> common_pb2.Failure | None:
    case = event.WhichOneof("data")
    if case not in _ERRORS:
        return None
    failure = getattr(event, case).error
    return failure if failure.WhichOneof("form") is not None else None


def _error_payload(failure: common_pb2.Failure) -> bytes:
    if failure.WhichOneof("form") == "payload":
        return failure.payload
    error = failure.structured
    return encode_error(
        PlainError(
            error.message,
            stack=error.stack if error.HasField("stack") else None,
            code=error.code if error.HasField("code") else None,
        )
    )
