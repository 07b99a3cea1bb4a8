"""Base64 that is taken whole or not at all."""

import base64
import binascii


def decode_base64(text: str) -> bytes | None:
    """What the base64 of a text holds, whose padding may be left out; None where it is none."""
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4))
    except (ValueError, binascii.Error):
        return None
    # The decoder passes over what is no base64, so that only what comes out the same again was all
    # of it.
    padded = base64.b64encode(data).decode()
    return data if text in (padded, padded.rstrip("=")) else None
