import type { ClientBase } from 'pg';

/** `problem`: servers do not work, or soon will not. `warning`: they do, and something should be done all the same. */
export type Level = 'ok' | 'warning' | 'problem';

/** What an examination found out. */
export interface Finding {
  readonly level: Level;
  /** What was looked at, in a word. */
  readonly about: string;
  readonly text: string;
  /** What to do; present unless all is well. */
  readonly advice?: string;
}

export const ok = (about: string, text: string): Finding => ({ level: 'ok', about, text });
export const warning = (about: string, text: string, advice: string): Finding => ({
  level: 'warning',
  about,
  text,
  advice,
});
export const problem = (about: string, text: string, advice: string): Finding => ({
  level: 'problem',
  about,
  text,
  advice,
});

/** The one row of a query. */
export async function rowOf<R extends object>(client: ClientBase, text: string): Promise<R> {
  return (await client.query<R>(text)).rows[0]!;
}

export async function rowsOf<R extends object>(client: ClientBase, text: string): Promise<R[]> {
  return (await client.query<R>(text)).rows;
}
