"""Times are kept to the millisecond, so that every read returns the same."""

import time

from protobuf.wkt import Duration, Timestamp

from .errors import invalid

# The years 1 to 9999: what the JSON form of a Timestamp can say.
_EARLIEST_S = -62_135_596_800
_LATEST_S = 253_402_300_799


_latest_ms = 0


def now_ms() -> int:
    """Milliseconds since the epoch. Never goes back, as a system's clock may and a log must not."""
    global _latest_ms
    _latest_ms = max(_latest_ms, time.time_ns() // 1_000_000)
    return _latest_ms


def timestamp(ms: int) -> Timestamp:
    """The timestamp of a number of milliseconds."""
    return Timestamp.from_nanos(ms * 1_000_000)


def millis(value: Timestamp | Duration) -> int:
    """Whole milliseconds."""
    return value.to_nanos() // 1_000_000


def kept(field: str, value: Timestamp | None) -> Timestamp | None:
    """A client's time as it is kept, or a refusal of what is no time."""
    if value is None:
        return None
    if not (_EARLIEST_S <= value.seconds <= _LATEST_S and 0 <= value.nanos < 1_000_000_000):
        raise invalid(field, "is no time between the years 1 and 9999")
    return timestamp(millis(value))


def span(field: str, value: Duration | None, unset: int, least: int, most: int) -> int:
    """Milliseconds of a client's duration, or a refusal of one out of range."""
    ms = unset if value is None else millis(value)
    if not least <= ms <= most:
        raise invalid(field, f"must be {least} to {most} ms")
    return ms
