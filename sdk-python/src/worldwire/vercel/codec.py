"""Queue messages as the Workflow SDKs write them: CBOR, or JSON in which bytes are tagged."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any, cast

import cbor2

if TYPE_CHECKING:
    from collections.abc import Mapping

CBOR = "application/cbor"

_BYTES_TAG = "Uint8Array"
_TYPED_ARRAY_OF_BYTES = 64


def encode_message(message: Any) -> bytes:
    """A message as CBOR, which both SDKs read."""
    return cbor2.dumps(message)


def decode_message(body: bytes, content_type: str) -> Any:
    """Decodes a message by its media type and, where that says nothing, as CBOR and then as JSON.

    Raises `ValueError` where the body is neither.
    """
    kind = content_type.lower()
    if "json" in kind:
        return _from_json(body)
    try:
        return _from_cbor(body)
    except cbor2.CBORDecodeError as error:
        if "cbor" in kind:
            raise ValueError("the message is not the CBOR that its media type says") from error
        return _from_json(body)


def _from_json(body: bytes) -> Any:
    return json.loads(body, object_hook=_revive)


def _revive(value: dict[str, Any]) -> Any:
    data = value.get("data")
    if value.get("__type") == _BYTES_TAG and isinstance(data, str):
        return base64.b64decode(data)
    return value


def _from_cbor(body: bytes) -> Any:
    return cbor2.loads(body, tag_hook=_open_tag, object_hook=_without_undefined)


def _open_tag(tag: cbor2.CBORTag, immutable: bool = False) -> Any:
    return tag.value if tag.tag == _TYPED_ARRAY_OF_BYTES else tag


def _without_undefined(value: Mapping[Any, Any], immutable: bool = False) -> dict[Any, Any]:
    # JavaScript says "absent" so, and the models of the SDK know only absent.
    return {key: one for key, one in value.items() if one is not cast("object", cbor2.undefined)}
