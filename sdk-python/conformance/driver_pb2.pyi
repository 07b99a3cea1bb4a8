import datetime

from google.protobuf import duration_pb2 as _duration_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Feature(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    FEATURE_UNSPECIFIED: _ClassVar[Feature]
    FEATURE_LISTS: _ClassVar[Feature]
    FEATURE_STREAM_READS: _ClassVar[Feature]
    FEATURE_EVENT_WATCHES: _ClassVar[Feature]
    FEATURE_STREAM_WRITES: _ClassVar[Feature]
    FEATURE_CONSUMERS: _ClassVar[Feature]
    FEATURE_ENVELOPES: _ClassVar[Feature]
    FEATURE_ZSTD: _ClassVar[Feature]

class Wire(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    WIRE_UNSPECIFIED: _ClassVar[Wire]
    WIRE_CONNECT: _ClassVar[Wire]
    WIRE_GRPC: _ClassVar[Wire]
    WIRE_GRPC_WEB: _ClassVar[Wire]
    WIRE_JSON: _ClassVar[Wire]
FEATURE_UNSPECIFIED: Feature
FEATURE_LISTS: Feature
FEATURE_STREAM_READS: Feature
FEATURE_EVENT_WATCHES: Feature
FEATURE_STREAM_WRITES: Feature
FEATURE_CONSUMERS: Feature
FEATURE_ENVELOPES: Feature
FEATURE_ZSTD: Feature
WIRE_UNSPECIFIED: Wire
WIRE_CONNECT: Wire
WIRE_GRPC: Wire
WIRE_GRPC_WEB: Wire
WIRE_JSON: Wire

class Command(_message.Message):
    __slots__ = ("id", "describe", "start", "connect", "call", "list_items", "read_stream", "watch_events", "open_writer", "write", "close_writer", "consume", "outcome", "stop_consumer", "grant", "cancel", "derive_keys", "seal_payload", "open_payload")
    ID_FIELD_NUMBER: _ClassVar[int]
    DESCRIBE_FIELD_NUMBER: _ClassVar[int]
    START_FIELD_NUMBER: _ClassVar[int]
    CONNECT_FIELD_NUMBER: _ClassVar[int]
    CALL_FIELD_NUMBER: _ClassVar[int]
    LIST_ITEMS_FIELD_NUMBER: _ClassVar[int]
    READ_STREAM_FIELD_NUMBER: _ClassVar[int]
    WATCH_EVENTS_FIELD_NUMBER: _ClassVar[int]
    OPEN_WRITER_FIELD_NUMBER: _ClassVar[int]
    WRITE_FIELD_NUMBER: _ClassVar[int]
    CLOSE_WRITER_FIELD_NUMBER: _ClassVar[int]
    CONSUME_FIELD_NUMBER: _ClassVar[int]
    OUTCOME_FIELD_NUMBER: _ClassVar[int]
    STOP_CONSUMER_FIELD_NUMBER: _ClassVar[int]
    GRANT_FIELD_NUMBER: _ClassVar[int]
    CANCEL_FIELD_NUMBER: _ClassVar[int]
    DERIVE_KEYS_FIELD_NUMBER: _ClassVar[int]
    SEAL_PAYLOAD_FIELD_NUMBER: _ClassVar[int]
    OPEN_PAYLOAD_FIELD_NUMBER: _ClassVar[int]
    id: int
    describe: Describe
    start: Start
    connect: Connect
    call: Call
    list_items: ListItems
    read_stream: ReadStream
    watch_events: WatchEvents
    open_writer: OpenWriter
    write: Write
    close_writer: CloseWriter
    consume: Consume
    outcome: Outcome
    stop_consumer: StopConsumer
    grant: Grant
    cancel: Cancel
    derive_keys: DeriveKeys
    seal_payload: SealPayload
    open_payload: OpenPayload
    def __init__(self, id: _Optional[int] = ..., describe: _Optional[_Union[Describe, _Mapping]] = ..., start: _Optional[_Union[Start, _Mapping]] = ..., connect: _Optional[_Union[Connect, _Mapping]] = ..., call: _Optional[_Union[Call, _Mapping]] = ..., list_items: _Optional[_Union[ListItems, _Mapping]] = ..., read_stream: _Optional[_Union[ReadStream, _Mapping]] = ..., watch_events: _Optional[_Union[WatchEvents, _Mapping]] = ..., open_writer: _Optional[_Union[OpenWriter, _Mapping]] = ..., write: _Optional[_Union[Write, _Mapping]] = ..., close_writer: _Optional[_Union[CloseWriter, _Mapping]] = ..., consume: _Optional[_Union[Consume, _Mapping]] = ..., outcome: _Optional[_Union[Outcome, _Mapping]] = ..., stop_consumer: _Optional[_Union[StopConsumer, _Mapping]] = ..., grant: _Optional[_Union[Grant, _Mapping]] = ..., cancel: _Optional[_Union[Cancel, _Mapping]] = ..., derive_keys: _Optional[_Union[DeriveKeys, _Mapping]] = ..., seal_payload: _Optional[_Union[SealPayload, _Mapping]] = ..., open_payload: _Optional[_Union[OpenPayload, _Mapping]] = ...) -> None: ...

class Reply(_message.Message):
    __slots__ = ("id", "description", "result", "failure", "item", "lease_lost")
    ID_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    RESULT_FIELD_NUMBER: _ClassVar[int]
    FAILURE_FIELD_NUMBER: _ClassVar[int]
    ITEM_FIELD_NUMBER: _ClassVar[int]
    LEASE_LOST_FIELD_NUMBER: _ClassVar[int]
    id: int
    description: Description
    result: Result
    failure: Failure
    item: Item
    lease_lost: LeaseLost
    def __init__(self, id: _Optional[int] = ..., description: _Optional[_Union[Description, _Mapping]] = ..., result: _Optional[_Union[Result, _Mapping]] = ..., failure: _Optional[_Union[Failure, _Mapping]] = ..., item: _Optional[_Union[Item, _Mapping]] = ..., lease_lost: _Optional[_Union[LeaseLost, _Mapping]] = ...) -> None: ...

class Describe(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class Description(_message.Message):
    __slots__ = ("implementation", "version", "protocol_version", "features", "wires")
    IMPLEMENTATION_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    PROTOCOL_VERSION_FIELD_NUMBER: _ClassVar[int]
    FEATURES_FIELD_NUMBER: _ClassVar[int]
    WIRES_FIELD_NUMBER: _ClassVar[int]
    implementation: str
    version: str
    protocol_version: str
    features: _containers.RepeatedScalarFieldContainer[Feature]
    wires: _containers.RepeatedScalarFieldContainer[Wire]
    def __init__(self, implementation: _Optional[str] = ..., version: _Optional[str] = ..., protocol_version: _Optional[str] = ..., features: _Optional[_Iterable[_Union[Feature, str]]] = ..., wires: _Optional[_Iterable[_Union[Wire, str]]] = ...) -> None: ...

class Start(_message.Message):
    __slots__ = ("url", "wire", "token", "project", "silence")
    URL_FIELD_NUMBER: _ClassVar[int]
    WIRE_FIELD_NUMBER: _ClassVar[int]
    TOKEN_FIELD_NUMBER: _ClassVar[int]
    PROJECT_FIELD_NUMBER: _ClassVar[int]
    SILENCE_FIELD_NUMBER: _ClassVar[int]
    url: str
    wire: Wire
    token: str
    project: str
    silence: _duration_pb2.Duration
    def __init__(self, url: _Optional[str] = ..., wire: _Optional[_Union[Wire, str]] = ..., token: _Optional[str] = ..., project: _Optional[str] = ..., silence: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ...) -> None: ...

class Connect(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class Call(_message.Message):
    __slots__ = ("method", "request", "timeout")
    METHOD_FIELD_NUMBER: _ClassVar[int]
    REQUEST_FIELD_NUMBER: _ClassVar[int]
    TIMEOUT_FIELD_NUMBER: _ClassVar[int]
    method: str
    request: bytes
    timeout: _duration_pb2.Duration
    def __init__(self, method: _Optional[str] = ..., request: _Optional[bytes] = ..., timeout: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ...) -> None: ...

class ListItems(_message.Message):
    __slots__ = ("method", "request", "credit")
    METHOD_FIELD_NUMBER: _ClassVar[int]
    REQUEST_FIELD_NUMBER: _ClassVar[int]
    CREDIT_FIELD_NUMBER: _ClassVar[int]
    method: str
    request: bytes
    credit: int
    def __init__(self, method: _Optional[str] = ..., request: _Optional[bytes] = ..., credit: _Optional[int] = ...) -> None: ...

class ReadStream(_message.Message):
    __slots__ = ("run_id", "name", "start_index", "credit")
    RUN_ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    START_INDEX_FIELD_NUMBER: _ClassVar[int]
    CREDIT_FIELD_NUMBER: _ClassVar[int]
    run_id: str
    name: str
    start_index: int
    credit: int
    def __init__(self, run_id: _Optional[str] = ..., name: _Optional[str] = ..., start_index: _Optional[int] = ..., credit: _Optional[int] = ...) -> None: ...

class WatchEvents(_message.Message):
    __slots__ = ("run_id", "after_position", "credit")
    RUN_ID_FIELD_NUMBER: _ClassVar[int]
    AFTER_POSITION_FIELD_NUMBER: _ClassVar[int]
    CREDIT_FIELD_NUMBER: _ClassVar[int]
    run_id: str
    after_position: int
    credit: int
    def __init__(self, run_id: _Optional[str] = ..., after_position: _Optional[int] = ..., credit: _Optional[int] = ...) -> None: ...

class OpenWriter(_message.Message):
    __slots__ = ("run_id", "name")
    RUN_ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    run_id: str
    name: str
    def __init__(self, run_id: _Optional[str] = ..., name: _Optional[str] = ...) -> None: ...

class Write(_message.Message):
    __slots__ = ("target", "chunks")
    TARGET_FIELD_NUMBER: _ClassVar[int]
    CHUNKS_FIELD_NUMBER: _ClassVar[int]
    target: int
    chunks: _containers.RepeatedScalarFieldContainer[bytes]
    def __init__(self, target: _Optional[int] = ..., chunks: _Optional[_Iterable[bytes]] = ...) -> None: ...

class CloseWriter(_message.Message):
    __slots__ = ("target",)
    TARGET_FIELD_NUMBER: _ClassVar[int]
    target: int
    def __init__(self, target: _Optional[int] = ...) -> None: ...

class Consume(_message.Message):
    __slots__ = ("queue_prefixes", "deployment_id", "max_in_flight", "lease", "grace")
    QUEUE_PREFIXES_FIELD_NUMBER: _ClassVar[int]
    DEPLOYMENT_ID_FIELD_NUMBER: _ClassVar[int]
    MAX_IN_FLIGHT_FIELD_NUMBER: _ClassVar[int]
    LEASE_FIELD_NUMBER: _ClassVar[int]
    GRACE_FIELD_NUMBER: _ClassVar[int]
    queue_prefixes: _containers.RepeatedScalarFieldContainer[str]
    deployment_id: str
    max_in_flight: int
    lease: _duration_pb2.Duration
    grace: _duration_pb2.Duration
    def __init__(self, queue_prefixes: _Optional[_Iterable[str]] = ..., deployment_id: _Optional[str] = ..., max_in_flight: _Optional[int] = ..., lease: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., grace: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ...) -> None: ...

class Outcome(_message.Message):
    __slots__ = ("target", "lease_id", "done", "again_after", "error")
    TARGET_FIELD_NUMBER: _ClassVar[int]
    LEASE_ID_FIELD_NUMBER: _ClassVar[int]
    DONE_FIELD_NUMBER: _ClassVar[int]
    AGAIN_AFTER_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    target: int
    lease_id: str
    done: Done
    again_after: _duration_pb2.Duration
    error: str
    def __init__(self, target: _Optional[int] = ..., lease_id: _Optional[str] = ..., done: _Optional[_Union[Done, _Mapping]] = ..., again_after: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., error: _Optional[str] = ...) -> None: ...

class Done(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class StopConsumer(_message.Message):
    __slots__ = ("target",)
    TARGET_FIELD_NUMBER: _ClassVar[int]
    target: int
    def __init__(self, target: _Optional[int] = ...) -> None: ...

class Grant(_message.Message):
    __slots__ = ("target", "credit")
    TARGET_FIELD_NUMBER: _ClassVar[int]
    CREDIT_FIELD_NUMBER: _ClassVar[int]
    target: int
    credit: int
    def __init__(self, target: _Optional[int] = ..., credit: _Optional[int] = ...) -> None: ...

class Cancel(_message.Message):
    __slots__ = ("target",)
    TARGET_FIELD_NUMBER: _ClassVar[int]
    target: int
    def __init__(self, target: _Optional[int] = ...) -> None: ...

class DeriveKeys(_message.Message):
    __slots__ = ("deployment_key", "project_id", "run_id")
    DEPLOYMENT_KEY_FIELD_NUMBER: _ClassVar[int]
    PROJECT_ID_FIELD_NUMBER: _ClassVar[int]
    RUN_ID_FIELD_NUMBER: _ClassVar[int]
    deployment_key: bytes
    project_id: str
    run_id: str
    def __init__(self, deployment_key: _Optional[bytes] = ..., project_id: _Optional[str] = ..., run_id: _Optional[str] = ...) -> None: ...

class RunKeys(_message.Message):
    __slots__ = ("run_key", "public_key")
    RUN_KEY_FIELD_NUMBER: _ClassVar[int]
    PUBLIC_KEY_FIELD_NUMBER: _ClassVar[int]
    run_key: bytes
    public_key: bytes
    def __init__(self, run_key: _Optional[bytes] = ..., public_key: _Optional[bytes] = ...) -> None: ...

class SealPayload(_message.Message):
    __slots__ = ("payload", "run_key", "public_key")
    PAYLOAD_FIELD_NUMBER: _ClassVar[int]
    RUN_KEY_FIELD_NUMBER: _ClassVar[int]
    PUBLIC_KEY_FIELD_NUMBER: _ClassVar[int]
    payload: bytes
    run_key: bytes
    public_key: bytes
    def __init__(self, payload: _Optional[bytes] = ..., run_key: _Optional[bytes] = ..., public_key: _Optional[bytes] = ...) -> None: ...

class OpenPayload(_message.Message):
    __slots__ = ("payload", "run_key", "public_key", "run_id", "max_bytes")
    PAYLOAD_FIELD_NUMBER: _ClassVar[int]
    RUN_KEY_FIELD_NUMBER: _ClassVar[int]
    PUBLIC_KEY_FIELD_NUMBER: _ClassVar[int]
    RUN_ID_FIELD_NUMBER: _ClassVar[int]
    MAX_BYTES_FIELD_NUMBER: _ClassVar[int]
    payload: bytes
    run_key: bytes
    public_key: bytes
    run_id: str
    max_bytes: int
    def __init__(self, payload: _Optional[bytes] = ..., run_key: _Optional[bytes] = ..., public_key: _Optional[bytes] = ..., run_id: _Optional[str] = ..., max_bytes: _Optional[int] = ...) -> None: ...

class Result(_message.Message):
    __slots__ = ("value",)
    VALUE_FIELD_NUMBER: _ClassVar[int]
    value: bytes
    def __init__(self, value: _Optional[bytes] = ...) -> None: ...

class Item(_message.Message):
    __slots__ = ("value",)
    VALUE_FIELD_NUMBER: _ClassVar[int]
    value: bytes
    def __init__(self, value: _Optional[bytes] = ...) -> None: ...

class Failure(_message.Message):
    __slots__ = ("code", "reason", "message", "metadata", "retry_delay")
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
    RETRY_DELAY_FIELD_NUMBER: _ClassVar[int]
    code: str
    reason: str
    message: str
    metadata: _containers.ScalarMap[str, str]
    retry_delay: _duration_pb2.Duration
    def __init__(self, code: _Optional[str] = ..., reason: _Optional[str] = ..., message: _Optional[str] = ..., metadata: _Optional[_Mapping[str, str]] = ..., retry_delay: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ...) -> None: ...

class LeaseLost(_message.Message):
    __slots__ = ("lease_id",)
    LEASE_ID_FIELD_NUMBER: _ClassVar[int]
    lease_id: str
    def __init__(self, lease_id: _Optional[str] = ...) -> None: ...
