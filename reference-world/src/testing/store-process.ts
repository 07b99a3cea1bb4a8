/** A process of its own on a store's folder, for tests. The first argument says what it does. */
import { openSqliteStore } from '../store/sqlite/index.js';
import { queueTopic } from '../store/store.js';
import { appendOne } from './store-records.js';

async function main([task, dataDir, count]: string[]): Promise<void> {
  const store = await openSqliteStore({ dataDir: dataDir! });
  const say = (line: string | number) => process.stdout.write(`${line}\n`);
  say('open');
  switch (task) {
    case 'load': {
      // Says which positions it was told are durable, until it is killed.
      const lane = async () => {
        for (;;) say(await store.execute(appendOne('r')));
      };
      await Promise.all(Array.from({ length: 16 }, lane));
      break;
    }
    case 'append':
      await Promise.all(
        Array.from({ length: 8 }, async () => {
          for (let i = 0; i < Number(count) / 8; i++) await store.execute(appendOne('r'));
        }),
      );
      break;
    case 'notify':
      process.stdin.on('data', async () => {
        await store.execute(function* () {
          yield { name: 'noteDeployment', args: ['default', '', `${Math.random()}`, 1] };
          yield { name: 'notify', args: [queueTopic('default')] };
        });
        say(Date.now());
      });
      await new Promise((resolve) => process.stdin.once('end', resolve));
      break;
    case 'watch':
      // Nothing but the store's own timers would keep this process alive.
      store.watch('topic', () => {});
      return;
  }
  await store.close();
}

main(process.argv.slice(2)).catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.stack : error}\n`);
  process.exitCode = 1;
});
