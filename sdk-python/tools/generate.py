"""Generates `worldwire.v1`, `worldwire.errors.reasons` and the driver's messages from the definitions.

Usage: `python tools/generate.py [OUT]`, where OUT is the folder that takes the place of `sdk-python`.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import textwrap
from pathlib import Path

from google.protobuf import descriptor_pb2

ROOT = Path(__file__).resolve().parent.parent
BUF = ROOT.parent / "node_modules/.bin/buf"
PROTO = ROOT.parent / "proto"
ENUM_VALUES = 2
"""The number of the field `value` in EnumDescriptorProto, which paths to comments name."""


def main(out: Path) -> None:
    """Writes every generated file below a folder, in place of those that are there."""
    package = out / "src/worldwire/v1"
    shutil.rmtree(package, ignore_errors=True)
    _buf("generate", "--template", "tools/buf.gen.yaml", "-o", str(out))
    package.joinpath("__init__.py").write_text(_init(package))
    reasons = out / "src/worldwire/errors/reasons.py"
    reasons.parent.mkdir(parents=True, exist_ok=True)
    reasons.write_text(_reasons())
    _driver(out / "conformance")


def _buf(*args: str) -> bytes:
    return subprocess.run(
        [BUF, *args], cwd=ROOT, check=True, stdout=subprocess.PIPE, env={**os.environ}
    ).stdout


def _driver(folder: Path) -> None:
    """The messages between the harness that judges clients and the driver of this one."""
    folder.mkdir(parents=True, exist_ok=True)
    proto = ROOT.parent / "conformance/proto"
    name = Path("worldwire/conformance/v1/driver.proto")
    with tempfile.TemporaryDirectory() as scratch:
        outs = [f"--python_out={scratch}", f"--pyi_out={scratch}"]
        protoc = [sys.executable, "-m", "grpc_tools.protoc", f"-I{proto}", *outs]
        subprocess.run([*protoc, str(name)], cwd=ROOT, check=True)
        for made in (Path(scratch) / name.parent).iterdir():
            shutil.copy(made, folder / made.name)


def _init(package: Path) -> str:
    """Makes every message and enum importable from the package."""
    imports: list[str] = []
    names: list[str] = []
    for stub in sorted(package.glob("*_pb2.pyi")):
        own = sorted(
            re.findall(r"^(?:class )?([A-Z][A-Za-z0-9_]*)(?=\(|: )", stub.read_text(), re.MULTILINE)
        )
        own = [name for name in own if name != "DESCRIPTOR" and not name.endswith("_FIELD_NUMBER")]
        if not own:
            continue
        names += own
        imports += [f"from .{stub.stem} import (", *(f"    {name}," for name in own), ")"]
    exported = [f'    "{name}",' for name in sorted(names)]
    return "\n".join(
        [
            '"""The messages and enums of `worldwire.v1`. Generated; do not edit."""',
            "",
            *imports,
            "",
            "__all__ = [",
            *exported,
            "]",
            "",
        ]
    )


def _reasons() -> str:
    """One exception for each reason of the error registry."""
    files = descriptor_pb2.FileDescriptorSet.FromString(
        _buf("build", "../proto", "-o", "-#format=binpb", "--as-file-descriptor-set")
    )
    file = next(file for file in files.file if file.name == "worldwire/v1/error.proto")
    at = next(i for i, enum in enumerate(file.enum_type) if enum.name == "ErrorReason")
    comments = {
        location.path[3]: location.leading_comments.strip()
        for location in file.source_code_info.location
        if list(location.path[:3]) == [5, at, ENUM_VALUES] and len(location.path) == 4
    }
    classes: list[str] = []
    names: list[str] = []
    for i, value in enumerate(file.enum_type[at].value):
        if value.number == 0:
            continue
        reason = value.name.removeprefix("ERROR_REASON_")
        name = "".join(word.capitalize() for word in reason.split("_")) + "Error"
        names.append(name)
        text = " ".join(comments[i].split())
        wrapped = textwrap.fill(
            f'"""{text}"""', width=100, initial_indent="    ", subsequent_indent="    "
        )
        classes.append(f'class {name}(WorldError, reason="{reason}"):\n{wrapped}\n')
    exported = "".join(f'    "{name}",\n' for name in sorted(names))
    head = '"""One exception for each reason of the error registry. Generated; do not edit."""\n\n'
    return (
        head
        + "from .base import WorldError\n\n"
        + f"__all__ = [\n{exported}]\n\n\n"
        + "\n\n".join(classes)
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else ROOT)
