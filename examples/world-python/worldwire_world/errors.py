"""Errors: a reason decides the code, by the registry that error.proto carries as options."""

import logging
from uuid import uuid4

from connectrpc.code import Code
from connectrpc.errors import ConnectError
from connectrpc.request import RequestContext
from protobuf import DescEnumValue, Message
from protobuf.wkt import Duration

from .gen.google.rpc.error_details_pb import ErrorInfo, RetryInfo
from .gen.worldwire.v1.annotations_pb import ErrorRule, ext_error_rule
from .gen.worldwire.v1.error_pb import ErrorReason

DOMAIN = "worldwire"
_PREFIX = "ERROR_REASON_"
_log = logging.getLogger(__name__)


def _rule(value: DescEnumValue) -> ErrorRule:
    options = value.proto.options
    return options[ext_error_rule] if options is not None else ErrorRule()


_CODES = {value.number: _rule(value).code for value in ErrorReason.desc().values}


class Refusal(ConnectError):
    """An error with its reason. Raised by rules, before anything has changed."""

    def __init__(
        self,
        reason: ErrorReason,
        message: str,
        /,
        *,
        retry_after_ms: int | None = None,
        **metadata: str | int,
    ) -> None:
        """Takes the metadata that the reason's comment in error.proto names."""
        self.reason = ErrorReason(reason).name
        if retry_after_ms is not None:
            metadata["retry_after_ms"] = retry_after_ms
        told = {key: str(value) for key, value in metadata.items()}
        details: list[Message] = [ErrorInfo(reason=self.reason, domain=DOMAIN, metadata=told)]
        if retry_after_ms is not None:
            details.append(RetryInfo(retry_delay=Duration.from_nanos(retry_after_ms * 1_000_000)))
        super().__init__(Code(_CODES[reason]), message, details)


def invalid(field: str, problem: str) -> Refusal:
    """A field is missing, malformed or out of range."""
    return Refusal(ErrorReason.INVALID_ARGUMENT, f"{field} {problem}", field=field, problem=problem)


def too_large(limit: str, maximum: int, actual: int | str) -> Refusal:
    """A payload or a request exceeds a limit that GetWorld announces."""
    return Refusal(
        ErrorReason.PAYLOAD_TOO_LARGE,
        f"{limit} is {maximum}, and this has {actual}",
        limit=limit,
        maximum=maximum,
        actual=actual,
    )


class Explain:
    """Gives every error that leaves the World a reason: those of the RPC library, and bugs."""

    def __init__(self, max_request_bytes: int) -> None:
        """Takes the limit that the RPC library enforces."""
        self._max_request_bytes = max_request_bytes

    async def on_start(self, _ctx: RequestContext, /) -> None:
        """Lets every call begin."""

    async def on_end(self, _token: None, _ctx: RequestContext, error: Exception | None, /) -> None:
        """Replaces an error by one with a reason."""
        if error is not None and not isinstance(error, Refusal):
            raise self._explained(error) from error

    def _explained(self, error: Exception) -> Refusal:
        match error:
            case ConnectError(code=Code.RESOURCE_EXHAUSTED):
                maximum = self._max_request_bytes
                return too_large("max_request_bytes", maximum, f"more than {maximum}")
            case ConnectError(code=Code.DEADLINE_EXCEEDED):
                return Refusal(ErrorReason.DEADLINE_EXCEEDED, "the deadline passed first")
            case ConnectError(code=Code.CANCELED):
                return Refusal(ErrorReason.CANCELLED, "the caller went away")
            case ConnectError():
                # What is left is about the request: its framing, encoding or compression.
                return invalid("request", f"is malformed: {error.message}")
            case _:
                incident = str(uuid4())
                _log.error("incident %s", incident, exc_info=error)
                return Refusal(
                    ErrorReason.INTERNAL,
                    f"the World failed; its log knows more under {incident}",
                    incident=incident,
                )
