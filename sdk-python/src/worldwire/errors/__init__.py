"""Every error of this package: `WorldError`, and a subclass for each reason of the error registry."""

from . import reasons
from .base import WorldError
from .reasons import *  # noqa: F403  Generated, with its own __all__.

__all__ = ["WorldError", *reasons.__all__]  # pyright: ignore[reportUnsupportedDunderAll]
