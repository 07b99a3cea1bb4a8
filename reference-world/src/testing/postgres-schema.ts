/** What a database's schema is, as text: for snapshots. */
import { execute } from './postgres.js';

/** Tables with their columns, constraints and indexes, in the order of their names. */
export async function describeSchema(url: string): Promise<string> {
  const tables = await execute<{ oid: number; name: string; options: string[] | null }>(
    url,
    `SELECT c.oid::integer AS oid, c.relname AS name, c.reloptions AS options FROM pg_class c
      WHERE c.relnamespace = 'worldwire'::regnamespace AND c.relkind = 'r' ORDER BY c.relname`,
  );
  const described: string[] = [];
  for (const { oid, name, options } of tables) {
    const columns = await execute<{ line: string }>(
      url,
      `SELECT concat_ws(' ', a.attname, format_type(a.atttypid, a.atttypmod),
                CASE WHEN l.collname <> 'default' THEN 'COLLATE ' || quote_ident(l.collname) END,
                CASE WHEN a.attidentity = 'a' THEN 'GENERATED ALWAYS AS IDENTITY' END,
                CASE WHEN a.attnotnull THEN 'NOT NULL' END,
                'DEFAULT ' || pg_get_expr(d.adbin, d.adrelid)) AS line
         FROM pg_attribute a LEFT JOIN pg_collation l ON l.oid = a.attcollation
         LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
        WHERE a.attrelid = $1 AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum`,
      [oid],
    );
    const constraints = await execute<{ line: string }>(
      url,
      `SELECT 'CONSTRAINT ' || conname || ' ' || pg_get_constraintdef(oid) AS line FROM pg_constraint
        WHERE conrelid = $1 AND contype <> 'n' ORDER BY conname`,
      [oid],
    );
    const indexes = await execute<{ line: string }>(
      url,
      `SELECT pg_get_indexdef(indexrelid) AS line FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
        WHERE indrelid = $1 AND NOT indisprimary ORDER BY c.relname`,
      [oid],
    );
    const lines = [...columns, ...constraints].map(({ line }) => `  ${line}`);
    const tail = options ? ` WITH (${options.join(', ')})` : '';
    described.push(
      [
        `CREATE TABLE worldwire.${name} (\n${lines.join(',\n')}\n)${tail};`,
        ...indexes.map(({ line }) => `${line};`),
      ].join('\n'),
    );
  }
  return `${described.join('\n\n')}\n`;
}
