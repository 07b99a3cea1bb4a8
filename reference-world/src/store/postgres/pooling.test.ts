import { afterAll, describe, expect, it, onTestFinished } from 'vitest';
import { hasPgBouncer, pool } from '../../testing/pgbouncer.js';
import { Postgres } from '../../testing/postgres.js';
import { faultText } from './faults.js';
import { openPostgresStore } from './index.js';
import { sessionsOf } from './pooling.js';

const postgres = new Postgres();
afterAll(() => postgres.stop());

/** What the README asks of a pool: it knows none of these, and would refuse a connection that names them. */
const tolerant = {
  ignore_startup_parameters: 'statement_timeout,lock_timeout,idle_in_transaction_session_timeout',
};

describe('sessions', () => {
  it('are the own ones of a direct connection', async () => {
    expect(await sessionsOf(await postgres.createDatabase())).toBe('own');
  });

  it.skipIf(!hasPgBouncer)('are kept by PgBouncer in session mode', async () => {
    const url = await pool(await postgres.createDatabase(), 'session', tolerant);
    expect(await sessionsOf(url)).toBe('pooled');
    const stores = [await openPostgresStore({ url }), await openPostgresStore({ url })];
    onTestFinished(async () => void (await Promise.all(stores.map((store) => store.close()))));
    const heard = new Promise((resolve) => stores[0]!.hear!(resolve));
    stores[1]!.tell!('a word');
    expect(await heard).toBe('a word');
  });

  it.skipIf(!hasPgBouncer)('are shared by PgBouncer in transaction mode: refused', async () => {
    const url = await pool(await postgres.createDatabase(), 'transaction', tolerant);
    await expect(openPostgresStore({ url })).rejects.toThrow(/pooler in transaction mode/);
  });

  it.skipIf(!hasPgBouncer)(
    'of a pool that knows no timeouts: it is said what to tell it',
    async () => {
      const url = await pool(await postgres.createDatabase(), 'session', {});
      const error = await openPostgresStore({ url }).catch((error: unknown) => error);
      expect(faultText(error)).toMatch(/startup parameter.*ignore_startup_parameters/);
    },
  );
});
