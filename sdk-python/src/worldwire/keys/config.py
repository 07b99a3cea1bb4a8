"""Where the deployment keys are, and whether they are used."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

_DEFAULT_PROJECT = "default"


@dataclass(frozen=True, slots=True)
class KeyConfig:
    """Where the deployment keys are: in a text, or else in a file."""

    text: str | None = field(default=None, repr=False)
    """Keys with commas between: ``[deployment] <base64 of 32 bytes>``."""
    file: Path | None = None
    """A file of keys, one a line. None where nobody named one, so that it may be made."""
    encryption: bool = True
    """Whether the payloads of new runs are sealed."""
    project: str = _DEFAULT_PROJECT
    """The project that the keys of runs derive for."""

    @staticmethod
    def read(
        *,
        key: str | None = None,
        key_file: str | os.PathLike[str] | None = None,
        encryption: str | None = None,
        project: str | None = None,
        env: Mapping[str, str] = os.environ,
    ) -> "KeyConfig":
        """Reads the configuration; what is not given comes from the environment.

        Args:
            key: The deployment keys. Default: ``WORLDWIRE_KEY``.
            key_file: The file of deployment keys. Default: ``WORLDWIRE_KEY_FILE``, else
                ``.worldwire-keys/keys``, which is made if need be.
            encryption: ``on`` or ``off``. Default: ``WORLDWIRE_ENCRYPTION``, else ``on``.
            project: The project. Default: ``WORLDWIRE_PROJECT``, else ``default``.
            env: The environment.

        Raises:
            ValueError: that names the variable which is wrong.

        """
        given = bool(key or key_file)
        text = (key if given else env.get("WORLDWIRE_KEY")) or None
        file = (key_file if given else env.get("WORLDWIRE_KEY_FILE")) or None
        if text is not None and file is not None:
            raise ValueError("WORLDWIRE_KEY and WORLDWIRE_KEY_FILE are both set: give one of them")
        return KeyConfig(
            text=text,
            file=None if file is None else Path(os.path.abspath(file)),
            encryption=_is_on(encryption or env.get("WORLDWIRE_ENCRYPTION")),
            project=project or env.get("WORLDWIRE_PROJECT") or _DEFAULT_PROJECT,
        )


def _is_on(value: str | None) -> bool:
    if not value or value == "on":
        return True
    if value == "off":
        return False
    raise ValueError(f'WORLDWIRE_ENCRYPTION is "{value}", but must be "on" or "off"')
