"""The one error that this package raises for calls, and how it is told which subclass to be."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, ClassVar

from worldwire.codes import HTTP_STATUS, RETRYABLE_CODES
from worldwire.protocol import ERROR_RULES

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import timedelta

_classes: dict[str, type[WorldError]] = {}


class WorldError(Exception):
    """Why a call failed. The one error that the clients raise.

    Where the World gave a reason of the registry, the error is an instance of that reason's subclass, such as
    `RunNotFoundError`.
    """

    code: str
    """The canonical code in Connect's spelling, such as `not_found`."""
    reason: str | None
    """The registry's name, such as `RUN_NOT_FOUND`; None without one, and where this build does not know it."""
    message: str
    """For people; no program should read it."""
    metadata: Mapping[str, str]
    """What the World said beside the reason, such as `run_id`."""
    retry_delay: timedelta | None
    """How long the World asks to wait before another try."""

    _reason: ClassVar[str | None] = None

    def __init_subclass__(cls, *, reason: str | None = None) -> None:
        super().__init_subclass__()
        if reason is not None:
            cls._reason = reason
            _classes[reason] = cls

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        metadata: Mapping[str, str] | None = None,
        retry_delay: timedelta | None = None,
    ) -> None:
        """Takes the code from the registry where it is not given; `unknown` without a reason."""
        super().__init__(message)
        self.reason = self._reason
        rule = ERROR_RULES.get(self._reason or "")
        self.code = code or (rule.code if rule is not None else "unknown")
        self.message = message
        self.metadata = MappingProxyType(dict(metadata or {}))
        self.retry_delay = retry_delay

    @staticmethod
    def of(
        message: str,
        *,
        code: str,
        reason: str | None = None,
        metadata: Mapping[str, str] | None = None,
        retry_delay: timedelta | None = None,
    ) -> WorldError:
        """Makes an error of the reason's subclass; of WorldError itself where there is none."""
        cls = _classes.get(reason or "", WorldError)
        return cls(message, code=code, metadata=metadata, retry_delay=retry_delay)

    @property
    def retryable(self) -> bool:
        """Whether the same request, with the same request id, may succeed later unchanged."""
        rule = ERROR_RULES.get(self.reason or "")
        return self.code in RETRYABLE_CODES if rule is None else rule.retryable

    @property
    def upstream_class(self) -> str:
        """The Workflow SDK's class for this error; `WorkflowWorldError` where it has none, or the reason is unknown."""
        rule = ERROR_RULES.get(self.reason or "")
        return (rule.upstream_class if rule is not None else "") or "WorkflowWorldError"

    @property
    def upstream_status(self) -> int:
        """The HTTP status that the Workflow SDK associates with it; where the registry has none, that of the code."""
        rule = ERROR_RULES.get(self.reason or "")
        return (rule.upstream_status if rule is not None else 0) or HTTP_STATUS.get(self.code, 500)

    def __repr__(self) -> str:
        said = f", reason={self.reason!r}" if self.reason else ""
        return f"{type(self).__name__}({self.message!r}, code={self.code!r}{said})"

    def __reduce__(self) -> tuple[object, ...]:
        return _restore, (
            self.message,
            self.code,
            self.reason,
            dict(self.metadata),
            self.retry_delay,
        )


def _restore(
    message: str,
    code: str,
    reason: str | None,
    metadata: dict[str, str],
    retry_delay: timedelta | None,
) -> WorldError:
    return WorldError.of(
        message, code=code, reason=reason, metadata=metadata, retry_delay=retry_delay
    )
