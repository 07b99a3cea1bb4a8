import type { TestContext } from 'vitest';
import { execute } from '../../../reference-world/src/testing/postgres.js';
import { SmallDisk } from './small-disk.js';

/** A database that can run out of room. */
export interface FullDisk {
  begin(): Promise<void>;
  end(): Promise<void>;
}

/** Puts a database that nobody uses yet on a small disk; where none can be mounted, it only says that its disk is full. */
export async function onSmallDisk({ onTestFinished }: TestContext, url: string): Promise<FullDisk> {
  const disk = SmallDisk.mount();
  if (disk === undefined) return refusals(url);
  const [name, other] = [new URL(url).pathname.slice(1), new URL('/postgres', url).href];
  await execute(other, `CREATE TABLESPACE ${name} LOCATION '${disk.tablespace}'`);
  await execute(other, `ALTER DATABASE ${name} SET TABLESPACE ${name}`);
  onTestFinished(async () => {
    disk.clear();
    await execute(other, `DROP DATABASE ${name} WITH (FORCE)`);
    await execute(other, `DROP TABLESPACE ${name}`);
    disk.unmount();
  });
  return { begin: async () => disk.fill(), end: async () => disk.clear() };
}

/** Triggers that fail as the engine does when it finds no room for a row. */
function refusals(url: string): FullDisk {
  const tables = ['events', 'messages', 'chunks'].map((name) => `worldwire.${name}`);
  const on = (table: string) => `CREATE TRIGGER disk_full BEFORE INSERT ON ${table}
    FOR EACH STATEMENT EXECUTE FUNCTION public.disk_full()`;
  return {
    async begin() {
      await execute(
        url,
        `CREATE OR REPLACE FUNCTION public.disk_full() RETURNS trigger LANGUAGE plpgsql AS
           $$ BEGIN RAISE EXCEPTION 'no room' USING ERRCODE = '53100'; END $$;
         ${tables.map(on).join(';')}`,
      );
    },
    async end() {
      await execute(url, tables.map((table) => `DROP TRIGGER disk_full ON ${table}`).join(';'));
    },
  };
}
