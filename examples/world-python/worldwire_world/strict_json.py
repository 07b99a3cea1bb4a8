"""JSON as strict as its mapping says: the library lets an object set two members of a oneof."""

import json
from typing import Any

from connectrpc.codec import Codec, proto_json_codec
from protobuf import DescFieldValueList, DescFieldValueMessage, DescMessage, Message


class StrictJson(Codec[Message, Any]):
    """The library's codec for JSON, without fields that are not known and oneofs set twice."""

    def __init__(self) -> None:
        """Wraps the library's codec."""
        self._codec = proto_json_codec(ignore_unknown_fields=False)

    def name(self) -> str:
        """What content types call it."""
        return self._codec.name()

    def encode(self, message: Message) -> bytes:
        """Writes a message."""
        return self._codec.encode(message)

    def decode(self, data: bytes | bytearray, message_class: type[Any]) -> Any:
        """Reads a message, or raises ValueError."""
        _check(message_class.desc(), json.loads(data))
        return self._codec.decode(data, message_class)


def _check(desc: DescMessage, value: Any) -> None:
    if not isinstance(value, dict):
        return
    given = {
        field.name: value[key]
        for field in desc.fields
        for key in (field.name, field.json_name)
        if value.get(key) is not None
    }
    for oneof in desc.oneofs:
        if sum(field.name in given for field in oneof.fields) > 1:
            raise ValueError(f"{desc.name} sets two members of {oneof.name}")
    for field in desc.fields:
        match field.value:
            case DescFieldValueMessage(message=message):
                _check(message, given.get(field.name))
            case DescFieldValueList(element=DescMessage() as message):
                for part in given.get(field.name) or ():
                    _check(message, part)
            case _:
                pass
