import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from worldwire.v1 import common_pb2 as _common_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class DeploymentKey(_message.Message):
    __slots__ = ("key_id", "deployment_id", "escrowed_at")
    KEY_ID_FIELD_NUMBER: _ClassVar[int]
    DEPLOYMENT_ID_FIELD_NUMBER: _ClassVar[int]
    ESCROWED_AT_FIELD_NUMBER: _ClassVar[int]
    key_id: str
    deployment_id: str
    escrowed_at: _timestamp_pb2.Timestamp
    def __init__(self, key_id: _Optional[str] = ..., deployment_id: _Optional[str] = ..., escrowed_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class KeyAccess(_message.Message):
    __slots__ = ("sequence", "at", "project", "method", "run_id", "deployment_id", "key_id", "caller", "reason", "outcome", "hash")
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    AT_FIELD_NUMBER: _ClassVar[int]
    PROJECT_FIELD_NUMBER: _ClassVar[int]
    METHOD_FIELD_NUMBER: _ClassVar[int]
    RUN_ID_FIELD_NUMBER: _ClassVar[int]
    DEPLOYMENT_ID_FIELD_NUMBER: _ClassVar[int]
    KEY_ID_FIELD_NUMBER: _ClassVar[int]
    CALLER_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    OUTCOME_FIELD_NUMBER: _ClassVar[int]
    HASH_FIELD_NUMBER: _ClassVar[int]
    sequence: int
    at: _timestamp_pb2.Timestamp
    project: str
    method: str
    run_id: str
    deployment_id: str
    key_id: str
    caller: str
    reason: str
    outcome: str
    hash: str
    def __init__(self, sequence: _Optional[int] = ..., at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., project: _Optional[str] = ..., method: _Optional[str] = ..., run_id: _Optional[str] = ..., deployment_id: _Optional[str] = ..., key_id: _Optional[str] = ..., caller: _Optional[str] = ..., reason: _Optional[str] = ..., outcome: _Optional[str] = ..., hash: _Optional[str] = ...) -> None: ...

class EscrowKeyRequest(_message.Message):
    __slots__ = ("deployment_id", "key", "request_id")
    DEPLOYMENT_ID_FIELD_NUMBER: _ClassVar[int]
    KEY_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    deployment_id: str
    key: bytes
    request_id: str
    def __init__(self, deployment_id: _Optional[str] = ..., key: _Optional[bytes] = ..., request_id: _Optional[str] = ...) -> None: ...

class EscrowKeyResponse(_message.Message):
    __slots__ = ("key_id",)
    KEY_ID_FIELD_NUMBER: _ClassVar[int]
    key_id: str
    def __init__(self, key_id: _Optional[str] = ...) -> None: ...

class ListKeysRequest(_message.Message):
    __slots__ = ("page",)
    PAGE_FIELD_NUMBER: _ClassVar[int]
    page: _common_pb2.PageRequest
    def __init__(self, page: _Optional[_Union[_common_pb2.PageRequest, _Mapping]] = ...) -> None: ...

class ListKeysResponse(_message.Message):
    __slots__ = ("keys", "page")
    KEYS_FIELD_NUMBER: _ClassVar[int]
    PAGE_FIELD_NUMBER: _ClassVar[int]
    keys: _containers.RepeatedCompositeFieldContainer[DeploymentKey]
    page: _common_pb2.PageInfo
    def __init__(self, keys: _Optional[_Iterable[_Union[DeploymentKey, _Mapping]]] = ..., page: _Optional[_Union[_common_pb2.PageInfo, _Mapping]] = ...) -> None: ...

class GetRunKeyRequest(_message.Message):
    __slots__ = ("run_id", "reason")
    RUN_ID_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    run_id: str
    reason: str
    def __init__(self, run_id: _Optional[str] = ..., reason: _Optional[str] = ...) -> None: ...

class GetRunKeyResponse(_message.Message):
    __slots__ = ("key_id", "run_key")
    KEY_ID_FIELD_NUMBER: _ClassVar[int]
    RUN_KEY_FIELD_NUMBER: _ClassVar[int]
    key_id: str
    run_key: bytes
    def __init__(self, key_id: _Optional[str] = ..., run_key: _Optional[bytes] = ...) -> None: ...

class ListKeyAccessRequest(_message.Message):
    __slots__ = ("page", "run_id")
    PAGE_FIELD_NUMBER: _ClassVar[int]
    RUN_ID_FIELD_NUMBER: _ClassVar[int]
    page: _common_pb2.PageRequest
    run_id: str
    def __init__(self, page: _Optional[_Union[_common_pb2.PageRequest, _Mapping]] = ..., run_id: _Optional[str] = ...) -> None: ...

class ListKeyAccessResponse(_message.Message):
    __slots__ = ("entries", "page")
    ENTRIES_FIELD_NUMBER: _ClassVar[int]
    PAGE_FIELD_NUMBER: _ClassVar[int]
    entries: _containers.RepeatedCompositeFieldContainer[KeyAccess]
    page: _common_pb2.PageInfo
    def __init__(self, entries: _Optional[_Iterable[_Union[KeyAccess, _Mapping]]] = ..., page: _Optional[_Union[_common_pb2.PageInfo, _Mapping]] = ...) -> None: ...
