"""Lists that go from page to page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, Self, TypeVar

from worldwire.errors import WorldError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable

    from worldwire.v1 import PageInfo, PageRequest


class PageRequesting(Protocol):
    """A request that asks for a page."""

    @property
    def page(self) -> PageRequest: ...

    def CopyFrom(self, other: Self, /) -> None: ...  # noqa: N802  protobuf's name.


class PageHolding(Protocol):
    """A response that says where its page ends."""

    @property
    def page(self) -> PageInfo: ...


Req = TypeVar("Req", bound=PageRequesting)
Res = TypeVar("Res", bound=PageHolding)
Item = TypeVar("Item")


async def pages(
    read_page: Callable[[Req], Awaitable[Res]],
    request: Req,
    items_of: Callable[[Res], Iterable[Item]],
) -> AsyncGenerator[Item]:
    """Lists page by page, from the request's cursor to the end.

    Ends when the World says that there is no more; raises a WorldError `data_loss` if its cursors do not advance.
    """
    asked = type(request)()
    asked.CopyFrom(request)
    while True:
        response = await read_page(asked)
        for item in items_of(response):
            yield item
        if not response.page.has_more:
            return
        cursor = next_cursor(asked.page.cursor, response.page)
        # A new message: the last one may still be on its way to somewhere, such as a log.
        asked = type(request)()
        asked.CopyFrom(request)
        asked.page.cursor = cursor


def next_cursor(cursor: str, page: PageInfo) -> str:
    """Returns the cursor of the next page."""
    if page.cursor in ("", cursor):
        raise WorldError(
            "the World says that there is more, but its cursor does not advance",
            code="data_loss",
            metadata={"cursor": page.cursor},
        )
    return page.cursor
