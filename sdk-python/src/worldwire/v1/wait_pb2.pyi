import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from worldwire.v1 import annotations_pb2 as _annotations_pb2
from worldwire.v1 import common_pb2 as _common_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class WaitStatus(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    WAIT_STATUS_UNSPECIFIED: _ClassVar[WaitStatus]
    WAIT_STATUS_WAITING: _ClassVar[WaitStatus]
    WAIT_STATUS_COMPLETED: _ClassVar[WaitStatus]
WAIT_STATUS_UNSPECIFIED: WaitStatus
WAIT_STATUS_WAITING: WaitStatus
WAIT_STATUS_COMPLETED: WaitStatus

class Wait(_message.Message):
    __slots__ = ("run_id", "wait_id", "status", "resume_at", "completed_at", "created_at", "updated_at", "spec_version")
    RUN_ID_FIELD_NUMBER: _ClassVar[int]
    WAIT_ID_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    RESUME_AT_FIELD_NUMBER: _ClassVar[int]
    COMPLETED_AT_FIELD_NUMBER: _ClassVar[int]
    CREATED_AT_FIELD_NUMBER: _ClassVar[int]
    UPDATED_AT_FIELD_NUMBER: _ClassVar[int]
    SPEC_VERSION_FIELD_NUMBER: _ClassVar[int]
    run_id: str
    wait_id: str
    status: WaitStatus
    resume_at: _timestamp_pb2.Timestamp
    completed_at: _timestamp_pb2.Timestamp
    created_at: _timestamp_pb2.Timestamp
    updated_at: _timestamp_pb2.Timestamp
    spec_version: int
    def __init__(self, run_id: _Optional[str] = ..., wait_id: _Optional[str] = ..., status: _Optional[_Union[WaitStatus, str]] = ..., resume_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., completed_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., created_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., updated_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., spec_version: _Optional[int] = ...) -> None: ...

class GetWaitRequest(_message.Message):
    __slots__ = ("run_id", "wait_id")
    RUN_ID_FIELD_NUMBER: _ClassVar[int]
    WAIT_ID_FIELD_NUMBER: _ClassVar[int]
    run_id: str
    wait_id: str
    def __init__(self, run_id: _Optional[str] = ..., wait_id: _Optional[str] = ...) -> None: ...

class GetWaitResponse(_message.Message):
    __slots__ = ("wait",)
    WAIT_FIELD_NUMBER: _ClassVar[int]
    wait: Wait
    def __init__(self, wait: _Optional[_Union[Wait, _Mapping]] = ...) -> None: ...

class ListWaitsRequest(_message.Message):
    __slots__ = ("run_id", "page", "status")
    RUN_ID_FIELD_NUMBER: _ClassVar[int]
    PAGE_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    run_id: str
    page: _common_pb2.PageRequest
    status: WaitStatus
    def __init__(self, run_id: _Optional[str] = ..., page: _Optional[_Union[_common_pb2.PageRequest, _Mapping]] = ..., status: _Optional[_Union[WaitStatus, str]] = ...) -> None: ...

class ListWaitsResponse(_message.Message):
    __slots__ = ("waits", "page")
    WAITS_FIELD_NUMBER: _ClassVar[int]
    PAGE_FIELD_NUMBER: _ClassVar[int]
    waits: _containers.RepeatedCompositeFieldContainer[Wait]
    page: _common_pb2.PageInfo
    def __init__(self, waits: _Optional[_Iterable[_Union[Wait, _Mapping]]] = ..., page: _Optional[_Union[_common_pb2.PageInfo, _Mapping]] = ...) -> None: ...
