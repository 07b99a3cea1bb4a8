"""Pages: a slice of a growing list, and the cursor that continues it."""

import base64
import hashlib
from collections.abc import Iterable
from typing import TypeVar

from protobuf import Message

from .errors import Refusal, invalid
from .gen.worldwire.v1.common_pb import PageInfo, PageRequest, SortOrder
from .gen.worldwire.v1.error_pb import ErrorReason

M = TypeVar("M", bound=Message)

_MAX_PAGE_BYTES = 8 * 1024 * 1024


def page(
    items: Iterable[tuple[int, M]],
    request: PageRequest | None,
    *,
    scope: Iterable[object],
    default: int = 100,
    most: int = 1_000,
    newest_first: bool = False,
) -> tuple[list[M], PageInfo]:
    """Returns a page of a list.

    Args:
        items: all items, oldest first, each with a number that no later item is below.
        request: what the client asks for.
        scope: the list's name and its filters. A cursor is good for this list only.
        default: items in a page where the client names no limit.
        most: items in a page, whatever the client asks for.
        newest_first: whether that is the list's own order.
    """
    request = request or PageRequest()
    if request.limit < 0:
        raise invalid("page.limit", "is negative")
    descending = _is_descending(request.sort_order, newest_first)
    seal = _seal([*scope, descending])
    after = _decode(request.cursor, seal)

    rest = [
        (number, item)
        for number, item in items
        if after is None or (number < after if descending else number > after)
    ]
    if descending:
        rest.reverse()
    chosen: list[tuple[int, M]] = []
    size = 0
    for number, item in rest[: min(request.limit or default, most)]:
        size += len(item.to_binary())
        if chosen and size > _MAX_PAGE_BYTES:
            break
        chosen.append((number, item))
    cursor = _encode(chosen[-1][0], seal) if chosen else request.cursor
    info = PageInfo(cursor=cursor, has_more=len(chosen) < len(rest))
    return [item for _, item in chosen], info


def _is_descending(order: SortOrder, newest_first: bool) -> bool:
    if order == SortOrder.UNSPECIFIED:
        return newest_first
    if order not in (SortOrder.ASCENDING, SortOrder.DESCENDING):
        raise invalid("page.sort_order", "is no value that this World knows")
    return order == SortOrder.DESCENDING


def _seal(scope: list[object]) -> str:
    return hashlib.sha256(repr(scope).encode()).hexdigest()[:12]


def _encode(number: int, seal: str) -> str:
    return base64.urlsafe_b64encode(f"{seal}.{number}".encode()).decode()


def _decode(cursor: str, seal: str) -> int | None:
    if cursor == "":
        return None
    try:
        number = int(base64.urlsafe_b64decode(cursor).decode().partition(".")[2])
    except ValueError:
        number = -1
    # A cursor of another list, or a made-up one, does not come out the same.
    if _encode(number, seal) != cursor:
        raise Refusal(
            ErrorReason.INVALID_CURSOR,
            "the cursor is not of this list with these filters in this order",
            cursor=cursor[:64],
        )
    return number
