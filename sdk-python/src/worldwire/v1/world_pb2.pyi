import datetime

from google.protobuf import duration_pb2 as _duration_pb2
from worldwire.v1 import annotations_pb2 as _annotations_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Capability(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    CAPABILITY_UNSPECIFIED: _ClassVar[Capability]
    CAPABILITY_EVENT_BATCH: _ClassVar[Capability]
    CAPABILITY_QUEUE_BATCH: _ClassVar[Capability]
    CAPABILITY_WATCH_EVENTS: _ClassVar[Capability]
    CAPABILITY_HOOK_RESUME_DEDUP: _ClassVar[Capability]
    CAPABILITY_HOOK_RETENTION: _ClassVar[Capability]
    CAPABILITY_ATTRIBUTES: _ClassVar[Capability]
    CAPABILITY_RUN_RETENTION: _ClassVar[Capability]
    CAPABILITY_PUSH: _ClassVar[Capability]
    CAPABILITY_REQUEST_IDS: _ClassVar[Capability]
    CAPABILITY_STREAM_WRITERS: _ClassVar[Capability]
    CAPABILITY_PROJECTS: _ClassVar[Capability]
    CAPABILITY_DURABILITY: _ClassVar[Capability]
    CAPABILITY_POSITIONS: _ClassVar[Capability]
    CAPABILITY_EVENT_DELTAS: _ClassVar[Capability]
    CAPABILITY_QUEUE_ADMIN: _ClassVar[Capability]
    CAPABILITY_WAKE_RUNS: _ClassVar[Capability]
    CAPABILITY_WAIT_READS: _ClassVar[Capability]
    CAPABILITY_RUN_TIME_FILTER: _ClassVar[Capability]
    CAPABILITY_LATEST_DEPLOYMENT: _ClassVar[Capability]
    CAPABILITY_LAZY_STEPS: _ClassVar[Capability]
    CAPABILITY_STREAM_INSPECTION: _ClassVar[Capability]
    CAPABILITY_PUBLIC_KEYS: _ClassVar[Capability]
    CAPABILITY_KEY_IDS: _ClassVar[Capability]
    CAPABILITY_KEY_SERVICE: _ClassVar[Capability]
    CAPABILITY_READERS: _ClassVar[Capability]
CAPABILITY_UNSPECIFIED: Capability
CAPABILITY_EVENT_BATCH: Capability
CAPABILITY_QUEUE_BATCH: Capability
CAPABILITY_WATCH_EVENTS: Capability
CAPABILITY_HOOK_RESUME_DEDUP: Capability
CAPABILITY_HOOK_RETENTION: Capability
CAPABILITY_ATTRIBUTES: Capability
CAPABILITY_RUN_RETENTION: Capability
CAPABILITY_PUSH: Capability
CAPABILITY_REQUEST_IDS: Capability
CAPABILITY_STREAM_WRITERS: Capability
CAPABILITY_PROJECTS: Capability
CAPABILITY_DURABILITY: Capability
CAPABILITY_POSITIONS: Capability
CAPABILITY_EVENT_DELTAS: Capability
CAPABILITY_QUEUE_ADMIN: Capability
CAPABILITY_WAKE_RUNS: Capability
CAPABILITY_WAIT_READS: Capability
CAPABILITY_RUN_TIME_FILTER: Capability
CAPABILITY_LATEST_DEPLOYMENT: Capability
CAPABILITY_LAZY_STEPS: Capability
CAPABILITY_STREAM_INSPECTION: Capability
CAPABILITY_PUBLIC_KEYS: Capability
CAPABILITY_KEY_IDS: Capability
CAPABILITY_KEY_SERVICE: Capability
CAPABILITY_READERS: Capability

class Limits(_message.Message):
    __slots__ = ("max_payload_bytes", "max_request_bytes", "max_run_bytes", "max_events", "max_event_page", "max_event_batch", "max_queue_batch", "max_stream_append", "max_bulk_ids", "max_id_length", "max_token_length", "max_attributes", "max_attribute_key_length", "max_attribute_value_bytes", "max_attribute_event_bytes", "max_hook_retention_days", "max_cancel_reason_length", "max_long_poll", "max_delay", "request_id_retention")
    MAX_PAYLOAD_BYTES_FIELD_NUMBER: _ClassVar[int]
    MAX_REQUEST_BYTES_FIELD_NUMBER: _ClassVar[int]
    MAX_RUN_BYTES_FIELD_NUMBER: _ClassVar[int]
    MAX_EVENTS_FIELD_NUMBER: _ClassVar[int]
    MAX_EVENT_PAGE_FIELD_NUMBER: _ClassVar[int]
    MAX_EVENT_BATCH_FIELD_NUMBER: _ClassVar[int]
    MAX_QUEUE_BATCH_FIELD_NUMBER: _ClassVar[int]
    MAX_STREAM_APPEND_FIELD_NUMBER: _ClassVar[int]
    MAX_BULK_IDS_FIELD_NUMBER: _ClassVar[int]
    MAX_ID_LENGTH_FIELD_NUMBER: _ClassVar[int]
    MAX_TOKEN_LENGTH_FIELD_NUMBER: _ClassVar[int]
    MAX_ATTRIBUTES_FIELD_NUMBER: _ClassVar[int]
    MAX_ATTRIBUTE_KEY_LENGTH_FIELD_NUMBER: _ClassVar[int]
    MAX_ATTRIBUTE_VALUE_BYTES_FIELD_NUMBER: _ClassVar[int]
    MAX_ATTRIBUTE_EVENT_BYTES_FIELD_NUMBER: _ClassVar[int]
    MAX_HOOK_RETENTION_DAYS_FIELD_NUMBER: _ClassVar[int]
    MAX_CANCEL_REASON_LENGTH_FIELD_NUMBER: _ClassVar[int]
    MAX_LONG_POLL_FIELD_NUMBER: _ClassVar[int]
    MAX_DELAY_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_RETENTION_FIELD_NUMBER: _ClassVar[int]
    max_payload_bytes: int
    max_request_bytes: int
    max_run_bytes: int
    max_events: int
    max_event_page: int
    max_event_batch: int
    max_queue_batch: int
    max_stream_append: int
    max_bulk_ids: int
    max_id_length: int
    max_token_length: int
    max_attributes: int
    max_attribute_key_length: int
    max_attribute_value_bytes: int
    max_attribute_event_bytes: int
    max_hook_retention_days: int
    max_cancel_reason_length: int
    max_long_poll: _duration_pb2.Duration
    max_delay: _duration_pb2.Duration
    request_id_retention: _duration_pb2.Duration
    def __init__(self, max_payload_bytes: _Optional[int] = ..., max_request_bytes: _Optional[int] = ..., max_run_bytes: _Optional[int] = ..., max_events: _Optional[int] = ..., max_event_page: _Optional[int] = ..., max_event_batch: _Optional[int] = ..., max_queue_batch: _Optional[int] = ..., max_stream_append: _Optional[int] = ..., max_bulk_ids: _Optional[int] = ..., max_id_length: _Optional[int] = ..., max_token_length: _Optional[int] = ..., max_attributes: _Optional[int] = ..., max_attribute_key_length: _Optional[int] = ..., max_attribute_value_bytes: _Optional[int] = ..., max_attribute_event_bytes: _Optional[int] = ..., max_hook_retention_days: _Optional[int] = ..., max_cancel_reason_length: _Optional[int] = ..., max_long_poll: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., max_delay: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., request_id_retention: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ...) -> None: ...

class GetWorldRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class GetWorldResponse(_message.Message):
    __slots__ = ("implementation", "version", "protocol_version", "min_spec_version", "max_spec_version", "capabilities", "limits", "instance_id")
    IMPLEMENTATION_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    PROTOCOL_VERSION_FIELD_NUMBER: _ClassVar[int]
    MIN_SPEC_VERSION_FIELD_NUMBER: _ClassVar[int]
    MAX_SPEC_VERSION_FIELD_NUMBER: _ClassVar[int]
    CAPABILITIES_FIELD_NUMBER: _ClassVar[int]
    LIMITS_FIELD_NUMBER: _ClassVar[int]
    INSTANCE_ID_FIELD_NUMBER: _ClassVar[int]
    implementation: str
    version: str
    protocol_version: str
    min_spec_version: int
    max_spec_version: int
    capabilities: _containers.RepeatedScalarFieldContainer[Capability]
    limits: Limits
    instance_id: str
    def __init__(self, implementation: _Optional[str] = ..., version: _Optional[str] = ..., protocol_version: _Optional[str] = ..., min_spec_version: _Optional[int] = ..., max_spec_version: _Optional[int] = ..., capabilities: _Optional[_Iterable[_Union[Capability, str]]] = ..., limits: _Optional[_Union[Limits, _Mapping]] = ..., instance_id: _Optional[str] = ...) -> None: ...
