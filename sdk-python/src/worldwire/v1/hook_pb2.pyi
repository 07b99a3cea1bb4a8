import datetime

from google.protobuf import struct_pb2 as _struct_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from worldwire.v1 import common_pb2 as _common_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class HookRunContext(_message.Message):
    __slots__ = ("deployment_id", "workflow_name", "spec_version", "execution_context", "encryption_public_key", "encryption_key_id")
    DEPLOYMENT_ID_FIELD_NUMBER: _ClassVar[int]
    WORKFLOW_NAME_FIELD_NUMBER: _ClassVar[int]
    SPEC_VERSION_FIELD_NUMBER: _ClassVar[int]
    EXECUTION_CONTEXT_FIELD_NUMBER: _ClassVar[int]
    ENCRYPTION_PUBLIC_KEY_FIELD_NUMBER: _ClassVar[int]
    ENCRYPTION_KEY_ID_FIELD_NUMBER: _ClassVar[int]
    deployment_id: str
    workflow_name: str
    spec_version: int
    execution_context: _struct_pb2.Struct
    encryption_public_key: str
    encryption_key_id: str
    def __init__(self, deployment_id: _Optional[str] = ..., workflow_name: _Optional[str] = ..., spec_version: _Optional[int] = ..., execution_context: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ..., encryption_public_key: _Optional[str] = ..., encryption_key_id: _Optional[str] = ...) -> None: ...

class Hook(_message.Message):
    __slots__ = ("run_id", "hook_id", "token", "metadata", "created_at", "spec_version", "is_webhook", "is_system", "token_retention_until", "run")
    RUN_ID_FIELD_NUMBER: _ClassVar[int]
    HOOK_ID_FIELD_NUMBER: _ClassVar[int]
    TOKEN_FIELD_NUMBER: _ClassVar[int]
    METADATA_FIELD_NUMBER: _ClassVar[int]
    CREATED_AT_FIELD_NUMBER: _ClassVar[int]
    SPEC_VERSION_FIELD_NUMBER: _ClassVar[int]
    IS_WEBHOOK_FIELD_NUMBER: _ClassVar[int]
    IS_SYSTEM_FIELD_NUMBER: _ClassVar[int]
    TOKEN_RETENTION_UNTIL_FIELD_NUMBER: _ClassVar[int]
    RUN_FIELD_NUMBER: _ClassVar[int]
    run_id: str
    hook_id: str
    token: str
    metadata: bytes
    created_at: _timestamp_pb2.Timestamp
    spec_version: int
    is_webhook: bool
    is_system: bool
    token_retention_until: _timestamp_pb2.Timestamp
    run: HookRunContext
    def __init__(self, run_id: _Optional[str] = ..., hook_id: _Optional[str] = ..., token: _Optional[str] = ..., metadata: _Optional[bytes] = ..., created_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., spec_version: _Optional[int] = ..., is_webhook: _Optional[bool] = ..., is_system: _Optional[bool] = ..., token_retention_until: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., run: _Optional[_Union[HookRunContext, _Mapping]] = ...) -> None: ...

class GetHookRequest(_message.Message):
    __slots__ = ("run_id", "hook_id", "resolve_data")
    RUN_ID_FIELD_NUMBER: _ClassVar[int]
    HOOK_ID_FIELD_NUMBER: _ClassVar[int]
    RESOLVE_DATA_FIELD_NUMBER: _ClassVar[int]
    run_id: str
    hook_id: str
    resolve_data: _common_pb2.ResolveData
    def __init__(self, run_id: _Optional[str] = ..., hook_id: _Optional[str] = ..., resolve_data: _Optional[_Union[_common_pb2.ResolveData, str]] = ...) -> None: ...

class GetHookResponse(_message.Message):
    __slots__ = ("hook",)
    HOOK_FIELD_NUMBER: _ClassVar[int]
    hook: Hook
    def __init__(self, hook: _Optional[_Union[Hook, _Mapping]] = ...) -> None: ...

class GetHookByTokenRequest(_message.Message):
    __slots__ = ("token", "resolve_data")
    TOKEN_FIELD_NUMBER: _ClassVar[int]
    RESOLVE_DATA_FIELD_NUMBER: _ClassVar[int]
    token: str
    resolve_data: _common_pb2.ResolveData
    def __init__(self, token: _Optional[str] = ..., resolve_data: _Optional[_Union[_common_pb2.ResolveData, str]] = ...) -> None: ...

class GetHookByTokenResponse(_message.Message):
    __slots__ = ("hook",)
    HOOK_FIELD_NUMBER: _ClassVar[int]
    hook: Hook
    def __init__(self, hook: _Optional[_Union[Hook, _Mapping]] = ...) -> None: ...

class ListHooksRequest(_message.Message):
    __slots__ = ("run_id", "page", "resolve_data")
    RUN_ID_FIELD_NUMBER: _ClassVar[int]
    PAGE_FIELD_NUMBER: _ClassVar[int]
    RESOLVE_DATA_FIELD_NUMBER: _ClassVar[int]
    run_id: str
    page: _common_pb2.PageRequest
    resolve_data: _common_pb2.ResolveData
    def __init__(self, run_id: _Optional[str] = ..., page: _Optional[_Union[_common_pb2.PageRequest, _Mapping]] = ..., resolve_data: _Optional[_Union[_common_pb2.ResolveData, str]] = ...) -> None: ...

class ListHooksResponse(_message.Message):
    __slots__ = ("hooks", "page")
    HOOKS_FIELD_NUMBER: _ClassVar[int]
    PAGE_FIELD_NUMBER: _ClassVar[int]
    hooks: _containers.RepeatedCompositeFieldContainer[Hook]
    page: _common_pb2.PageInfo
    def __init__(self, hooks: _Optional[_Iterable[_Union[Hook, _Mapping]]] = ..., page: _Optional[_Union[_common_pb2.PageInfo, _Mapping]] = ...) -> None: ...
