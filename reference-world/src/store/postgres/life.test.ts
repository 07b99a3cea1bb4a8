import { afterAll, expect, it } from 'vitest';
import { execute, Postgres } from '../../testing/postgres.js';
import type { Store } from '../store.js';
import { openPostgresStore } from './index.js';

const postgres = new Postgres();
afterAll(() => postgres.stop());

it('is one for all servers of a database, and another one when the last of them has ended', async () => {
  const url = await postgres.createDatabase();
  const [first, second] = await Promise.all([
    openPostgresStore({ url }),
    openPostgresStore({ url }),
  ]);
  const life = lifeOf(first);
  expect(lifeOf(second)).toBe(life);

  // Without its session a server lives on, and comes back to the same life.
  await execute(
    url,
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'worldwire listener'",
  );
  await expect.poll(() => listeners(url)).toBe(2);
  expect([lifeOf(first), lifeOf(second)]).toEqual([life, life]);

  await first.close();
  const third = await openPostgresStore({ url });
  expect(lifeOf(third)).toBe(life);
  await Promise.all([second.close(), third.close()]);
  await expect.poll(() => listeners(url)).toBe(0);
  const next = await openPostgresStore({ url });
  expect(lifeOf(next)).not.toBe(life);
  await next.close();
});

const lifeOf = (store: Store) => store.life!();

async function listeners(url: string): Promise<number> {
  const rows = await execute(
    url,
    "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'worldwire listener'",
  );
  return rows.length;
}
