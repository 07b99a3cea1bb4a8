import { toBinary } from '@bufbuild/protobuf';
import {
  EscrowKeyResponseSchema,
  GetRunKeyResponseSchema,
  ListKeyAccessResponseSchema,
  ListKeysResponseSchema,
} from '@worldwire/proto';
import type { Check } from '../../check.js';
import { hex, Key, keyCheck, REASON } from './support.js';

/** Deployment keys that are left with the World. */
export const escrowChecks: readonly Check[] = [
  keyCheck(
    'keys/escrow-tells-the-fingerprint',
    'EscrowKey answers with the fingerprint of the key',
    { requirements: ['WW-KEY-004'] },
    async (t, { api, deploymentId }) => {
      for (let each = 0; each < 3; each++) {
        const key = new Key(t);
        const { keyId } = await t.accepted('EscrowKey', () =>
          api.keys.escrowKey({ deploymentId, key: key.bytes }),
        );
        t.equal(keyId, key.id, 'the fingerprint');
      }
    },
  ),
  keyCheck(
    'keys/escrow-of-32-bytes',
    'A key of any other length than 32 bytes is refused, and not kept',
    { requirements: ['WW-KEY-005'] },
    async (t, room) => {
      const { deploymentId } = room;
      for (const length of [0, 16, 31, 33, 64])
        await t.refused(
          `a key of ${length} bytes`,
          () => room.api.keys.escrowKey({ deploymentId, key: t.random.bytes(length) }),
          'INVALID_ARGUMENT',
        );
      const key = await room.escrowed();
      const listed = (await room.listed()).filter((one) => one.endsWith(deploymentId));
      t.equal(listed, [`${key.id} of ${deploymentId}`], 'the keys of the deployment');
    },
  ),
  keyCheck(
    'keys/escrow-again',
    'A key that is escrowed again for its deployment is kept once, and for another deployment as well',
    { requirements: ['WW-KEY-006'] },
    async (t, room) => {
      const key = await room.escrowed();
      const other = t.unique('dpl');
      for (const deploymentId of [room.deploymentId, other, room.deploymentId]) {
        const { keyId } = await t.accepted('EscrowKey again', () =>
          room.api.keys.escrowKey({ deploymentId, key: key.bytes }),
        );
        t.equal(keyId, key.id, 'the fingerprint');
      }
      const second = await room.escrowed();
      const listed = (await room.listed()).filter((one) => /dpl/.test(one));
      for (const wanted of [
        `${key.id} of ${room.deploymentId}`,
        `${key.id} of ${other}`,
        `${second.id} of ${room.deploymentId}`,
      ])
        t.equal(listed.filter((one) => one === wanted).length, 1, `how often ${wanted} is listed`);
    },
  ),
  keyCheck(
    'keys/listed-in-order',
    'ListKeys lists the keys of the project and of no other one, in the order of their escrow',
    { requirements: ['WW-KEY-007'] },
    async (t, room) => {
      const wanted: string[] = [];
      for (let each = 0; each < 5; each++) {
        const deploymentId = t.unique('dpl');
        const key = new Key(t);
        await room.escrow(key, deploymentId);
        wanted.push(`${key.id} of ${deploymentId}`);
      }
      const listed = await room.listed();
      t.equal(
        listed.filter((one) => wanted.includes(one)),
        wanted,
        'the listed keys',
      );
      if (room.project === 'default') return;
      t.equal(listed, wanted, 'all listed keys of the project');
      const elsewhere = await room.another();
      t.equal(await elsewhere.listed(), [], 'the keys of another project');
    },
  ),
  keyCheck(
    'keys/escrow-request-id',
    'A request id that was used for another key or deployment is refused, and the key not kept',
    { requirements: ['WW-KEY-008'], capabilities: ['REQUEST_IDS'] },
    async (t, room) => {
      const { api, deploymentId } = room;
      const [key, other] = [new Key(t), new Key(t)];
      const requestId = t.unique('request');
      const send = (request: { deploymentId: string; key: Uint8Array }) =>
        api.keys.escrowKey({ ...request, requestId });
      const first = { deploymentId, key: key.bytes };
      for (const what of ['EscrowKey', 'the same again'])
        t.equal((await t.accepted(what, () => send(first))).keyId, key.id, 'the fingerprint');
      for (const request of [
        { deploymentId, key: other.bytes },
        { deploymentId: t.unique('dpl'), key: key.bytes },
      ])
        await t.refused('another request', () => send(request), 'REQUEST_ID_REUSED');
      const listed = (await room.listed()).filter(
        (one) => one.startsWith(key.id) || one.startsWith(other.id),
      );
      t.equal(listed, [`${key.id} of ${deploymentId}`], 'what is kept');
    },
  ),
  keyCheck(
    'keys/secrets-stay-inside',
    'No answer holds a deployment key, and none but that of GetRunKey the key of a run',
    { requirements: ['WW-KEY-009'] },
    async (t, room) => {
      const key = new Key(t);
      const { api, deploymentId } = room;
      const runId = await room.run();
      const answers = [
        toBinary(
          EscrowKeyResponseSchema,
          await api.keys.escrowKey({ deploymentId, key: key.bytes }),
        ),
      ];
      const given = await api.keys.getRunKey({ runId, reason: REASON });
      answers.push(toBinary(GetRunKeyResponseSchema, { ...given, runKey: new Uint8Array() }));
      for (const descending of [1, 2]) {
        const page = { sortOrder: descending, limit: 1_000 };
        answers.push(
          toBinary(ListKeysResponseSchema, await api.keys.listKeys({ page })),
          toBinary(ListKeyAccessResponseSchema, await api.keys.listKeyAccess({ page })),
        );
      }
      const secrets = [key.bytes, key.runKey(room.project, runId)];
      t.ok(Buffer.compare(given.runKey, key.bytes) !== 0, 'GetRunKey gives the deployment key');
      for (const answer of answers)
        for (const secret of secrets)
          for (const form of formsOf(secret))
            t.ok(!Buffer.from(answer).includes(form), 'an answer holds a key', 'none', 'one');
    },
  ),
];

/** A key as bytes, and as text that stands for it. */
function formsOf(secret: Uint8Array): (Buffer | string)[] {
  const base64 = Buffer.from(secret).toString('base64').replace(/=+$/, '');
  const url = Buffer.from(secret).toString('base64url');
  return [Buffer.from(secret), hex(secret), hex(secret).toUpperCase(), base64, url];
}
