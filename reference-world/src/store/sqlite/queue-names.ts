import type { Sql } from './sql.js';

/** Up to so many queues are looked into one by one; of more, those that hold messages are found first. */
const FEW = 16;

interface Name {
  readonly id: number;
  readonly name: string;
}

/** The small table of queues, which never loses a row, kept in memory as far as it is known. */
export interface QueueNames {
  find(project: string, name: string): number | undefined;
  findOrAdd(project: string, name: string): number;
  /** Queues of a project that start with one of the prefixes and may hold messages that are not dead, by id. */
  busy(project: string, prefixes: readonly string[]): number[];
  /** Forgets what is in memory: some of it may have been rolled back. */
  forget(): void;
}

export function queueNames(sql: Sql): QueueNames {
  const newest = sql.prepare<{ id: number | null }>('SELECT max(id) AS id FROM queues');
  const after = sql.prepare<Name & { project: string }>(
    'SELECT id, project, name FROM queues WHERE id > ? ORDER BY id',
  );
  const insert = sql.prepare('INSERT INTO queues (project, name) VALUES (?, ?)');
  const holding = sql.prepare<{ id: number }>(
    `WITH RECURSIVE held (id) AS (
       SELECT min(queue_id) FROM messages WHERE visible_at IS NOT NULL
       UNION ALL
       SELECT (SELECT min(m.queue_id) FROM messages m WHERE m.queue_id > held.id AND m.visible_at IS NOT NULL)
         FROM held WHERE held.id IS NOT NULL)
     SELECT id FROM held WHERE id IS NOT NULL`,
  );
  const projects = new Map<string, Map<string, number>>();
  let known = 0;

  function load(): void {
    const last = newest.get()?.id ?? 0;
    if (last === known) return;
    for (const { id, project, name } of after.all(known)) {
      const names = projects.get(project) ?? new Map<string, number>();
      projects.set(project, names.set(name, id));
    }
    known = last;
  }

  function find(project: string, name: string): number | undefined {
    load();
    return projects.get(project)?.get(name);
  }

  return {
    find,
    findOrAdd(project, name) {
      const id = find(project, name);
      if (id !== undefined) return id;
      const added = Number(insert.run(project, name).lastInsertRowid);
      load();
      return added;
    },
    busy(project, prefixes) {
      load();
      const matching: number[] = [];
      for (const [name, id] of projects.get(project) ?? [])
        if (prefixes.some((prefix) => name.startsWith(prefix))) matching.push(id);
      matching.sort((a, b) => a - b);
      if (matching.length <= FEW) return matching;
      const held = new Set(holding.all().map(({ id }) => id));
      return matching.filter((id) => held.has(id));
    },
    forget() {
      projects.clear();
      known = 0;
    },
  };
}
