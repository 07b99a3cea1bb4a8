import type { Check } from '../../check.js';
import type { Context } from '../../context.js';
import { newRunId } from '../../fixtures/records.js';
import type { Api } from '../../wire/api.js';
import { Key, type KeyRoom, keyCheck, REASON } from './support.js';

/** Who may ask. */
export const permissionChecks: readonly Check[] = [
  keyCheck(
    'keys/permission-wanted',
    'Each method of KeyService is refused to a credential without the permission, whatever it asks',
    { requirements: ['WW-KEY-016'], needs: ['token', 'keyless-token'] },
    async (t, room) => {
      const key = await room.escrowed();
      const runId = await room.run();
      const keyless = room.client('keyless', t.keylessToken);
      await t.accepted('an ordinary call with that credential', () =>
        keyless.runs.getRun({ runId }),
      );
      const metadata = { project: room.project };
      for (const [what, call] of calls(t, room, keyless, runId))
        await t.refused(what, call, 'PERMISSION_DENIED', metadata);
      const listed = (await room.listed()).filter((one) => one.endsWith(room.deploymentId));
      t.equal(listed, [`${key.id} of ${room.deploymentId}`], 'the keys of the deployment');
      await room.expectKey(runId, key);
    },
  ),
  keyCheck(
    'keys/strangers',
    'KeyService is refused without a valid credential, and its log does not grow by it',
    { requirements: ['WW-KEY-017', 'WW-KEY-021'], needs: ['token'] },
    async (t, room) => {
      await room.escrowed();
      const runId = await room.run();
      const headers = { 'worldwire-project': room.project };
      for (const api of [
        t.client('no credential', { anonymous: true, headers }),
        t.client('a wrong token', {
          anonymous: true,
          headers: { ...headers, authorization: `Bearer wrong-${t.random.text(12)}` },
        }),
      ])
        for (const [what, call] of calls(t, room, api, runId))
          await t.refused(what, call, 'UNAUTHENTICATED');
      t.equal((await room.log(runId)).length, 0, 'the entries about the run');
      if (room.project !== 'default')
        t.equal((await room.log()).length, 1, 'the entries of the project');
    },
  ),
];

/** Every method, and requests that are wrong besides. */
function calls(
  t: Context,
  { deploymentId }: KeyRoom,
  { keys }: Api,
  runId: string,
): [string, () => Promise<unknown>][] {
  const key = new Key(t).bytes;
  return [
    ['EscrowKey', () => keys.escrowKey({ deploymentId, key })],
    ['an empty EscrowKey', () => keys.escrowKey({})],
    ['ListKeys', () => keys.listKeys({})],
    ['ListKeys with a wrong cursor', () => keys.listKeys({ page: { cursor: 'x' } })],
    ['GetRunKey', () => keys.getRunKey({ runId, reason: REASON })],
    ['GetRunKey without a reason', () => keys.getRunKey({ runId })],
    ['GetRunKey of no run', () => keys.getRunKey({ runId: newRunId(t), reason: REASON })],
    ['ListKeyAccess', () => keys.listKeyAccess({})],
    ['ListKeyAccess of a run', () => keys.listKeyAccess({ runId })],
  ];
}
