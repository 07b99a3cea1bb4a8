/** The Worlds that are judged in full. */
export const worlds = {
  starter: { name: '@workflow-worlds/starter', version: '0.2.1' },
  'world-local-4': { name: '@workflow/world-local', version: '4.4.1' },
  'world-local-5': { name: '@workflow/world-local', version: '5.0.0-beta.46' },
  'world-postgres-4': { name: '@workflow/world-postgres', version: '4.3.7' },
  'world-postgres-5': { name: '@workflow/world-postgres', version: '5.0.0-beta.27' },
};

/** A World by its name here. */
export function worldOf(name) {
  const world = worlds[name];
  if (world === undefined) throw new Error(`${name} is none of ${Object.keys(worlds).join(', ')}`);
  return world;
}
