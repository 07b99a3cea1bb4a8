/** What readers see of streams. */
import { outcomeOf, within } from './parts.mjs';

const RUN = 'wrun_01JZZZZZZZZZZZZZZZZZZZZZZZ';
const bytes = (text) => new TextEncoder().encode(text);
const textOf = (data) => new TextDecoder().decode(data);

/** The stream methods of both lines. */
function streamsOf(world) {
  const { streams } = world;
  if (streams)
    return {
      write: (name, chunk) => streams.write(RUN, name, bytes(chunk)),
      writeMulti: (name, chunks) => streams.writeMulti(RUN, name, chunks.map(bytes)),
      close: (name) => streams.close(RUN, name),
      read: (name, start) => streams.get(RUN, name, start),
      chunks: (name) => streams.getChunks(RUN, name, { limit: 1000 }),
    };
  return {
    write: (name, chunk) => world.writeToStream(name, RUN, bytes(chunk)),
    writeMulti: (name, chunks) => world.writeToStreamMulti(name, RUN, chunks.map(bytes)),
    close: (name) => world.closeStream(name, RUN),
    read: (name, start) => world.readFromStream(name, start),
    chunks: (name) => world.getStreamChunks(name, RUN, { limit: 1000 }),
  };
}

/** What a read gives until it ends, or for so long; whether it ended. */
async function readAll(stream, ms) {
  const reader = stream.getReader();
  const until = Date.now() + ms;
  const texts = [];
  for (;;) {
    const piece = await within(Math.max(0, until - Date.now()), reader.read());
    if (piece === 'nothing' || piece.done) {
      void reader.cancel().catch(() => undefined);
      return { texts, ended: piece !== 'nothing' };
    }
    texts.push(textOf(piece.value));
  }
}

export async function startsBeyondTheEndAreIgnored({ world, show }) {
  const streams = streamsOf(world);
  for (const chunk of ['0', '1', '2']) await streams.write('out', chunk);
  const stream = await streams.read('out', 5);
  const read = readAll(stream, 1_500);
  await within(300, new Promise(() => undefined));
  await streams.write('out', '3');
  const { texts } = await read;
  show('a read from index 5 gets chunk 3', texts[0] === '3', texts);
}

export async function readsBeyondTheEndNeverEnd({ world, show }) {
  const streams = streamsOf(world);
  for (const chunk of ['0', '1']) await streams.write('out', chunk);
  await streams.close('out');
  // News of what was written may be under way still.
  await within(500, new Promise(() => undefined));
  const { ended } = await readAll(await streams.read('out', 3), 2_000);
  show('a read from beyond the end of a closed stream goes on', !ended);
}

export async function lateChunksAreRead({ world, show }) {
  const streams = streamsOf(world);
  for (const chunk of ['0', '1']) await streams.write('out', chunk);
  await streams.close('out');
  await streams.write('out', 'late');
  const { texts } = await readAll(await streams.read('out', 3), 1_000);
  show('a chunk behind the end is read from there', texts[0] === 'late', texts);
}

export async function indexesMove({ world, show }) {
  const streams = streamsOf(world);
  let seen;
  for (let round = 0; round < 40 && seen === undefined; round++) {
    const name = `out_${round}`;
    let done = false;
    const work = Promise.all(
      Array.from({ length: 12 }, async (_, writer) => {
        for (let i = 0; i < 6; i++)
          await streams.write(name, `${writer}/${i}${'.'.repeat((writer % 3) * 9_000)}`);
      }),
    ).finally(() => {
      done = true;
    });
    const shown = [];
    while (!done && seen === undefined) {
      const { data } = await streams.chunks(name).catch(() => ({ data: [] }));
      for (const { index, data: chunk } of data) {
        const text = textOf(chunk).replace(/\.+$/, '');
        shown[index] ??= text;
        if (shown[index] !== text) seen = [index, shown[index], text];
      }
    }
    await work;
  }
  show('one index, and two chunks', seen !== undefined, seen);
}

export async function liveReadsChangeTheOrder({ world, show }) {
  const streams = streamsOf(world);
  let seen;
  for (let round = 0; round < 12 && seen === undefined; round++) {
    const name = `out_${round}`;
    const read = readAll(await streams.read(name, 0), 20_000);
    const wanted = [];
    for (let burst = 0; burst < 4; burst++) {
      const chunks = Array.from({ length: 400 }, (_, at) => `${burst * 400 + at}`);
      wanted.push(...chunks);
      await streams.writeMulti(name, chunks);
    }
    await streams.close(name);
    const { texts } = await read;
    const at = texts.findIndex((text, index) => text !== wanted[index]);
    if (at >= 0) seen = { wanted: wanted.slice(at, at + 3), got: texts.slice(at, at + 3) };
    else if (texts.length < wanted.length) seen = { wanted: wanted.length, got: texts.length };
  }
  show('one writer, and a live read with another order', seen !== undefined, seen);
}

export async function namesThatBeginAlikeAreOne({ world, show }) {
  const streams = streamsOf(world);
  await streams.write('out', '0');
  await streams.write('out-more', '1');
  const { data } = await streams.chunks('out');
  show(
    'a stream has the chunks of another',
    data.length === 2,
    data.map(({ data }) => textOf(data)),
  );
}

export async function lateChunksFailTheRead({ world, show }) {
  const streams = streamsOf(world);
  for (const chunk of ['0', '1', '2']) await streams.write('out', chunk);
  await streams.close('out');
  await streams.write('out', 'late');
  const answer = await outcomeOf(async () => readAll(await streams.read('out', 0), 1_000));
  show('a read of a stream with chunks behind its end', answer !== 'accepted', answer);
}

export async function readsWhileAppendingShowTooMuch({ world, show }) {
  const streams = streamsOf(world);
  let seen;
  for (let round = 0; round < 30 && seen === undefined; round++) {
    const name = `out_${round}`;
    const chunks = Array.from({ length: 24 }, (_, at) => String(at));
    await streams.writeMulti(name, chunks.slice(0, 3));
    const reads = [];
    const work = (async () => {
      for (let at = 3; at < 24; at += 3) await streams.writeMulti(name, chunks.slice(at, at + 3));
      await streams.close(name);
    })();
    for (let i = 0; i < 6; i++) {
      reads.push(readAll(await streams.read(name, 3), 5_000));
      await within(2, new Promise(() => undefined));
    }
    await work;
    for (const { texts } of await Promise.all(reads)) if (texts.length > 21) seen = texts;
  }
  show('a read of 21 chunks has more', seen !== undefined, seen);
}

export async function liveReadsEndBeforeTheStream({ world, show }) {
  const streams = streamsOf(world);
  let seen;
  for (let round = 0; round < 40 && seen === undefined; round++) {
    const name = `out_${round}`;
    await streams.write(name, 'first');
    const live = readAll(await streams.read(name, 0), 5_000);
    await within(20, new Promise(() => undefined));
    await Promise.all([
      ...Array.from({ length: 6 }, (_, at) => streams.write(name, String(at))),
      streams.close(name),
    ]);
    const [before, after] = [await live, await readAll(await streams.read(name, 0), 5_000)];
    if (before.ended && after.texts.length > before.texts.length)
      seen = { live: before.texts, later: after.texts };
  }
  show('a live read that ended, and a later one that has more', seen !== undefined, seen);
}

export async function endsBeforeTheStartAreMissed({ world, show }) {
  const streams = streamsOf(world);
  const read = readAll(await streams.read('out', 5), 3_000);
  await within(100, new Promise(() => undefined));
  await streams.close('out');
  const { ended } = await read;
  show('a live read from index 5 goes on when the stream is closed without chunks', !ended);
}

export async function endsThatComeOutOfOrderAreMissed({ world, show }) {
  const streams = streamsOf(world);
  let seen;
  for (let round = 0; round < 40 && seen === undefined; round++) {
    const name = `out_${round}`;
    await streams.write(name, 'first');
    const live = readAll(await streams.read(name, 0), 2_000);
    await within(20, new Promise(() => undefined));
    const write = (at) => streams.write(name, String(at));
    await Promise.all([write(1), write(2), streams.close(name), write(3), write(4), write(5)]);
    const { texts, ended } = await live;
    if (!ended) seen = texts;
  }
  show('a live read of a closed stream that does not end', seen !== undefined, seen);
}

export async function chunksBehindTheEndAreShown({ world, show }) {
  const streams = streamsOf(world);
  await streams.write('out', '0');
  await streams.close('out');
  const { data: before } = await streams.chunks('out');
  await streams.write('out', 'late');
  const { data: after } = await streams.chunks('out');
  show('a chunk behind the end is listed', after.length > before.length, after.length);
}
