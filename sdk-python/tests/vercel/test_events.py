# pyright: basic, reportCallIssue=false, reportArgumentType=false, reportMissingImports=false
"""Events, there and back."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from vercel.workflow._internal import world as w

from worldwire.v1 import Event, NewEvent
from worldwire.vercel.connection import sdk_reader
from worldwire.vercel.events import committed, from_event, to_new_event

AT = datetime(2026, 5, 4, 3, 2, 1, 987000, tzinfo=UTC)
PAYLOAD = b"devl\x00\xff"

EVENTS: list[Any] = [
    w.RunCreatedEventData(
        deployment_id="d",
        workflow_name="n",
        input=PAYLOAD,
        execution_context={"version": 1, "features": {"encryption": True}, "ratio": 1.5},
        encryption_public_key="key",
    ).into_event(),
    w.RunStartedEvent(),
    w.RunCompletedEventData(output=PAYLOAD).into_event(),
    w.RunFailedEventData(error=PAYLOAD, error_code="USER_ERROR").into_event(),
    w.RunFailedEventData(error={"message": "m", "stack": "s"}).into_event(),
    w.RunCancelledEvent(),
    w.RunCancelledEventData(cancel_reason="why").into_event(),
    w.AttrSetEventData(
        changes=[w.AttributeChange(key="a", value="1"), w.AttributeChange(key="b", value=None)],
        writer=w.WorkflowAttributeWriter(),
        allow_reserved_attributes=True,
    ).into_event("attr_1"),
    w.AttrSetEventData(
        changes=[w.AttributeChange(key="a", value="")],
        writer=w.StepAttributeWriter(step_id="step_1", attempt=2),
    ).into_event(),
    w.StepCreatedEventData(step_name="s", input=PAYLOAD).into_event("step_1"),
    w.StepStartedEvent(correlation_id="step_1"),
    w.StepStartedEventData(attempt=3).into_event("step_1"),
    w.StepRetryingEventData(error=PAYLOAD, retry_after=AT).into_event("step_1"),
    w.StepRetryingEventData(error=PAYLOAD).into_event("step_1"),
    w.StepCompletedEventData(result=PAYLOAD).into_event("step_1"),
    w.StepFailedEventData(error=PAYLOAD).into_event("step_1"),
    w.HookCreatedEventData(token="t", metadata=PAYLOAD, is_system=True).into_event("hook_1"),
    w.HookCreatedEventData(token="t").into_event("hook_1"),
    w.HookReceivedEventData(payload=PAYLOAD, token="t").into_event("hook_1"),
    w.HookReceivedEventData(payload=b"").into_event("hook_1"),
    w.HookDisposedEvent(correlation_id="hook_1"),
    w.WaitCreatedEventData(resume_at=AT).into_event("wait_1"),
    w.WaitCompletedEvent(correlation_id="wait_1"),
]


def stored(new: NewEvent, **fields: Any) -> Event:
    """An event as a World stores it: the numbers of its members are those of a new one."""
    event = Event.FromString(new.SerializeToString())
    event.event_id, event.run_id, event.position = "evnt_1", "wrun_1", 1
    event.created_at.FromDatetime(AT)
    for name, value in fields.items():
        setattr(event, name, value)
    return event


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.event_type)
def test_come_back_as_they_were_written(event: w.Event) -> None:
    record = stored(to_new_event(event))
    read = from_event(record)
    written = event.model_dump()
    # A start has the empty member, and a cancellation without a reason has one that says nothing.
    if written.get("eventData") is None:
        assert not {k: v for k, v in (read.model_dump().get("eventData") or {}).items() if v}
    else:
        assert read.model_dump() == written
    assert read.server_props == w.ServerProps(run_id="wrun_1", event_id="evnt_1", created_at=AT)
    assert committed(event, record).server_props == read.server_props


def test_all_types_that_a_client_may_write_are_written() -> None:
    written = {to_new_event(event).WhichOneof("data") for event in EVENTS}
    assert written == {field.name for field in NewEvent.DESCRIPTOR.oneofs_by_name["data"].fields}


def test_what_only_a_world_writes_is_refused() -> None:
    with pytest.raises(w.WorkflowWorldError, match="noop"):
        to_new_event(w.NoopEvent())


def test_a_start_creates_its_run_where_it_names_the_workflow() -> None:
    data = w.RunStartedEventData(
        input=PAYLOAD, deployment_id="d", workflow_name="n", attributes={"a": "b"}
    )
    create = to_new_event(data.into_event(spec_version=7)).run_started.create
    assert (create.workflow_name, create.input, dict(create.attributes)) == (
        "n",
        PAYLOAD,
        {"a": "b"},
    )


def test_a_conflict_stands_in_the_place_of_a_hook() -> None:
    conflict = Event(event_id="evnt_2", run_id="wrun_1", correlation_id="hook_1")
    conflict.hook_conflict.token, conflict.hook_conflict.conflicting_run_id = "t", "wrun_2"
    read = committed(w.HookCreatedEventData(token="t").into_event("hook_1"), conflict)
    assert isinstance(read, w.HookConflictEvent)
    assert read.event_data.conflicting_run_id == "wrun_2"


def test_a_type_that_is_unknown_is_refused_by_a_reason() -> None:
    with pytest.raises(w.WorkflowWorldError, match=r"event evnt_1 of run wrun_1 .* its type"):
        from_event(stored(NewEvent()))


def test_what_the_model_has_no_room_for_is_named() -> None:
    # Retention has removed the payload.
    record = stored(NewEvent(correlation_id="hook_1"))
    record.hook_received.token = "t"
    with pytest.raises(w.WorkflowWorldError, match=r"hook_received.*payload \(missing\)"):
        from_event(record)


def test_a_higher_spec_version_is_told_as_the_highest_known() -> None:
    read = from_event(stored(to_new_event(w.RunStartedEvent()), spec_version=99))
    assert read.spec_version == w.SPEC_VERSION_MAX_SUPPORTED


def test_says_what_the_sdk_reads() -> None:
    reader = sdk_reader()
    assert reader.max_spec_version == w.SPEC_VERSION_MAX_SUPPORTED
    assert set(reader.event_types) == {
        field.name for field in Event.DESCRIPTOR.oneofs_by_name["data"].fields
    }
