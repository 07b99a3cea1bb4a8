import { describe, expect, it } from 'vitest';
import { reasonOf } from '../testing/memory/world.js';
import { checkId, checkName, checkRunIdTime, eventIdOf, positionOf } from './identifiers.js';
import { defaultLimits } from './limits.js';

const ULID = '01ARZ3NDEKTSV4RRFFQ69G5FAV';
const CROCKFORD = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

describe('ids of the SDKs', () => {
  it.each([
    `wrun_${ULID}`,
    `wrun_hc_${ULID}`,
    `wrun_hc_wrun_${ULID}`,
    `step_${ULID}`,
    `hook_${ULID}`,
    `wait_${ULID}`,
    `attr_${ULID}`,
    `abrt_${ULID}`,
    `wrtr_${ULID}`,
    `msg_${ULID}`,
    `evnt_${'1'.padStart(26, '0')}`,
    ULID,
    'V1StGXR8_Z5jdHi6B-myT',
    '123e4567-e89b-12d3-a456-426614174000',
  ])('%s', (id) => {
    expect(checkId('id', id, defaultLimits)).toBe(id);
  });

  it.each([
    `strm_${ULID}_user`,
    `strm_${ULID}_user_${Buffer.from('a namespace/✓').toString('base64url')}`,
    `strm_${ULID}_user_bmFtZXNwYWNlcw==`,
    `strm_${ULID}_system_abort`,
    `strm_${ULID}`,
    `__health_check__${ULID}`,
    `__health_check__wrun_${ULID}`,
  ])('the stream %s', (name) => {
    expect(checkId('name', name, { ...defaultLimits, maxIdLength: 512 })).toBe(name);
  });

  it.each([
    'workflow//./src/x.ts//fn',
    '__wkf_workflow_workflow//./src/x.ts//fn',
    '__wkf_workflow_@scope/pkg@1.0.0/src/[id]/(group)/x.ts//fn',
    '__ns1_wkf_step_step//./a b.ts//fn',
    '__wkf_workflow_health_check',
    `step_${ULID}:1a2b3c4d:hop-12:a3`,
    `msg_duplicate_step_${ULID}:backstop:1700000000000`,
    'a token with spaces/slashes?and=ünïcode ✓ 😀',
    '../../x',
  ])('the name or token %s', (name) => {
    expect(checkName('name', name, 1_024)).toBe(name);
  });
});

describe('the time of a run id', () => {
  const now = 1_700_000_000_000;
  const idAt = (time: number) => {
    let text = '';
    for (let rest = time, i = 0; i < 10; i += 1) {
      text = CROCKFORD[rest % 32] + text;
      rest = Math.floor(rest / 32);
    }
    return `wrun_${text}${'0'.repeat(16)}`;
  };
  const reason = (id: string) => reasonOf(() => checkRunIdTime(id, now));

  it('lies within a day before and five minutes ahead', () => {
    expect(reason(idAt(now - 86_400_000))).toBe('ok');
    expect(reason(idAt(now - 86_400_001))).toBe('RUN_ID_TIME_OUT_OF_RANGE');
    expect(reason(idAt(now + 300_000))).toBe('ok');
    expect(reason(idAt(now + 300_001))).toBe('RUN_ID_TIME_OUT_OF_RANGE');
  });

  it('is read past the tag of a region, as the SDK reads it', () => {
    expect(reason(idAt(now + 2 ** 47))).toBe('ok');
    expect(reason(idAt(now - 86_400_001 + 2 ** 47))).toBe('RUN_ID_TIME_OUT_OF_RANGE');
  });

  it('is not looked for elsewhere', () => {
    for (const id of ['wrun_1', `wrun_hc_${ULID}`, `wrun_${ULID.toLowerCase()}`, ULID])
      expect(reason(id)).toBe('ok');
  });
});

it('event ids and positions name each other', () => {
  for (const position of [1, 9, 25_001, Number.MAX_SAFE_INTEGER])
    expect(positionOf(eventIdOf(position))).toBe(position);
  for (const id of ['', 'evnt_1', `evnt_${'9'.repeat(26)}`, eventIdOf(0), `${eventIdOf(1)}\n`])
    expect(positionOf(id)).toBeUndefined();
});
