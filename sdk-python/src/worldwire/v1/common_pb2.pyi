from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ResolveData(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    RESOLVE_DATA_UNSPECIFIED: _ClassVar[ResolveData]
    RESOLVE_DATA_ALL: _ClassVar[ResolveData]
    RESOLVE_DATA_NONE: _ClassVar[ResolveData]

class SortOrder(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    SORT_ORDER_UNSPECIFIED: _ClassVar[SortOrder]
    SORT_ORDER_ASCENDING: _ClassVar[SortOrder]
    SORT_ORDER_DESCENDING: _ClassVar[SortOrder]
RESOLVE_DATA_UNSPECIFIED: ResolveData
RESOLVE_DATA_ALL: ResolveData
RESOLVE_DATA_NONE: ResolveData
SORT_ORDER_UNSPECIFIED: SortOrder
SORT_ORDER_ASCENDING: SortOrder
SORT_ORDER_DESCENDING: SortOrder

class PageRequest(_message.Message):
    __slots__ = ("limit", "cursor", "sort_order")
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    CURSOR_FIELD_NUMBER: _ClassVar[int]
    SORT_ORDER_FIELD_NUMBER: _ClassVar[int]
    limit: int
    cursor: str
    sort_order: SortOrder
    def __init__(self, limit: _Optional[int] = ..., cursor: _Optional[str] = ..., sort_order: _Optional[_Union[SortOrder, str]] = ...) -> None: ...

class PageInfo(_message.Message):
    __slots__ = ("cursor", "has_more")
    CURSOR_FIELD_NUMBER: _ClassVar[int]
    HAS_MORE_FIELD_NUMBER: _ClassVar[int]
    cursor: str
    has_more: bool
    def __init__(self, cursor: _Optional[str] = ..., has_more: _Optional[bool] = ...) -> None: ...

class StructuredError(_message.Message):
    __slots__ = ("message", "stack", "code")
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    STACK_FIELD_NUMBER: _ClassVar[int]
    CODE_FIELD_NUMBER: _ClassVar[int]
    message: str
    stack: str
    code: str
    def __init__(self, message: _Optional[str] = ..., stack: _Optional[str] = ..., code: _Optional[str] = ...) -> None: ...

class Failure(_message.Message):
    __slots__ = ("payload", "structured")
    PAYLOAD_FIELD_NUMBER: _ClassVar[int]
    STRUCTURED_FIELD_NUMBER: _ClassVar[int]
    payload: bytes
    structured: StructuredError
    def __init__(self, payload: _Optional[bytes] = ..., structured: _Optional[_Union[StructuredError, _Mapping]] = ...) -> None: ...

class Reader(_message.Message):
    __slots__ = ("max_spec_version", "event_types", "error_forms")
    MAX_SPEC_VERSION_FIELD_NUMBER: _ClassVar[int]
    EVENT_TYPES_FIELD_NUMBER: _ClassVar[int]
    ERROR_FORMS_FIELD_NUMBER: _ClassVar[int]
    max_spec_version: int
    event_types: _containers.RepeatedScalarFieldContainer[str]
    error_forms: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, max_spec_version: _Optional[int] = ..., event_types: _Optional[_Iterable[str]] = ..., error_forms: _Optional[_Iterable[str]] = ...) -> None: ...
