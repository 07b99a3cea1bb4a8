"""Capabilities: what this World declares, and the refusal of everything that needs another."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from connectrpc.request import RequestContext
from protobuf import DescEnumValue, Message

from .errors import Refusal
from .gen.worldwire.v1.annotations_pb import CapabilityRule, ext_capability_rule
from .gen.worldwire.v1.error_pb import ErrorReason
from .gen.worldwire.v1.world_pb import Capability

DECLARED: list[Capability] = []
"""What GetWorld answers: nothing beyond the core profile."""

PROJECT_HEADER = b"worldwire-project"
DEFAULT_PROJECT = "default"


def _rule(value: DescEnumValue) -> CapabilityRule:
    options = value.proto.options
    return options[ext_capability_rule] if options is not None else CapabilityRule()


_GATED = {
    element: value.name
    for value in Capability.desc().values
    if value.number not in DECLARED
    for element in (*_rule(value).methods, *_rule(value).fields)
}
"""The capability that a method or a request field lacks, by the element's full name."""


class Gate:
    """An interceptor that refuses requests with undeclared fields before any rule runs."""

    async def intercept_unary(
        self,
        call_next: Callable[[Any, RequestContext], Awaitable[Any]],
        request: Any,
        ctx: RequestContext,
        /,
    ) -> Any:
        """Guards a call with one answer."""
        _check_fields(request)
        return await call_next(request, ctx)

    def intercept_server_stream(
        self,
        call_next: Callable[[Any, RequestContext], AsyncIterator[Any]],
        request: Any,
        ctx: RequestContext,
        /,
    ) -> AsyncIterator[Any]:
        """Guards a call with a stream of answers."""
        _check_fields(request)
        return call_next(request, ctx)


def check_call(method: str, project: str) -> None:
    """Refuses an undeclared method, and any project but the one that there is."""
    if method in _GATED:
        raise _undeclared(method, _GATED[method])
    if Capability.PROJECTS not in DECLARED and project not in ("", DEFAULT_PROJECT):
        raise _undeclared(f"the project {project!r}", "CAPABILITY_PROJECTS")


def _check_fields(message: Message) -> None:
    """Looks at all fields that a request sets, however deep."""
    for field in message:
        name = f"{field.parent.type_name}.{field.name}"
        if name in _GATED:
            raise _undeclared(name, _GATED[name])
        value = message[field]
        for part in value if isinstance(value, list) else [value]:
            if isinstance(part, Message):
                _check_fields(part)


def _undeclared(element: str, capability: str) -> Refusal:
    return Refusal(
        ErrorReason.CAPABILITY_NOT_DECLARED,
        f"{element} needs {capability}, which this World does not declare",
        capability=capability,
    )
