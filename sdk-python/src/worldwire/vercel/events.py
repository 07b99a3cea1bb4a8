"""Events: those that the SDK wants written, as the wire takes them, and stored ones in the models of the SDK."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vercel.workflow._internal import world as w

from worldwire.v1 import event_pb2 as pb

from .convert import (
    from_failure,
    from_struct,
    optional,
    to_datetime,
    to_failure,
    to_struct,
    to_timestamp,
    told,
)
from .errors import unreadable

if TYPE_CHECKING:
    from collections.abc import Mapping


def to_new_event(event: w.Event) -> pb.NewEvent:
    """An event that the SDK wants written.

    Raises `WorkflowWorldError` (400) for a type that only a World writes.
    """
    new = pb.NewEvent(
        correlation_id=event.correlation_id or "",
        spec_version=event.spec_version,
    )
    match event:
        case w.RunCreatedEvent(event_data=data):
            new.run_created.CopyFrom(_to_run_created(data))
        case w.RunStartedEvent(event_data=data):
            new.run_started.SetInParent()
            # A start creates its run only where it names the workflow.
            if data is not None and data.workflow_name and data.deployment_id:
                new.run_started.create.CopyFrom(_to_run_created(data))
        case w.RunCompletedEvent(event_data=data):
            new.run_completed.output = data.output
        case w.RunFailedEvent(event_data=data):
            new.run_failed.error.CopyFrom(to_failure(data.error))
            if data.error_code is not None:
                new.run_failed.error_code = data.error_code
        case w.RunCancelledEvent(event_data=data):
            new.run_cancelled.SetInParent()
            if data is not None and data.cancel_reason is not None:
                new.run_cancelled.cancel_reason = data.cancel_reason
        case w.AttrSetEvent(event_data=data):
            new.attr_set.CopyFrom(_to_attr_set(data))
        case w.StepCreatedEvent(event_data=data):
            new.step_created.step_name = data.step_name
            new.step_created.input = _bytes(data.input, "the input of a step")
        case w.StepStartedEvent(event_data=data):
            new.step_started.SetInParent()
            if data is not None and data.attempt is not None:
                new.step_started.attempt = data.attempt
        case w.StepRetryingEvent(event_data=data):
            new.step_retrying.error.CopyFrom(to_failure(data.error))
            if data.retry_after is not None:
                new.step_retrying.retry_after.CopyFrom(to_timestamp(data.retry_after))
        case w.StepCompletedEvent(event_data=data):
            new.step_completed.SetInParent()
            if data.result is not None:
                new.step_completed.result = _bytes(data.result, "the result of a step")
        case w.StepFailedEvent(event_data=data):
            new.step_failed.error.CopyFrom(to_failure(data.error))
        case w.HookCreatedEvent(event_data=data):
            new.hook_created.token = data.token
            new.hook_created.is_webhook = data.is_webhook
            if data.metadata is not None:
                new.hook_created.metadata = data.metadata
            if data.is_system is not None:
                new.hook_created.is_system = data.is_system
        case w.HookReceivedEvent(event_data=data):
            new.hook_received.payload = data.payload
            if data.token is not None:
                new.hook_received.token = data.token
        case w.HookDisposedEvent():
            new.hook_disposed.SetInParent()
        case w.WaitCreatedEvent(event_data=data):
            new.wait_created.resume_at.CopyFrom(to_timestamp(data.resume_at))
        case w.WaitCompletedEvent():
            new.wait_completed.SetInParent()
        case _:
            raise w.WorkflowWorldError(
                f'events of type "{event.event_type}" cannot be created', status=400
            )
    return new


def _to_run_created(data: w.RunCreatedEventData | w.RunStartedEventData) -> pb.RunCreated:
    created = pb.RunCreated(
        deployment_id=data.deployment_id,
        workflow_name=data.workflow_name,
        execution_context=to_struct(data.execution_context),
        encryption_public_key=data.encryption_public_key,
    )
    if data.input is not None:
        created.input = _bytes(data.input, "the input of a run")
    if isinstance(data, w.RunStartedEventData):
        created.attributes.update(data.attributes or {})
        created.allow_reserved_attributes = data.allow_reserved_attributes is True
    return created


def _to_attr_set(data: w.AttrSetEventData) -> pb.AttrSet:
    attr_set = pb.AttrSet(allow_reserved_attributes=data.allow_reserved_attributes is True)
    for change in data.changes:
        attr_set.changes.add(key=change.key, value=change.value)
    if isinstance(data.writer, w.StepAttributeWriter):
        attr_set.writer.step.step_id = data.writer.step_id
        attr_set.writer.step.attempt = data.writer.attempt
    else:
        attr_set.writer.workflow.SetInParent()
    return attr_set


def _bytes(value: Any, what: str) -> bytes:
    if isinstance(value, bytes):
        return value
    raise w.WorkflowWorldError(
        f"{what} must be the bytes that the SDK serialized, but is a {type(value).__name__}",
        status=400,
    )


def from_event(event: pb.Event) -> w.Event:
    """A stored event, with its payloads.

    Raises `WorkflowWorldError` that names what this version of the SDK has no words for.
    """
    what = f"event {event.event_id} of run {event.run_id}"
    case = event.WhichOneof("data")
    if case is None:
        raise unreadable(what, "its type; the World is newer than this package")
    fields: dict[str, Any] = {
        "eventType": case,
        "correlationId": event.correlation_id or None,
        # It names who wrote the event; whether the run can be read is said of the run.
        "specVersion": min(event.spec_version, w.SPEC_VERSION_MAX_SUPPORTED) or None,
        "eventData": _from_data(case, getattr(event, case)),
        "runId": event.run_id,
        "eventId": event.event_id,
        "createdAt": to_datetime(event.created_at),
        "resumeId": optional(event, "resume_id"),
    }
    return told(w.EventAdaptor, fields, f"{what} ({case})")


def committed(event: w.Event, stored: pb.Event) -> w.Event:
    """The event that the SDK wrote, with what the World gave it.

    Where the World wrote another one in its place, that one.
    """
    if stored.WhichOneof("data") == "hook_conflict":
        return from_event(stored)
    given = {
        "runId": stored.run_id,
        "eventId": stored.event_id,
        "createdAt": to_datetime(stored.created_at),
        "resumeId": optional(stored, "resume_id"),
    }
    props = told(w.ServerProps, given, f"event {stored.event_id} of run {stored.run_id}")
    return event.model_copy(update={"server_props": props})


def _from_data(case: str, data: Any) -> Mapping[str, Any] | None:
    fields: dict[str, Any]
    match case:
        case "run_created":
            fields = {
                "deploymentId": data.deployment_id,
                "workflowName": data.workflow_name,
                "input": optional(data, "input"),
                "executionContext": from_struct(data.execution_context)
                if data.HasField("execution_context")
                else None,
                "encryptionPublicKey": optional(data, "encryption_public_key"),
            }
        case "run_completed":
            fields = {"output": optional(data, "output")}
        case "run_failed":
            fields = {"error": from_failure(data.error), "errorCode": optional(data, "error_code")}
        case "run_cancelled":
            fields = {"cancelReason": optional(data, "cancel_reason")}
        case "attr_set":
            return _from_attr_set(data)
        case "step_created":
            fields = {"stepName": data.step_name, "input": optional(data, "input")}
        case "step_started":
            fields = {"attempt": optional(data, "attempt")}
        case "step_completed":
            fields = {"result": optional(data, "result")}
        case "step_failed":
            fields = {"error": from_failure(data.error)}
        case "step_retrying":
            fields = {
                "error": from_failure(data.error),
                "retryAfter": optional(data, "retry_after"),
            }
        case "hook_created":
            fields = {
                "token": data.token,
                "metadata": optional(data, "metadata"),
                "isWebhook": optional(data, "is_webhook"),
                "isSystem": optional(data, "is_system"),
            }
        case "hook_received":
            fields = {"token": optional(data, "token"), "payload": optional(data, "payload")}
        case "hook_conflict":
            fields = {
                "token": data.token,
                "conflictingRunId": data.conflicting_run_id or None,
            }
        case "wait_created":
            fields = {"resumeAt": optional(data, "resume_at")}
        case "noop":
            fields = {"sealed": data.sealed}
        case _:
            return None
    kept = {name: value for name, value in fields.items() if value is not None}
    # The error of a failure is there in every model, also where the writer gave none.
    if case in ("run_failed", "step_failed", "step_retrying"):
        kept.setdefault("error", None)
    return kept


def _from_attr_set(data: pb.AttrSet) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "changes": [
            {"key": one.key, "value": one.value if one.HasField("value") else None}
            for one in data.changes
        ],
        "writer": {"type": "workflow"},
    }
    if data.writer.WhichOneof("writer") == "step":
        step = data.writer.step
        fields["writer"] = {"type": "step", "stepId": step.step_id, "attempt": step.attempt}
    if data.allow_reserved_attributes:
        fields["allowReservedAttributes"] = True
    return fields
