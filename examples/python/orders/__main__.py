"""`python -m orders worker` takes work; the other commands start runs, look at them and write to them."""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import signal
from contextlib import nullcontext
from typing import Any

from vercel.workflow import WorkflowRunFailedError, get_hook_by_token, get_run, start
from vercel.workflow._internal.runtime import resume_hook

from worldwire.vercel import on_deployment, remote_workflow

from . import workflows as app


async def worker() -> None:
    """Takes work until it is told to stop."""
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with app.world:
        print("orders takes work", flush=True)
        await stop.wait()


async def start_run(name: str, args: list[Any], deployment: str | None) -> str:
    """Starts a workflow of this application or, by its full name, one of another."""
    workflow = remote_workflow(name) if "//" in name else getattr(app, name)
    with on_deployment(deployment) if deployment else nullcontext():
        run = await start(workflow, *args)
    return run.run_id


async def result(run_id: str) -> dict[str, Any]:
    """What became of a run, when it has ended."""
    try:
        return {"value": await get_run(run_id).return_value()}
    except WorkflowRunFailedError as error:
        return {"error": f"{type(error.error).__name__}: {error.error}", "code": error.error_code}
    except RuntimeError as error:
        return {"error": str(error)}


async def hook(token: str) -> dict[str, Any]:
    found = await get_hook_by_token(token)
    return {"runId": found.run_id, "metadata": found.metadata}


async def stream(run_id: str, start_index: int, take: int | None, namespace: str | None) -> None:
    """Prints the chunks of a stream as they come, one a line."""
    left = take
    chunks = get_run(run_id).readable(start_index=start_index, namespace=namespace)
    async for chunk in chunks:
        print(json.dumps(chunk.decode() if isinstance(chunk, bytes) else chunk), flush=True)
        if left is not None and (left := left - 1) == 0:
            break
    await chunks.aclose()


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="orders", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("worker")
    one = commands.add_parser("start")
    one.add_argument("workflow")
    one.add_argument("args", type=json.loads, nargs="?", default=[])
    one.add_argument("--deployment")
    for name in ("result", "status", "attributes", "terminate"):
        commands.add_parser(name).add_argument("run_id")
    one = commands.add_parser("hook")
    one.add_argument("token")
    one = commands.add_parser("resume")
    one.add_argument("token")
    one.add_argument("payload", type=json.loads)
    one = commands.add_parser("stream")
    one.add_argument("run_id")
    one.add_argument("--from", dest="start_index", type=int, default=0)
    one.add_argument("--take", type=int)
    one.add_argument("--namespace")
    return parser.parse_args()


async def run(options: argparse.Namespace) -> Any:
    match options.command:
        case "start":
            return await start_run(options.workflow, options.args, options.deployment)
        case "result":
            return await result(options.run_id)
        case "status":
            return await get_run(options.run_id).status()
        case "attributes":
            return await get_run(options.run_id).attributes()
        case "terminate":
            return await get_run(options.run_id).terminate(reason="asked by hand")
        case "hook":
            return await hook(options.token)
        case "resume":
            return (await resume_hook(options.token, options.payload)).run_id
        case _:
            await stream(options.run_id, options.start_index, options.take, options.namespace)
            return None


async def main() -> None:
    logging.basicConfig(format="%(asctime)s %(name)s %(message)s", level=logging.WARNING)
    options = parse()
    if options.command == "worker":
        await worker()
        return
    try:
        answer = await run(options)
    finally:
        await app.world.aclose()
    if answer is not None:
        print(json.dumps(answer))


if __name__ == "__main__":
    asyncio.run(main())
