import { onTestFailed } from 'vitest';

/** Shows, should the test fail, what its processes printed. */
export function showOnFailure(...sources: { name: string; output(): string }[]): void {
  onTestFailed(() => {
    for (const { name, output } of sources) {
      console.error(`--- ${name} printed:\n${output().slice(-6_000)}`);
    }
  });
}
