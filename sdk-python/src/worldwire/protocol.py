"""The protocol's own facts, read from the generated definitions: what errors mean, and what capabilities cover."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, cast

from worldwire.v1 import annotations_pb2, error_pb2, world_pb2

if TYPE_CHECKING:
    from collections.abc import Mapping

    from google.protobuf.descriptor import EnumValueDescriptor, FieldDescriptor

PROTOCOL_VERSION = "1.0"
"""The protocol version that these definitions describe."""

ERROR_DOMAIN = "worldwire"
"""The domain of every Worldwire error reason."""

_ERROR_PREFIX = "ERROR_REASON_"


@dataclass(frozen=True, slots=True)
class ErrorRule:
    """What an error reason means, as error.proto says."""

    reason: str
    """The reason's name without `ERROR_REASON_`."""
    code: str
    """The canonical code in Connect's spelling."""
    retryable: bool
    """Whether the same request may succeed later unchanged."""
    upstream_class: str
    """The Workflow SDK's error class; empty where it has none."""
    upstream_status: int
    """The HTTP status that the SDK associates with the class; zero where it has none."""


def _error_rules() -> dict[str, ErrorRule]:
    rules: dict[str, ErrorRule] = {}
    for value in error_pb2.ErrorReason.DESCRIPTOR.values:
        if value.number == 0:
            continue
        rule = cast("annotations_pb2.ErrorRule", _option(value, annotations_pb2.error_rule))
        reason = value.name.removeprefix(_ERROR_PREFIX)
        rules[reason] = ErrorRule(
            reason, rule.code, rule.retryable, rule.upstream_class, rule.upstream_status
        )
    return rules


def _method_capabilities() -> dict[str, world_pb2.Capability]:
    capabilities: dict[str, world_pb2.Capability] = {}
    for value in world_pb2.Capability.DESCRIPTOR.values:
        option = _option(value, annotations_pb2.capability_rule)
        rule = cast("annotations_pb2.CapabilityRule", option)
        for method in rule.methods:
            capabilities[method] = cast("world_pb2.Capability", value.number)
    return capabilities


def _option(value: EnumValueDescriptor, option: FieldDescriptor) -> object:
    """An option of an enum's value. The types of the runtime do not know those of the generated code."""
    extensions = cast("Mapping[FieldDescriptor, object]", value.GetOptions().Extensions)
    return extensions[option]


ERROR_RULES: Mapping[str, ErrorRule] = MappingProxyType(_error_rules())
"""Every error reason by its name without prefix."""

METHOD_CAPABILITIES: Mapping[str, world_pb2.Capability] = MappingProxyType(_method_capabilities())
"""The capability that a method needs, by `package.Service/Method`; absent for methods every World has."""
