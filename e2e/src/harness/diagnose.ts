import type { TestContext } from 'vitest';

/** Shows, should the test fail, what its processes printed. */
export function showOnFailure(
  { onTestFailed }: TestContext,
  processes: Record<string, () => string | undefined>,
): void {
  onTestFailed(() => {
    for (const [name, output] of Object.entries(processes)) {
      console.error(`--- ${name} printed:\n${output()?.slice(-6_000)}`);
    }
  });
}
