"""The keys of this SDK in a process of its own, spoken to as ``peer.mjs`` is."""

import json
import sys

from worldwire.keys import KeyConfig, KeySource


def _keys() -> list[tuple[str, str | None]]:
    ring = KeySource(KeyConfig.read()).read_or_make()
    return [(key.id, key.deployment_id) for key in ring.keys]


if __name__ == "__main__":
    print("ready", flush=True)
    for line in sys.stdin:
        assert json.loads(line)["command"] == "keys"
        print(json.dumps(_keys()), flush=True)
