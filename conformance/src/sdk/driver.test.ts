import { afterEach, expect, test } from 'vitest';
import { Departure, NotTestable } from '../outcome.js';
import { Driver } from './driver.js';

const drivers: Driver[] = [];
afterEach(() => Promise.all(drivers.splice(0).map((driver) => driver.end())));

function running(script: string): Driver {
  const driver = new Driver([process.execPath, '-e', script]);
  drivers.push(driver);
  return driver;
}

/** A driver that answers every command with the same bytes behind their length. */
const answering = (hex: string) => `
  process.stdin.on('data', () => {
    const body = Buffer.from('${hex}', 'hex');
    const length = Buffer.alloc(4);
    length.writeUInt32BE(body.length);
    const all = Buffer.concat([length, body]);
    for (const byte of all) process.stdout.write(Buffer.from([byte]));
  });
  process.stdin.on('end', () => process.exit());`;

test('a driver that describes itself, byte by byte, is understood', async () => {
  // id 1, a description with the implementation "abc"
  const description = await running(answering('080112050a03616263')).describe();
  expect(description.implementation).toBe('abc');
});

test('a driver that writes something else is told of', async () => {
  const garbage = running(`console.log('I am a driver'); setInterval(() => {}, 1000);`);
  await expect(garbage.describe()).rejects.toThrow(NotTestable);
  const unreadable = running(answering('ffffffff'));
  await expect(unreadable.describe()).rejects.toThrow(/cannot be read/);
});

test('a driver that ends is told of, with its last words', async () => {
  const driver = running(`console.error('no such module'); process.exit(7)`);
  const { ending } = driver.send({ case: 'connect', value: {} });
  await expect(ending).rejects.toThrow(Departure);
  await expect(ending).rejects.toThrow(/ended with 7: no such module/);
});

test('a program that is not there is told of', async () => {
  const driver = new Driver(['/nowhere/driver']);
  drivers.push(driver);
  await expect(driver.describe()).rejects.toThrow(/cannot be started/);
});
