"""The Workflow SDK for Python on any World that speaks Worldwire.

    from worldwire.vercel import use_worldwire

    world = use_worldwire(url="http://127.0.0.1:7420")
    workflows = Workflows()

    async with world:
        ...  # this process takes work

`use_worldwire` goes before the application's `Workflows()`, for that registers its handler with the World there is.
"""

from __future__ import annotations

import os

from vercel.workflow._internal import py_sandbox
from vercel.workflow._internal import world as _sdk

from .config import read_config
from .errors import KeyMissingError
from .push import BadSecretError, PushApp, PushVerifier
from .remote import on_deployment, remote_workflow
from .world import WorldwireWorld

__all__ = [
    "BadSecretError",
    "KeyMissingError",
    "PushApp",
    "PushVerifier",
    "WorldwireWorld",
    "on_deployment",
    "remote_workflow",
    "use_worldwire",
]

# The SDK runs workflows in a sandbox, where it imports the application's modules anew. What they import from here is to
# be this very module: a second copy would bring a second World, and native code that cannot be loaded twice.
py_sandbox._PASSTHROUGHS.add("worldwire")  # pyright: ignore[reportPrivateUsage]


def use_worldwire(
    *,
    url: str | None = None,
    token: str | None = None,
    project: str | None = None,
    deployment_id: str | None = None,
    environment: str | None = None,
    concurrency: int | None = None,
    key: str | None = None,
    key_file: str | os.PathLike[str] | None = None,
    encryption: str | None = None,
    push_secret: str | None = None,
) -> WorldwireWorld:
    """Makes a World and plugs it into the SDK. Nothing is sent before the first call.

    Payloads are compressed by gzip, where `WORKFLOW_COMPRESSION_CODEC` says nothing else: the SDK's own choice, zstd,
    is what no Node before 22.15 can read.

    Args:
        url: The World's address. Default: `WORLDWIRE_URL`, else `http://127.0.0.1:7420`.
        token: The bearer token. Default: `WORLDWIRE_TOKEN`, else none.
        project: The project. Default: `WORLDWIRE_PROJECT`, else `default`.
        deployment_id: The deployment that runs belong to; applications in different languages are different ones.
            Default: `WORLDWIRE_DEPLOYMENT_ID`, else `default`.
        environment: The environment of the deployment. Default: `WORLDWIRE_ENVIRONMENT`, else none.
        concurrency: How many messages this process handles at a time. Default: `WORLDWIRE_CONCURRENCY`, else 100.
        key: The deployment keys, one or several with commas between: `[deployment] <base64 of 32 bytes>`. The first
            that fits the deployment seals new runs, and all open old ones. Default: `WORLDWIRE_KEY`.
        key_file: A file of deployment keys, one a line. Default: `WORLDWIRE_KEY_FILE`; without either of the two
            `.worldwire-keys/keys`, which is made if need be.
        encryption: `on`, or `off` to seal nothing. Default: `WORLDWIRE_ENCRYPTION`, else `on`.
        push_secret: The secret that registering a push endpoint returned, or several with spaces between while it is
            changed; without one every post is refused. Default: `WORLDWIRE_PUSH_SECRET`.

    Raises:
        ValueError: where a setting is malformed.
        RuntimeError: where the SDK has another World already, which the handlers of an application are registered with.

    """
    present = _sdk.the_world
    if py_sandbox.in_sandbox() and isinstance(present, WorldwireWorld):
        # A module of the application that is imported anew for a workflow.
        return present
    if present is not None and not isinstance(present, WorldwireWorld):
        raise RuntimeError(
            f"the SDK uses a {type(present).__name__} already: "
            "call use_worldwire() before Workflows() is made"
        )
    config = read_config(
        url=url,
        token=token,
        project=project,
        deployment_id=deployment_id,
        environment=environment,
        concurrency=concurrency,
        key=key,
        key_file=key_file,
        encryption=encryption,
        push_secret=push_secret,
    )
    os.environ.setdefault("WORKFLOW_COMPRESSION_CODEC", "gzip")
    world = WorldwireWorld(config)
    _sdk.set_world(world)
    return world
