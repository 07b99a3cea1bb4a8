import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { storeContract } from '../../testing/store-contract/index.js';
import { openSqliteStore } from './index.js';

let dataDir: string;
storeContract(
  async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'worldwire-'));
    return openSqliteStore({ dataDir });
  },
  async (store) => {
    await store.close();
    await rm(dataDir, { recursive: true });
  },
);
