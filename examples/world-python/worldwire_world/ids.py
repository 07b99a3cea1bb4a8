"""Ids that the World makes, and the time within those of others."""

import re

from ulid import ULID

from .errors import Refusal
from .gen.worldwire.v1.error_pb import ErrorReason

_RUN_ULID = re.compile(r"wrun_([0-7][0-9A-HJKMNP-TV-Z]{25})")
# SDK 5 sets the highest bit of the time to say that the id carries a region.
_TIME_BITS = 2**47 - 1
_PAST_MS = 24 * 3_600_000
_FUTURE_MS = 5 * 60_000


def new_id(prefix: str) -> str:
    """An id that nothing else has."""
    return f"{prefix}_{ULID()}"


def check_run_id_time(run_id: str, now_ms: int) -> None:
    """Refuses a new run whose id was made by a clock that is far off. Ids without a time pass."""
    match = _RUN_ULID.fullmatch(run_id)
    if match is None:
        return
    time = ULID.from_str(match[1]).milliseconds & _TIME_BITS
    if not now_ms - _PAST_MS <= time <= now_ms + _FUTURE_MS:
        raise Refusal(
            ErrorReason.RUN_ID_TIME_OUT_OF_RANGE,
            "the time within run_id is over 24 h old or 5 min ahead: check the client's clock",
            run_id=run_id,
        )
