"""The canonical codes of Connect, and what they mean by themselves."""

from collections.abc import Mapping
from types import MappingProxyType

RETRYABLE_CODES = frozenset({"unavailable", "deadline_exceeded"})
"""The codes that say by themselves that a later try may succeed.

Not `resource_exhausted` and `internal`: without a reason they also mean a message that is too large, or one that cannot
be read.
"""

HTTP_STATUS: Mapping[str, int] = MappingProxyType(
    {
        "canceled": 499,
        "unknown": 500,
        "invalid_argument": 400,
        "deadline_exceeded": 504,
        "not_found": 404,
        "already_exists": 409,
        "permission_denied": 403,
        "resource_exhausted": 429,
        "failed_precondition": 400,
        "aborted": 409,
        "out_of_range": 400,
        "unimplemented": 501,
        "internal": 500,
        "unavailable": 503,
        "data_loss": 500,
        "unauthenticated": 401,
    }
)
"""The HTTP status that the Connect protocol gives each code."""
