import { afterAll, beforeAll } from 'vitest';
import { execute, Postgres } from '../../testing/postgres.js';
import { storeContract } from '../../testing/store-contract/index.js';
import { openPostgresStore } from './index.js';

const postgres = new Postgres();
let url: string;
beforeAll(async () => {
  url = await postgres.createDatabase();
});
afterAll(() => postgres.stop());

storeContract(
  // Commands that run at the same time have no order but where one connection takes them in turn.
  () => openPostgresStore({ url, maxWriters: 1 }),
  async (store) => {
    await store.close();
    await execute(url, 'DROP SCHEMA worldwire CASCADE');
  },
);
