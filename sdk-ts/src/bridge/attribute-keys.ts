import { timestampMs } from '@bufbuild/protobuf/wkt';
import type { ListAttributeKeysRequest } from '@worldwire/proto';
import { everyRun } from './every-run.js';
import { toTimestamp } from './payloads.js';
import { invalid, refusal } from './refusal.js';
import type { UpstreamWorld } from './upstream-world.js';

const DEFAULT_LIMIT = 40;
const MAX_LIMIT = 100;

/** The attribute keys of all runs. Worlds keep no such list, so that it is made of their runs at every call. */
export async function attributeKeys(world: UpstreamWorld, request: ListAttributeKeysRequest) {
  const { page, workflowName, createdFrom, createdBefore } = request;
  const limit = page?.limit || DEFAULT_LIMIT;
  if (limit < 0) throw invalid('page.limit', 'must not be negative');
  const after = decode(page?.cursor ?? '');
  const from = createdFrom === undefined ? Number.NEGATIVE_INFINITY : timestampMs(createdFrom);
  const before =
    createdBefore === undefined ? Number.POSITIVE_INFINITY : timestampMs(createdBefore);
  const found = new Map<string, { runs: number; first: number; last: number }>();
  for await (const runs of everyRun(world, { ...(workflowName !== undefined && { workflowName }) }))
    for (const run of runs) {
      const at = new Date(run.createdAt).getTime();
      if (at < from || at >= before) continue;
      for (const key of Object.keys(run.attributes ?? {})) {
        const entry = found.get(key) ?? { runs: 0, first: at, last: at };
        entry.runs++;
        entry.first = Math.min(entry.first, at);
        entry.last = Math.max(entry.last, at);
        found.set(key, entry);
      }
    }
  const keys = [...found.keys()].sort().filter((key) => after === undefined || key > after);
  const shown = keys.slice(0, Math.min(limit, MAX_LIMIT));
  const last = shown.at(-1) ?? after;
  return {
    attributes: shown.map((key) => {
      const { runs, first, last } = found.get(key)!;
      return {
        key,
        runCount: BigInt(runs),
        firstSeenAt: toTimestamp(first),
        lastSeenAt: toTimestamp(last),
      };
    }),
    page: { cursor: last === undefined ? '' : encode(last), hasMore: keys.length > shown.length },
  };
}

const PREFIX = 'attribute-key:';

function encode(key: string): string {
  return Buffer.from(PREFIX + key).toString('base64url');
}

function decode(cursor: string): string | undefined {
  if (cursor === '') return undefined;
  const text = Buffer.from(cursor, 'base64url').toString();
  if (!text.startsWith(PREFIX))
    throw refusal('INVALID_CURSOR', 'the cursor is none of this list', { cursor });
  return text.slice(PREFIX.length);
}
