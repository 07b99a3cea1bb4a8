#!/usr/bin/env python3
"""Lets the Workflow SDK for Python read every vector, whoever made it."""

import json
from pathlib import Path
from typing import Any

from vercel.workflow._internal import serialization

VECTORS = Path(__file__).parent.parent


def read(vector: dict[str, Any]) -> Any:
    key = bytes.fromhex(vector["runKey"]) if "runKey" in vector else None
    return serialization.hydrate(bytes.fromhex(vector["payload"]), what=vector["name"], key=key)


def load(name: str) -> dict[str, Any]:
    return json.loads((VECTORS / f"{name}.json").read_text())


for maker in ("core-4", "core-5", "vercel-workflow"):
    for vector in load(maker)["envelopes"]:
        assert read(vector) == vector["value"], vector["name"]
for vector in load("rejections")["rejections"]:
    try:
        read(vector)
        refused = False
    except serialization.SerializationError:
        refused = True
    expected = vector["reader"]["says"] != "reads it"
    if refused != expected:
        print(f"{vector['name']}: refused {refused}, by SDK 5 {expected}")
print("the SDK for Python reads what it should")
