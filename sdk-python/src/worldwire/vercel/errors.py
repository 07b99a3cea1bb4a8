"""What a World refuses, as the exceptions that the Workflow SDK tells apart by their classes."""

from __future__ import annotations

import math
from contextlib import contextmanager
from typing import TYPE_CHECKING

from vercel.workflow._internal import world as w

from worldwire.errors import WorldError

if TYPE_CHECKING:
    from collections.abc import Generator

_UNAVAILABLE = 503
_TRANSPORT = "TRANSPORT"
_KEY_MISSING = "KEY_MISSING"
_UNREADABLE = "SCHEMA_VALIDATION"


def to_sdk_error(error: WorldError) -> Exception:
    """The exception of the Workflow SDK for a failed call."""
    metadata = error.metadata
    match error.upstream_class:
        case "EntityConflictError" if error.reason == "RESUME_CONFLICT":
            return w.HookResumeConflictError(error.message)
        case "EntityConflictError":
            return w.EntityConflictError(error.message)
        case "RunExpiredError":
            return w.RunExpiredError(
                error.message, status=error.upstream_status, code="run-expired"
            )
        case "HookNotFoundError":
            return w.HookNotFoundError(token=metadata.get("token"), hook_id=metadata.get("hook_id"))
        case "TooEarlyError":
            return w.TooEarlyError(error.message, retry_after=_retry_after(error))
        case "ThrottleError":
            return w.ThrottleError(
                error.message,
                status=error.upstream_status,
                code=error.reason,
                retry_after=_retry_after(error),
            )
        case _:
            # A call that was cut off must look like an outage, or the SDK would fail the run for it.
            lost = error.reason is None and (error.retryable or error.code == "canceled")
            return w.WorkflowWorldError(
                error.message,
                status=_UNAVAILABLE if lost else error.upstream_status,
                code=_TRANSPORT if lost else error.reason,
            )


def _retry_after(error: WorldError) -> int:
    """Whole seconds; less than one would be a busy loop."""
    if error.retry_delay is not None:
        seconds = error.retry_delay.total_seconds()
    else:
        given = error.metadata.get("retry_after_ms", "")
        seconds = int(given) / 1000 if given.isdigit() else 0
    return max(1, math.ceil(seconds))


@contextmanager
def translated() -> Generator[None]:
    """Raises what the SDK expects for what the World refuses."""
    try:
        yield
    except WorldError as error:
        raise to_sdk_error(error) from error


class KeyMissingError(w.WorkflowWorldError):
    """A key is not here. The SDK takes it for an outage, and tries again instead of failing the run."""

    def __init__(self, message: str) -> None:
        super().__init__(message, status=_UNAVAILABLE, code=_KEY_MISSING)


def unreadable(what: str, feature: str) -> w.WorkflowWorldError:
    """The refusal of a record that this version of the SDK has no words for."""
    return w.WorkflowWorldError(
        f"{what} cannot be told to this version of vercel-workflow: {feature}",
        status=0,
        code=_UNREADABLE,
    )
