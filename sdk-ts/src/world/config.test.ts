import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { isBuildPhase } from './build-phase.js';
import { readConfig } from './config.js';

describe('readConfig', () => {
  it('has defaults for everything', () => {
    expect(readConfig({}, {})).toMatchObject({
      place: { kind: 'embedded', dataDir: resolve('.worldwire') },
      defaulted: true,
      deploymentId: 'default',
      deploymentAffinity: false,
      concurrency: 100,
      delivery: undefined,
    });
  });

  it('reads the environment, and options win', () => {
    const env = {
      WORLDWIRE_URL: 'http://a:1/',
      WORLDWIRE_TOKEN: 't',
      WORLDWIRE_PROJECT: 'p',
      WORLDWIRE_DEPLOYMENT_ID: 'd',
      WORLDWIRE_ENVIRONMENT: 'e',
      WORLDWIRE_CONCURRENCY: '7',
    };
    expect(readConfig({}, env)).toMatchObject({
      place: { kind: 'remote', url: 'http://a:1' },
      defaulted: false,
      token: 't',
      project: 'p',
      deploymentId: 'd',
      deploymentAffinity: true,
      environment: 'e',
      concurrency: 7,
    });
    expect(readConfig({ url: 'embedded:x', deploymentId: 'd2' }, env)).toMatchObject({
      place: { kind: 'embedded', dataDir: resolve('x') },
      deploymentId: 'd2',
    });
    const databaseUrl = 'postgres://me:secret@db/world?sslmode=verify-full';
    expect(readConfig({ url: databaseUrl }, env)).toMatchObject({
      place: { kind: 'embedded', databaseUrl },
    });
  });

  it('shows no password of an address that is wrong', () => {
    const read = () => readConfig({ url: 'postgre://me:secret@db/world' }, {});
    expect(read).toThrow('postgre://me:…@db/world');
  });

  it.each([
    ['WORLDWIRE_URL', 'localhost:7420'],
    ['WORLDWIRE_URL', 'http://'],
    ['WORLDWIRE_CONCURRENCY', '0'],
    ['WORLDWIRE_CONCURRENCY', 'many'],
    ['WORLDWIRE_DELIVERY', 'push'],
  ])('%s=%s is refused by name', (name, value) => {
    expect(() => readConfig({}, { [name]: value })).toThrow(name);
  });
});

describe('isBuildPhase', () => {
  it.each([
    [{ NEXT_PHASE: 'phase-production-build' }, ['node', 'server.js'], true],
    [{ npm_lifecycle_event: 'build' }, ['node', 'x.js'], true],
    [{ npm_lifecycle_event: 'build:app' }, ['node', 'x.js'], true],
    [{}, ['node', '/app/node_modules/.bin/vite', 'build'], true],
    [{}, ['node', '/app/node_modules/.bin/next', 'start'], false],
    [{ NEXT_PHASE: 'phase-production-server' }, ['node', 'server.js'], false],
    [{ npm_lifecycle_event: 'start' }, ['node', 'build'], false],
  ])('%j %j: %s', (env, argv, expected) => {
    expect(isBuildPhase(env, argv)).toBe(expected);
  });
});
