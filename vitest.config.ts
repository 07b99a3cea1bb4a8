import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: [
            '{proto,reference-world,sdk-ts,conformance,mutants}/src/**/*.test.ts',
            'spec/tools/**/*.test.mjs',
          ],
          // They wait about as much as they work; by default one core would be left out.
          maxWorkers: '100%',
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'conformance',
          include: ['e2e/src/conformance/**/*.test.ts', 'mutants/test/**/*.test.ts'],
          // A run of the suite keeps both a World and itself busy; the judges of the mutants bound themselves.
          fileParallelism: false,
          maxConcurrency: 64,
          testTimeout: 600_000,
          hookTimeout: 600_000,
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['e2e/src/**/*.test.ts'],
          exclude: ['e2e/src/conformance/**'],
          globalSetup: ['e2e/src/global-setup.ts'],
          // Each file starts servers and applications of its own: more at once than cores only makes them slower.
          fileParallelism: false,
          testTimeout: 300_000,
          hookTimeout: 600_000,
        },
      },
    ],
  },
});
