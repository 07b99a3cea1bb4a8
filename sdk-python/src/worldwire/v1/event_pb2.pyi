import datetime

from google.protobuf import struct_pb2 as _struct_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from worldwire.v1 import annotations_pb2 as _annotations_pb2
from worldwire.v1 import common_pb2 as _common_pb2
from worldwire.v1 import hook_pb2 as _hook_pb2
from worldwire.v1 import run_pb2 as _run_pb2
from worldwire.v1 import step_pb2 as _step_pb2
from worldwire.v1 import wait_pb2 as _wait_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class EventType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    EVENT_TYPE_UNSPECIFIED: _ClassVar[EventType]
    EVENT_TYPE_RUN_CREATED: _ClassVar[EventType]
    EVENT_TYPE_RUN_STARTED: _ClassVar[EventType]
    EVENT_TYPE_RUN_COMPLETED: _ClassVar[EventType]
    EVENT_TYPE_RUN_FAILED: _ClassVar[EventType]
    EVENT_TYPE_RUN_CANCELLED: _ClassVar[EventType]
    EVENT_TYPE_ATTR_SET: _ClassVar[EventType]
    EVENT_TYPE_STEP_CREATED: _ClassVar[EventType]
    EVENT_TYPE_STEP_STARTED: _ClassVar[EventType]
    EVENT_TYPE_STEP_COMPLETED: _ClassVar[EventType]
    EVENT_TYPE_STEP_FAILED: _ClassVar[EventType]
    EVENT_TYPE_STEP_RETRYING: _ClassVar[EventType]
    EVENT_TYPE_HOOK_CREATED: _ClassVar[EventType]
    EVENT_TYPE_HOOK_RECEIVED: _ClassVar[EventType]
    EVENT_TYPE_HOOK_DISPOSED: _ClassVar[EventType]
    EVENT_TYPE_HOOK_CONFLICT: _ClassVar[EventType]
    EVENT_TYPE_WAIT_CREATED: _ClassVar[EventType]
    EVENT_TYPE_WAIT_COMPLETED: _ClassVar[EventType]
    EVENT_TYPE_NOOP: _ClassVar[EventType]
EVENT_TYPE_UNSPECIFIED: EventType
EVENT_TYPE_RUN_CREATED: EventType
EVENT_TYPE_RUN_STARTED: EventType
EVENT_TYPE_RUN_COMPLETED: EventType
EVENT_TYPE_RUN_FAILED: EventType
EVENT_TYPE_RUN_CANCELLED: EventType
EVENT_TYPE_ATTR_SET: EventType
EVENT_TYPE_STEP_CREATED: EventType
EVENT_TYPE_STEP_STARTED: EventType
EVENT_TYPE_STEP_COMPLETED: EventType
EVENT_TYPE_STEP_FAILED: EventType
EVENT_TYPE_STEP_RETRYING: EventType
EVENT_TYPE_HOOK_CREATED: EventType
EVENT_TYPE_HOOK_RECEIVED: EventType
EVENT_TYPE_HOOK_DISPOSED: EventType
EVENT_TYPE_HOOK_CONFLICT: EventType
EVENT_TYPE_WAIT_CREATED: EventType
EVENT_TYPE_WAIT_COMPLETED: EventType
EVENT_TYPE_NOOP: EventType

class RunCreated(_message.Message):
    __slots__ = ("deployment_id", "workflow_name", "input", "execution_context", "attributes", "allow_reserved_attributes", "encryption_public_key", "encryption_key_id")
    class AttributesEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    DEPLOYMENT_ID_FIELD_NUMBER: _ClassVar[int]
    WORKFLOW_NAME_FIELD_NUMBER: _ClassVar[int]
    INPUT_FIELD_NUMBER: _ClassVar[int]
    EXECUTION_CONTEXT_FIELD_NUMBER: _ClassVar[int]
    ATTRIBUTES_FIELD_NUMBER: _ClassVar[int]
    ALLOW_RESERVED_ATTRIBUTES_FIELD_NUMBER: _ClassVar[int]
    ENCRYPTION_PUBLIC_KEY_FIELD_NUMBER: _ClassVar[int]
    ENCRYPTION_KEY_ID_FIELD_NUMBER: _ClassVar[int]
    deployment_id: str
    workflow_name: str
    input: bytes
    execution_context: _struct_pb2.Struct
    attributes: _containers.ScalarMap[str, str]
    allow_reserved_attributes: bool
    encryption_public_key: str
    encryption_key_id: str
    def __init__(self, deployment_id: _Optional[str] = ..., workflow_name: _Optional[str] = ..., input: _Optional[bytes] = ..., execution_context: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ..., attributes: _Optional[_Mapping[str, str]] = ..., allow_reserved_attributes: _Optional[bool] = ..., encryption_public_key: _Optional[str] = ..., encryption_key_id: _Optional[str] = ...) -> None: ...

class RunStarted(_message.Message):
    __slots__ = ("create",)
    CREATE_FIELD_NUMBER: _ClassVar[int]
    create: RunCreated
    def __init__(self, create: _Optional[_Union[RunCreated, _Mapping]] = ...) -> None: ...

class RunCompleted(_message.Message):
    __slots__ = ("output",)
    OUTPUT_FIELD_NUMBER: _ClassVar[int]
    output: bytes
    def __init__(self, output: _Optional[bytes] = ...) -> None: ...

class RunFailed(_message.Message):
    __slots__ = ("error", "error_code")
    ERROR_FIELD_NUMBER: _ClassVar[int]
    ERROR_CODE_FIELD_NUMBER: _ClassVar[int]
    error: _common_pb2.Failure
    error_code: str
    def __init__(self, error: _Optional[_Union[_common_pb2.Failure, _Mapping]] = ..., error_code: _Optional[str] = ...) -> None: ...

class RunCancelled(_message.Message):
    __slots__ = ("cancel_reason",)
    CANCEL_REASON_FIELD_NUMBER: _ClassVar[int]
    cancel_reason: str
    def __init__(self, cancel_reason: _Optional[str] = ...) -> None: ...

class AttributeChange(_message.Message):
    __slots__ = ("key", "value")
    KEY_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    key: str
    value: str
    def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...

class AttributeWriter(_message.Message):
    __slots__ = ("workflow", "step")
    WORKFLOW_FIELD_NUMBER: _ClassVar[int]
    STEP_FIELD_NUMBER: _ClassVar[int]
    workflow: WorkflowWriter
    step: StepWriter
    def __init__(self, workflow: _Optional[_Union[WorkflowWriter, _Mapping]] = ..., step: _Optional[_Union[StepWriter, _Mapping]] = ...) -> None: ...

class WorkflowWriter(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class StepWriter(_message.Message):
    __slots__ = ("step_id", "attempt")
    STEP_ID_FIELD_NUMBER: _ClassVar[int]
    ATTEMPT_FIELD_NUMBER: _ClassVar[int]
    step_id: str
    attempt: int
    def __init__(self, step_id: _Optional[str] = ..., attempt: _Optional[int] = ...) -> None: ...

class AttrSet(_message.Message):
    __slots__ = ("changes", "writer", "allow_reserved_attributes")
    CHANGES_FIELD_NUMBER: _ClassVar[int]
    WRITER_FIELD_NUMBER: _ClassVar[int]
    ALLOW_RESERVED_ATTRIBUTES_FIELD_NUMBER: _ClassVar[int]
    changes: _containers.RepeatedCompositeFieldContainer[AttributeChange]
    writer: AttributeWriter
    allow_reserved_attributes: bool
    def __init__(self, changes: _Optional[_Iterable[_Union[AttributeChange, _Mapping]]] = ..., writer: _Optional[_Union[AttributeWriter, _Mapping]] = ..., allow_reserved_attributes: _Optional[bool] = ...) -> None: ...

class StepCreated(_message.Message):
    __slots__ = ("step_name", "workflow_name", "input")
    STEP_NAME_FIELD_NUMBER: _ClassVar[int]
    WORKFLOW_NAME_FIELD_NUMBER: _ClassVar[int]
    INPUT_FIELD_NUMBER: _ClassVar[int]
    step_name: str
    workflow_name: str
    input: bytes
    def __init__(self, step_name: _Optional[str] = ..., workflow_name: _Optional[str] = ..., input: _Optional[bytes] = ...) -> None: ...

class StepStarted(_message.Message):
    __slots__ = ("step_name", "attempt", "workflow_name", "input", "owner_message_id")
    STEP_NAME_FIELD_NUMBER: _ClassVar[int]
    ATTEMPT_FIELD_NUMBER: _ClassVar[int]
    WORKFLOW_NAME_FIELD_NUMBER: _ClassVar[int]
    INPUT_FIELD_NUMBER: _ClassVar[int]
    OWNER_MESSAGE_ID_FIELD_NUMBER: _ClassVar[int]
    step_name: str
    attempt: int
    workflow_name: str
    input: bytes
    owner_message_id: str
    def __init__(self, step_name: _Optional[str] = ..., attempt: _Optional[int] = ..., workflow_name: _Optional[str] = ..., input: _Optional[bytes] = ..., owner_message_id: _Optional[str] = ...) -> None: ...

class StepTimings(_message.Message):
    __slots__ = ("ttfs", "stso", "step_count", "event_count", "rsfs", "final_scheduling_replay", "optimizations")
    TTFS_FIELD_NUMBER: _ClassVar[int]
    STSO_FIELD_NUMBER: _ClassVar[int]
    STEP_COUNT_FIELD_NUMBER: _ClassVar[int]
    EVENT_COUNT_FIELD_NUMBER: _ClassVar[int]
    RSFS_FIELD_NUMBER: _ClassVar[int]
    FINAL_SCHEDULING_REPLAY_FIELD_NUMBER: _ClassVar[int]
    OPTIMIZATIONS_FIELD_NUMBER: _ClassVar[int]
    ttfs: float
    stso: float
    step_count: int
    event_count: int
    rsfs: float
    final_scheduling_replay: float
    optimizations: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, ttfs: _Optional[float] = ..., stso: _Optional[float] = ..., step_count: _Optional[int] = ..., event_count: _Optional[int] = ..., rsfs: _Optional[float] = ..., final_scheduling_replay: _Optional[float] = ..., optimizations: _Optional[_Iterable[str]] = ...) -> None: ...

class StepCompleted(_message.Message):
    __slots__ = ("step_name", "workflow_name", "result", "timings")
    STEP_NAME_FIELD_NUMBER: _ClassVar[int]
    WORKFLOW_NAME_FIELD_NUMBER: _ClassVar[int]
    RESULT_FIELD_NUMBER: _ClassVar[int]
    TIMINGS_FIELD_NUMBER: _ClassVar[int]
    step_name: str
    workflow_name: str
    result: bytes
    timings: StepTimings
    def __init__(self, step_name: _Optional[str] = ..., workflow_name: _Optional[str] = ..., result: _Optional[bytes] = ..., timings: _Optional[_Union[StepTimings, _Mapping]] = ...) -> None: ...

class StepFailed(_message.Message):
    __slots__ = ("step_name", "error", "timings")
    STEP_NAME_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    TIMINGS_FIELD_NUMBER: _ClassVar[int]
    step_name: str
    error: _common_pb2.Failure
    timings: StepTimings
    def __init__(self, step_name: _Optional[str] = ..., error: _Optional[_Union[_common_pb2.Failure, _Mapping]] = ..., timings: _Optional[_Union[StepTimings, _Mapping]] = ...) -> None: ...

class StepRetrying(_message.Message):
    __slots__ = ("step_name", "error", "retry_after")
    STEP_NAME_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    RETRY_AFTER_FIELD_NUMBER: _ClassVar[int]
    step_name: str
    error: _common_pb2.Failure
    retry_after: _timestamp_pb2.Timestamp
    def __init__(self, step_name: _Optional[str] = ..., error: _Optional[_Union[_common_pb2.Failure, _Mapping]] = ..., retry_after: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class HookCreated(_message.Message):
    __slots__ = ("token", "token_retention_until", "metadata", "is_webhook", "is_system")
    TOKEN_FIELD_NUMBER: _ClassVar[int]
    TOKEN_RETENTION_UNTIL_FIELD_NUMBER: _ClassVar[int]
    METADATA_FIELD_NUMBER: _ClassVar[int]
    IS_WEBHOOK_FIELD_NUMBER: _ClassVar[int]
    IS_SYSTEM_FIELD_NUMBER: _ClassVar[int]
    token: str
    token_retention_until: _timestamp_pb2.Timestamp
    metadata: bytes
    is_webhook: bool
    is_system: bool
    def __init__(self, token: _Optional[str] = ..., token_retention_until: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., metadata: _Optional[bytes] = ..., is_webhook: _Optional[bool] = ..., is_system: _Optional[bool] = ...) -> None: ...

class HookReceived(_message.Message):
    __slots__ = ("token", "payload")
    TOKEN_FIELD_NUMBER: _ClassVar[int]
    PAYLOAD_FIELD_NUMBER: _ClassVar[int]
    token: str
    payload: bytes
    def __init__(self, token: _Optional[str] = ..., payload: _Optional[bytes] = ...) -> None: ...

class HookDisposed(_message.Message):
    __slots__ = ("token",)
    TOKEN_FIELD_NUMBER: _ClassVar[int]
    token: str
    def __init__(self, token: _Optional[str] = ...) -> None: ...

class HookConflict(_message.Message):
    __slots__ = ("token", "conflicting_run_id")
    TOKEN_FIELD_NUMBER: _ClassVar[int]
    CONFLICTING_RUN_ID_FIELD_NUMBER: _ClassVar[int]
    token: str
    conflicting_run_id: str
    def __init__(self, token: _Optional[str] = ..., conflicting_run_id: _Optional[str] = ...) -> None: ...

class WaitCreated(_message.Message):
    __slots__ = ("resume_at",)
    RESUME_AT_FIELD_NUMBER: _ClassVar[int]
    resume_at: _timestamp_pb2.Timestamp
    def __init__(self, resume_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class WaitCompleted(_message.Message):
    __slots__ = ("resume_at",)
    RESUME_AT_FIELD_NUMBER: _ClassVar[int]
    resume_at: _timestamp_pb2.Timestamp
    def __init__(self, resume_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class Noop(_message.Message):
    __slots__ = ("sealed",)
    SEALED_FIELD_NUMBER: _ClassVar[int]
    sealed: bool
    def __init__(self, sealed: _Optional[bool] = ...) -> None: ...

class Event(_message.Message):
    __slots__ = ("event_id", "run_id", "position", "correlation_id", "spec_version", "created_at", "occurred_at", "resume_id", "compute_instance_id", "trace_request_id", "run_created", "run_started", "run_completed", "run_failed", "run_cancelled", "attr_set", "step_created", "step_started", "step_completed", "step_failed", "step_retrying", "hook_created", "hook_received", "hook_disposed", "wait_created", "wait_completed", "hook_conflict", "noop")
    EVENT_ID_FIELD_NUMBER: _ClassVar[int]
    RUN_ID_FIELD_NUMBER: _ClassVar[int]
    POSITION_FIELD_NUMBER: _ClassVar[int]
    CORRELATION_ID_FIELD_NUMBER: _ClassVar[int]
    SPEC_VERSION_FIELD_NUMBER: _ClassVar[int]
    CREATED_AT_FIELD_NUMBER: _ClassVar[int]
    OCCURRED_AT_FIELD_NUMBER: _ClassVar[int]
    RESUME_ID_FIELD_NUMBER: _ClassVar[int]
    COMPUTE_INSTANCE_ID_FIELD_NUMBER: _ClassVar[int]
    TRACE_REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    RUN_CREATED_FIELD_NUMBER: _ClassVar[int]
    RUN_STARTED_FIELD_NUMBER: _ClassVar[int]
    RUN_COMPLETED_FIELD_NUMBER: _ClassVar[int]
    RUN_FAILED_FIELD_NUMBER: _ClassVar[int]
    RUN_CANCELLED_FIELD_NUMBER: _ClassVar[int]
    ATTR_SET_FIELD_NUMBER: _ClassVar[int]
    STEP_CREATED_FIELD_NUMBER: _ClassVar[int]
    STEP_STARTED_FIELD_NUMBER: _ClassVar[int]
    STEP_COMPLETED_FIELD_NUMBER: _ClassVar[int]
    STEP_FAILED_FIELD_NUMBER: _ClassVar[int]
    STEP_RETRYING_FIELD_NUMBER: _ClassVar[int]
    HOOK_CREATED_FIELD_NUMBER: _ClassVar[int]
    HOOK_RECEIVED_FIELD_NUMBER: _ClassVar[int]
    HOOK_DISPOSED_FIELD_NUMBER: _ClassVar[int]
    WAIT_CREATED_FIELD_NUMBER: _ClassVar[int]
    WAIT_COMPLETED_FIELD_NUMBER: _ClassVar[int]
    HOOK_CONFLICT_FIELD_NUMBER: _ClassVar[int]
    NOOP_FIELD_NUMBER: _ClassVar[int]
    event_id: str
    run_id: str
    position: int
    correlation_id: str
    spec_version: int
    created_at: _timestamp_pb2.Timestamp
    occurred_at: _timestamp_pb2.Timestamp
    resume_id: str
    compute_instance_id: str
    trace_request_id: str
    run_created: RunCreated
    run_started: RunStarted
    run_completed: RunCompleted
    run_failed: RunFailed
    run_cancelled: RunCancelled
    attr_set: AttrSet
    step_created: StepCreated
    step_started: StepStarted
    step_completed: StepCompleted
    step_failed: StepFailed
    step_retrying: StepRetrying
    hook_created: HookCreated
    hook_received: HookReceived
    hook_disposed: HookDisposed
    wait_created: WaitCreated
    wait_completed: WaitCompleted
    hook_conflict: HookConflict
    noop: Noop
    def __init__(self, event_id: _Optional[str] = ..., run_id: _Optional[str] = ..., position: _Optional[int] = ..., correlation_id: _Optional[str] = ..., spec_version: _Optional[int] = ..., created_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., occurred_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., resume_id: _Optional[str] = ..., compute_instance_id: _Optional[str] = ..., trace_request_id: _Optional[str] = ..., run_created: _Optional[_Union[RunCreated, _Mapping]] = ..., run_started: _Optional[_Union[RunStarted, _Mapping]] = ..., run_completed: _Optional[_Union[RunCompleted, _Mapping]] = ..., run_failed: _Optional[_Union[RunFailed, _Mapping]] = ..., run_cancelled: _Optional[_Union[RunCancelled, _Mapping]] = ..., attr_set: _Optional[_Union[AttrSet, _Mapping]] = ..., step_created: _Optional[_Union[StepCreated, _Mapping]] = ..., step_started: _Optional[_Union[StepStarted, _Mapping]] = ..., step_completed: _Optional[_Union[StepCompleted, _Mapping]] = ..., step_failed: _Optional[_Union[StepFailed, _Mapping]] = ..., step_retrying: _Optional[_Union[StepRetrying, _Mapping]] = ..., hook_created: _Optional[_Union[HookCreated, _Mapping]] = ..., hook_received: _Optional[_Union[HookReceived, _Mapping]] = ..., hook_disposed: _Optional[_Union[HookDisposed, _Mapping]] = ..., wait_created: _Optional[_Union[WaitCreated, _Mapping]] = ..., wait_completed: _Optional[_Union[WaitCompleted, _Mapping]] = ..., hook_conflict: _Optional[_Union[HookConflict, _Mapping]] = ..., noop: _Optional[_Union[Noop, _Mapping]] = ...) -> None: ...

class NewEvent(_message.Message):
    __slots__ = ("correlation_id", "spec_version", "occurred_at", "resume_id", "compute_instance_id", "trace_request_id", "resume_payload_digest", "run_created", "run_started", "run_completed", "run_failed", "run_cancelled", "attr_set", "step_created", "step_started", "step_completed", "step_failed", "step_retrying", "hook_created", "hook_received", "hook_disposed", "wait_created", "wait_completed")
    CORRELATION_ID_FIELD_NUMBER: _ClassVar[int]
    SPEC_VERSION_FIELD_NUMBER: _ClassVar[int]
    OCCURRED_AT_FIELD_NUMBER: _ClassVar[int]
    RESUME_ID_FIELD_NUMBER: _ClassVar[int]
    COMPUTE_INSTANCE_ID_FIELD_NUMBER: _ClassVar[int]
    TRACE_REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    RESUME_PAYLOAD_DIGEST_FIELD_NUMBER: _ClassVar[int]
    RUN_CREATED_FIELD_NUMBER: _ClassVar[int]
    RUN_STARTED_FIELD_NUMBER: _ClassVar[int]
    RUN_COMPLETED_FIELD_NUMBER: _ClassVar[int]
    RUN_FAILED_FIELD_NUMBER: _ClassVar[int]
    RUN_CANCELLED_FIELD_NUMBER: _ClassVar[int]
    ATTR_SET_FIELD_NUMBER: _ClassVar[int]
    STEP_CREATED_FIELD_NUMBER: _ClassVar[int]
    STEP_STARTED_FIELD_NUMBER: _ClassVar[int]
    STEP_COMPLETED_FIELD_NUMBER: _ClassVar[int]
    STEP_FAILED_FIELD_NUMBER: _ClassVar[int]
    STEP_RETRYING_FIELD_NUMBER: _ClassVar[int]
    HOOK_CREATED_FIELD_NUMBER: _ClassVar[int]
    HOOK_RECEIVED_FIELD_NUMBER: _ClassVar[int]
    HOOK_DISPOSED_FIELD_NUMBER: _ClassVar[int]
    WAIT_CREATED_FIELD_NUMBER: _ClassVar[int]
    WAIT_COMPLETED_FIELD_NUMBER: _ClassVar[int]
    correlation_id: str
    spec_version: int
    occurred_at: _timestamp_pb2.Timestamp
    resume_id: str
    compute_instance_id: str
    trace_request_id: str
    resume_payload_digest: str
    run_created: RunCreated
    run_started: RunStarted
    run_completed: RunCompleted
    run_failed: RunFailed
    run_cancelled: RunCancelled
    attr_set: AttrSet
    step_created: StepCreated
    step_started: StepStarted
    step_completed: StepCompleted
    step_failed: StepFailed
    step_retrying: StepRetrying
    hook_created: HookCreated
    hook_received: HookReceived
    hook_disposed: HookDisposed
    wait_created: WaitCreated
    wait_completed: WaitCompleted
    def __init__(self, correlation_id: _Optional[str] = ..., spec_version: _Optional[int] = ..., occurred_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., resume_id: _Optional[str] = ..., compute_instance_id: _Optional[str] = ..., trace_request_id: _Optional[str] = ..., resume_payload_digest: _Optional[str] = ..., run_created: _Optional[_Union[RunCreated, _Mapping]] = ..., run_started: _Optional[_Union[RunStarted, _Mapping]] = ..., run_completed: _Optional[_Union[RunCompleted, _Mapping]] = ..., run_failed: _Optional[_Union[RunFailed, _Mapping]] = ..., run_cancelled: _Optional[_Union[RunCancelled, _Mapping]] = ..., attr_set: _Optional[_Union[AttrSet, _Mapping]] = ..., step_created: _Optional[_Union[StepCreated, _Mapping]] = ..., step_started: _Optional[_Union[StepStarted, _Mapping]] = ..., step_completed: _Optional[_Union[StepCompleted, _Mapping]] = ..., step_failed: _Optional[_Union[StepFailed, _Mapping]] = ..., step_retrying: _Optional[_Union[StepRetrying, _Mapping]] = ..., hook_created: _Optional[_Union[HookCreated, _Mapping]] = ..., hook_received: _Optional[_Union[HookReceived, _Mapping]] = ..., hook_disposed: _Optional[_Union[HookDisposed, _Mapping]] = ..., wait_created: _Optional[_Union[WaitCreated, _Mapping]] = ..., wait_completed: _Optional[_Union[WaitCompleted, _Mapping]] = ...) -> None: ...

class CreateEventRequest(_message.Message):
    __slots__ = ("run_id", "event", "request_id", "expected_position", "since_cursor", "preload_events", "skip_preload", "resolve_data", "via_step_dispatch", "reader")
    RUN_ID_FIELD_NUMBER: _ClassVar[int]
    EVENT_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_POSITION_FIELD_NUMBER: _ClassVar[int]
    SINCE_CURSOR_FIELD_NUMBER: _ClassVar[int]
    PRELOAD_EVENTS_FIELD_NUMBER: _ClassVar[int]
    SKIP_PRELOAD_FIELD_NUMBER: _ClassVar[int]
    RESOLVE_DATA_FIELD_NUMBER: _ClassVar[int]
    VIA_STEP_DISPATCH_FIELD_NUMBER: _ClassVar[int]
    READER_FIELD_NUMBER: _ClassVar[int]
    run_id: str
    event: NewEvent
    request_id: str
    expected_position: int
    since_cursor: str
    preload_events: bool
    skip_preload: bool
    resolve_data: _common_pb2.ResolveData
    via_step_dispatch: bool
    reader: _common_pb2.Reader
    def __init__(self, run_id: _Optional[str] = ..., event: _Optional[_Union[NewEvent, _Mapping]] = ..., request_id: _Optional[str] = ..., expected_position: _Optional[int] = ..., since_cursor: _Optional[str] = ..., preload_events: _Optional[bool] = ..., skip_preload: _Optional[bool] = ..., resolve_data: _Optional[_Union[_common_pb2.ResolveData, str]] = ..., via_step_dispatch: _Optional[bool] = ..., reader: _Optional[_Union[_common_pb2.Reader, _Mapping]] = ...) -> None: ...

class CreateEventResponse(_message.Message):
    __slots__ = ("event", "run", "step", "hook", "wait", "step_created", "max_events", "delta")
    EVENT_FIELD_NUMBER: _ClassVar[int]
    RUN_FIELD_NUMBER: _ClassVar[int]
    STEP_FIELD_NUMBER: _ClassVar[int]
    HOOK_FIELD_NUMBER: _ClassVar[int]
    WAIT_FIELD_NUMBER: _ClassVar[int]
    STEP_CREATED_FIELD_NUMBER: _ClassVar[int]
    MAX_EVENTS_FIELD_NUMBER: _ClassVar[int]
    DELTA_FIELD_NUMBER: _ClassVar[int]
    event: Event
    run: _run_pb2.Run
    step: _step_pb2.Step
    hook: _hook_pb2.Hook
    wait: _wait_pb2.Wait
    step_created: bool
    max_events: int
    delta: EventDelta
    def __init__(self, event: _Optional[_Union[Event, _Mapping]] = ..., run: _Optional[_Union[_run_pb2.Run, _Mapping]] = ..., step: _Optional[_Union[_step_pb2.Step, _Mapping]] = ..., hook: _Optional[_Union[_hook_pb2.Hook, _Mapping]] = ..., wait: _Optional[_Union[_wait_pb2.Wait, _Mapping]] = ..., step_created: _Optional[bool] = ..., max_events: _Optional[int] = ..., delta: _Optional[_Union[EventDelta, _Mapping]] = ...) -> None: ...

class EventDelta(_message.Message):
    __slots__ = ("events", "page")
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    PAGE_FIELD_NUMBER: _ClassVar[int]
    events: _containers.RepeatedCompositeFieldContainer[Event]
    page: _common_pb2.PageInfo
    def __init__(self, events: _Optional[_Iterable[_Union[Event, _Mapping]]] = ..., page: _Optional[_Union[_common_pb2.PageInfo, _Mapping]] = ...) -> None: ...

class CreateEventBatchRequest(_message.Message):
    __slots__ = ("run_id", "events", "request_id", "resolve_data")
    RUN_ID_FIELD_NUMBER: _ClassVar[int]
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    RESOLVE_DATA_FIELD_NUMBER: _ClassVar[int]
    run_id: str
    events: _containers.RepeatedCompositeFieldContainer[NewEvent]
    request_id: str
    resolve_data: _common_pb2.ResolveData
    def __init__(self, run_id: _Optional[str] = ..., events: _Optional[_Iterable[_Union[NewEvent, _Mapping]]] = ..., request_id: _Optional[str] = ..., resolve_data: _Optional[_Union[_common_pb2.ResolveData, str]] = ...) -> None: ...

class ItemError(_message.Message):
    __slots__ = ("code", "reason", "message", "metadata", "retry_after_ms")
    class MetadataEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    CODE_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    METADATA_FIELD_NUMBER: _ClassVar[int]
    RETRY_AFTER_MS_FIELD_NUMBER: _ClassVar[int]
    code: str
    reason: str
    message: str
    metadata: _containers.ScalarMap[str, str]
    retry_after_ms: int
    def __init__(self, code: _Optional[str] = ..., reason: _Optional[str] = ..., message: _Optional[str] = ..., metadata: _Optional[_Mapping[str, str]] = ..., retry_after_ms: _Optional[int] = ...) -> None: ...

class CreateEventBatchResult(_message.Message):
    __slots__ = ("created", "error")
    CREATED_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    created: CreateEventResponse
    error: ItemError
    def __init__(self, created: _Optional[_Union[CreateEventResponse, _Mapping]] = ..., error: _Optional[_Union[ItemError, _Mapping]] = ...) -> None: ...

class CreateEventBatchResponse(_message.Message):
    __slots__ = ("results",)
    RESULTS_FIELD_NUMBER: _ClassVar[int]
    results: _containers.RepeatedCompositeFieldContainer[CreateEventBatchResult]
    def __init__(self, results: _Optional[_Iterable[_Union[CreateEventBatchResult, _Mapping]]] = ...) -> None: ...

class GetEventRequest(_message.Message):
    __slots__ = ("run_id", "event_id", "resolve_data", "reader")
    RUN_ID_FIELD_NUMBER: _ClassVar[int]
    EVENT_ID_FIELD_NUMBER: _ClassVar[int]
    RESOLVE_DATA_FIELD_NUMBER: _ClassVar[int]
    READER_FIELD_NUMBER: _ClassVar[int]
    run_id: str
    event_id: str
    resolve_data: _common_pb2.ResolveData
    reader: _common_pb2.Reader
    def __init__(self, run_id: _Optional[str] = ..., event_id: _Optional[str] = ..., resolve_data: _Optional[_Union[_common_pb2.ResolveData, str]] = ..., reader: _Optional[_Union[_common_pb2.Reader, _Mapping]] = ...) -> None: ...

class GetEventResponse(_message.Message):
    __slots__ = ("event",)
    EVENT_FIELD_NUMBER: _ClassVar[int]
    event: Event
    def __init__(self, event: _Optional[_Union[Event, _Mapping]] = ...) -> None: ...

class ListEventsRequest(_message.Message):
    __slots__ = ("run_id", "page", "types", "resolve_data", "reader")
    RUN_ID_FIELD_NUMBER: _ClassVar[int]
    PAGE_FIELD_NUMBER: _ClassVar[int]
    TYPES_FIELD_NUMBER: _ClassVar[int]
    RESOLVE_DATA_FIELD_NUMBER: _ClassVar[int]
    READER_FIELD_NUMBER: _ClassVar[int]
    run_id: str
    page: _common_pb2.PageRequest
    types: _containers.RepeatedScalarFieldContainer[EventType]
    resolve_data: _common_pb2.ResolveData
    reader: _common_pb2.Reader
    def __init__(self, run_id: _Optional[str] = ..., page: _Optional[_Union[_common_pb2.PageRequest, _Mapping]] = ..., types: _Optional[_Iterable[_Union[EventType, str]]] = ..., resolve_data: _Optional[_Union[_common_pb2.ResolveData, str]] = ..., reader: _Optional[_Union[_common_pb2.Reader, _Mapping]] = ...) -> None: ...

class ListEventsResponse(_message.Message):
    __slots__ = ("events", "page")
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    PAGE_FIELD_NUMBER: _ClassVar[int]
    events: _containers.RepeatedCompositeFieldContainer[Event]
    page: _common_pb2.PageInfo
    def __init__(self, events: _Optional[_Iterable[_Union[Event, _Mapping]]] = ..., page: _Optional[_Union[_common_pb2.PageInfo, _Mapping]] = ...) -> None: ...

class ListEventsByCorrelationRequest(_message.Message):
    __slots__ = ("run_id", "correlation_id", "page", "resolve_data", "reader")
    RUN_ID_FIELD_NUMBER: _ClassVar[int]
    CORRELATION_ID_FIELD_NUMBER: _ClassVar[int]
    PAGE_FIELD_NUMBER: _ClassVar[int]
    RESOLVE_DATA_FIELD_NUMBER: _ClassVar[int]
    READER_FIELD_NUMBER: _ClassVar[int]
    run_id: str
    correlation_id: str
    page: _common_pb2.PageRequest
    resolve_data: _common_pb2.ResolveData
    reader: _common_pb2.Reader
    def __init__(self, run_id: _Optional[str] = ..., correlation_id: _Optional[str] = ..., page: _Optional[_Union[_common_pb2.PageRequest, _Mapping]] = ..., resolve_data: _Optional[_Union[_common_pb2.ResolveData, str]] = ..., reader: _Optional[_Union[_common_pb2.Reader, _Mapping]] = ...) -> None: ...

class ListEventsByCorrelationResponse(_message.Message):
    __slots__ = ("events", "page")
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    PAGE_FIELD_NUMBER: _ClassVar[int]
    events: _containers.RepeatedCompositeFieldContainer[Event]
    page: _common_pb2.PageInfo
    def __init__(self, events: _Optional[_Iterable[_Union[Event, _Mapping]]] = ..., page: _Optional[_Union[_common_pb2.PageInfo, _Mapping]] = ...) -> None: ...

class WatchEventsRequest(_message.Message):
    __slots__ = ("run_id", "after_position", "resolve_data", "reader")
    RUN_ID_FIELD_NUMBER: _ClassVar[int]
    AFTER_POSITION_FIELD_NUMBER: _ClassVar[int]
    RESOLVE_DATA_FIELD_NUMBER: _ClassVar[int]
    READER_FIELD_NUMBER: _ClassVar[int]
    run_id: str
    after_position: int
    resolve_data: _common_pb2.ResolveData
    reader: _common_pb2.Reader
    def __init__(self, run_id: _Optional[str] = ..., after_position: _Optional[int] = ..., resolve_data: _Optional[_Union[_common_pb2.ResolveData, str]] = ..., reader: _Optional[_Union[_common_pb2.Reader, _Mapping]] = ...) -> None: ...

class WatchEventsResponse(_message.Message):
    __slots__ = ("events",)
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    events: _containers.RepeatedCompositeFieldContainer[Event]
    def __init__(self, events: _Optional[_Iterable[_Union[Event, _Mapping]]] = ...) -> None: ...
