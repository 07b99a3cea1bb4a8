import assert from 'node:assert/strict';
import type { DeploymentKeyRow, Key, KeyAccessRow, Slice, Sliced } from '../../store/operations.js';
import { sliceOf } from './slices.js';

/** The key operations of a store over plain lists. */
export class MemoryKeys {
  readonly state = {
    keys: [] as { key: Key; project: string; value: DeploymentKeyRow }[],
    access: [] as { project: string; value: KeyAccessRow }[],
  };
  constructor(private readonly nextKey: () => Key) {}

  putDeploymentKey(project: string, given: DeploymentKeyRow): void {
    const value = { ...given, wrapped: given.wrapped.slice() };
    const found = this.state.keys.find(
      (one) =>
        one.project === project &&
        one.value.keyId === value.keyId &&
        one.value.deploymentId === value.deploymentId,
    );
    if (found === undefined) this.state.keys.push({ key: this.nextKey(), project, value });
    else found.value = { ...found.value, wrapped: value.wrapped };
  }
  findDeploymentKey(project: string, keyId: string): DeploymentKeyRow | undefined {
    return this.#of(project).find(({ value }) => value.keyId === keyId)?.value;
  }
  latestDeploymentKey(project: string, deploymentId: string): DeploymentKeyRow | undefined {
    return this.#of(project).findLast(({ value }) => value.deploymentId === deploymentId)?.value;
  }
  listDeploymentKeys(project: string, slice: Slice): Sliced<DeploymentKeyRow> {
    return sliceOf(
      this.#of(project).map(({ key, value }) => ({ key, value })),
      slice,
    );
  }
  latestKeyAccess(project: string): Pick<KeyAccessRow, 'sequence' | 'hash'> | undefined {
    const entry = this.state.access.findLast((one) => one.project === project)?.value;
    return entry && { sequence: entry.sequence, hash: entry.hash };
  }
  appendKeyAccess(project: string, value: KeyAccessRow): void {
    const taken = this.state.access.some(
      (one) => one.project === project && one.value.sequence === value.sequence,
    );
    assert(!taken, 'a sequence is taken once');
    this.state.access.push({ project, value: { ...value, hash: value.hash.slice() } });
  }
  listKeyAccess(project: string, runId: string, slice: Slice): Sliced<KeyAccessRow> {
    const entries = this.state.access.filter(
      (one) => one.project === project && (runId === '' || one.value.runId === runId),
    );
    return sliceOf(
      entries.map(({ value }) => ({ key: value.sequence, value })),
      slice,
    );
  }

  #of(project: string) {
    return this.state.keys.filter((one) => one.project === project);
  }
}
