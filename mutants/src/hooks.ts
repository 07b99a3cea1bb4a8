/** Module hooks that put a mutant's patches into the files of what it is made of, as they are loaded. */
import type { InitializeHook, LoadHook } from 'node:module';
import type { Patch, Patches } from './mutant.js';

let folder = '';
let patches: readonly Patch[] = [];

export const initialize: InitializeHook<Patches> = async (data) => {
  ({ folder, patches } = data);
};

export const load: LoadHook = async (url, context, nextLoad) => {
  const loaded = await nextLoad(url, context);
  const at = url.lastIndexOf(folder);
  if (at < 0) return loaded;
  const file = url.slice(at + folder.length);
  const ours = patches.filter((patch) => patch.file === file);
  if (ours.length === 0) return loaded;
  return { ...loaded, source: ours.reduce(apply, String(loaded.source)) };
};

function apply(source: string, { file, find, replace }: Patch): string {
  const parts = source.split(find);
  if (parts.length !== 2)
    throw new Error(
      `${JSON.stringify(find)} occurs ${parts.length - 1} times in ${file}, not once`,
    );
  return parts.join(replace);
}
