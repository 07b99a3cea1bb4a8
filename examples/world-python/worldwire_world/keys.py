"""KeyService: keys in escrow, which this World does not take."""

from .gen.worldwire.v1.key_connect import KeyService


class Keys(KeyService):
    """KeyService. All of it needs CAPABILITY_KEY_SERVICE, so the gate answers in its place."""
