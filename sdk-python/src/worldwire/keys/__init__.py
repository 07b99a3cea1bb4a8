"""The keys of deployments and of their runs.

They come from ``WORLDWIRE_KEY``, from the file that ``WORLDWIRE_KEY_FILE`` names, or from a file
that is made where neither is set. Format, place and names are those of the World adapter for
TypeScript, so that applications in both languages share one file. ``WORLDWIRE_ENCRYPTION=off`` is
the only way to plaintext.
"""

from .config import KeyConfig
from .error import KeyUnavailableError
from .finder import HeldKey, KeyFinder, KeyRecord
from .key_file import default_key_file, make_key_file
from .key_ring import DeploymentKey, KeyRing, parse_keys
from .key_source import KeySource

__all__ = [
    "DeploymentKey",
    "HeldKey",
    "KeyConfig",
    "KeyFinder",
    "KeyRecord",
    "KeyRing",
    "KeySource",
    "KeyUnavailableError",
    "default_key_file",
    "make_key_file",
    "parse_keys",
]
