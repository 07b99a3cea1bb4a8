"""The client for programs without an event loop."""

from .client import (
    ConsumerSync,
    DeliveryContextSync,
    StreamWriterSync,
    WorldClientSync,
    connect_sync,
)

__all__ = [
    "ConsumerSync",
    "DeliveryContextSync",
    "StreamWriterSync",
    "WorldClientSync",
    "connect_sync",
]
