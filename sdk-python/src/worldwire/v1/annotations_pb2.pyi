from google.protobuf import descriptor_pb2 as _descriptor_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable
from typing import ClassVar as _ClassVar, Optional as _Optional

DESCRIPTOR: _descriptor.FileDescriptor
ERROR_RULE_FIELD_NUMBER: _ClassVar[int]
error_rule: _descriptor.FieldDescriptor
CAPABILITY_RULE_FIELD_NUMBER: _ClassVar[int]
capability_rule: _descriptor.FieldDescriptor
UPSTREAM_NAME_FIELD_NUMBER: _ClassVar[int]
upstream_name: _descriptor.FieldDescriptor
SKIPPABLE_FIELD_NUMBER: _ClassVar[int]
skippable: _descriptor.FieldDescriptor
FIELD_SINCE_FIELD_NUMBER: _ClassVar[int]
field_since: _descriptor.FieldDescriptor
METHOD_SINCE_FIELD_NUMBER: _ClassVar[int]
method_since: _descriptor.FieldDescriptor

class ErrorRule(_message.Message):
    __slots__ = ("code", "retryable", "upstream_class", "upstream_status")
    CODE_FIELD_NUMBER: _ClassVar[int]
    RETRYABLE_FIELD_NUMBER: _ClassVar[int]
    UPSTREAM_CLASS_FIELD_NUMBER: _ClassVar[int]
    UPSTREAM_STATUS_FIELD_NUMBER: _ClassVar[int]
    code: str
    retryable: bool
    upstream_class: str
    upstream_status: int
    def __init__(self, code: _Optional[str] = ..., retryable: _Optional[bool] = ..., upstream_class: _Optional[str] = ..., upstream_status: _Optional[int] = ...) -> None: ...

class CapabilityRule(_message.Message):
    __slots__ = ("methods", "fields")
    METHODS_FIELD_NUMBER: _ClassVar[int]
    FIELDS_FIELD_NUMBER: _ClassVar[int]
    methods: _containers.RepeatedScalarFieldContainer[str]
    fields: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, methods: _Optional[_Iterable[str]] = ..., fields: _Optional[_Iterable[str]] = ...) -> None: ...
