"""What the application can do: each workflow shows one durable feature."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from vercel.workflow import (
    BaseHook,
    FatalError,
    RetryableError,
    Workflows,
    WorkflowWritable,
    get_step_metadata,
    get_writable,
    set_attributes,
    sleep,
)

from worldwire.vercel import use_worldwire

# Before Workflows(), which registers its handler with the World there is.
world = use_worldwire()
workflows = Workflows()


@workflows.step
async def add(total: int, by: int, delay: float) -> int:
    await asyncio.sleep(delay)
    return total + by


@workflows.workflow
async def sequence(count: int, delay: float = 0) -> int:
    """Steps of which each needs the result of the one before it."""
    total = 0
    for by in range(1, count + 1):
        total = await add(total, by, delay)
    return total


@workflows.step
async def square(n: int) -> int:
    return n * n


@workflows.workflow
async def parallel(count: int) -> list[int]:
    """Steps at once; the results come back in the order of the calls."""
    return list(await asyncio.gather(*(square(n) for n in range(count))))


@workflows.step(max_retries=5)
async def flaky(failures: int) -> int:
    attempt = get_step_metadata().attempt
    if attempt <= failures:
        raise OSError(f"flaky failed on attempt {attempt}")
    return attempt


@workflows.workflow
async def retried(failures: int) -> int:
    """A step that fails at first; returns the attempt that did not."""
    return await flaky(failures)


@workflows.step
async def busy(failures: int, seconds: float) -> int:
    attempt = get_step_metadata().attempt
    if attempt <= failures:
        raise RetryableError("busy", retry_after=seconds)
    return attempt


@workflows.workflow
async def retried_later(failures: int, seconds: float) -> int:
    """A step that says when it wants to be tried again."""
    return await busy(failures, seconds)


@workflows.step
async def refuse(reason: str) -> None:
    raise FatalError(reason)


@workflows.workflow
async def refused(reason: str) -> None:
    """A step whose failure nobody catches: the run fails."""
    await refuse(reason)


@workflows.workflow
async def nap(seconds: float) -> str:
    """Sleeps, and is awake."""
    await sleep(seconds)
    return "awake"


@dataclass
class Message(BaseHook):
    text: str
    last: bool = False


@workflows.step
async def note(text: str) -> str:
    return text.upper()


@workflows.workflow
async def loud(text: str) -> str:
    """A step that takes and returns a text, however long."""
    return await note(text)


@workflows.workflow
async def collect(token: str, about: str) -> list[str]:
    """One hook, several payloads, a step for each of them; `last` ends it."""
    seen: list[str] = []
    async with Message.wait(token=token, metadata={"about": about}) as hook:
        async for message in hook:
            seen.append(await note(message.text))
            if message.last:
                break
    return seen


@workflows.step
async def tick(first: int, count: int, delay: float) -> None:
    writer = get_writable()
    for n in range(first, first + count):
        await writer.write({"n": n})
        await asyncio.sleep(delay)


@workflows.step
async def end(stream: WorkflowWritable) -> None:
    await stream.close()


@workflows.workflow
async def ticker(steps: int, per_step: int, delay: float) -> int:
    """Several steps write one stream, one after the other, and the last one closes it."""
    for step in range(steps):
        await tick(step * per_step, per_step, delay)
    await end(get_writable())
    return steps * per_step


@workflows.step(cancellable=True)
async def wait_long() -> str:
    await asyncio.sleep(3600)
    return "late"


@workflows.workflow
async def impatient(seconds: float) -> str:
    """Cancels a step that takes too long."""
    task = asyncio.ensure_future(wait_long())
    await sleep(seconds)
    task.cancel("no time")
    try:
        return await task
    except asyncio.CancelledError as error:
        return f"cancelled: {error}"


@workflows.step
async def echo(secret: str) -> dict[str, str]:
    if get_step_metadata().attempt == 1:
        raise OSError(f"first try with {secret}")
    return {"secret": secret}


@workflows.step
async def say(chunk: dict[str, str]) -> None:
    async with get_writable() as writer:
        await writer.write(chunk)


@workflows.step
async def say_bytes(secret: str) -> None:
    async with get_writable(namespace="bytes") as writer:
        await writer.write(secret.encode())


@workflows.workflow
async def secrets(secret: str, token: str) -> list[str]:
    """Puts a secret into every payload that there is; the caller sends it through the hook, too."""
    seen = [secret, (await echo(secret))["secret"]]
    try:
        await refuse(f"refused {secret}")
    except FatalError as error:
        seen.append(str(error))
    await say_bytes(secret)
    await set_attributes(phase="asked")
    async with Message.wait(token=token, metadata={"secret": secret}) as hook:
        await say({"secret": secret})
        seen.append((await hook).text)
    return seen


@workflows.workflow
async def secret_failure(secret: str) -> None:
    """Ends with an error that has the secret in it."""
    raise ValueError(f"failed with {secret}")
