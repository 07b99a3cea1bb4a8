import type { RunFilter } from '../operations.js';
import { digestOf } from './digest.js';
import type { Bind } from './sql.js';

/** The conditions of a filter on runs `r` and their parameters, of which the first is the project. */
export function conditionsOf(
  project: string,
  filter: RunFilter,
): { readonly where: string; readonly params: readonly Bind[] } {
  const params: Bind[] = [project];
  const where = ['r.project = $1'];
  const bind = (value: Bind): string => `$${params.push(value)}`;
  for (const [name, value] of Object.entries(filter.attributes))
    where.push(
      `EXISTS (SELECT 1 FROM worldwire.run_attributes x
         WHERE x.run_key = r.key AND x.project = $1 AND x.name = ${bind(name)} AND x.value = ${bind(value)})`,
    );
  const { workflowName, statuses, createdFrom, createdBefore } = filter;
  if (workflowName !== undefined) where.push(`r.workflow = ${bind(digestOf(workflowName))}`);
  if (statuses.length === 1) where.push(`r.status = ${bind(statuses[0]!)}`);
  else if (statuses.length > 1) where.push(`r.status = ANY (${bind(statuses)}::smallint[])`);
  if (createdFrom !== undefined) where.push(`r.created_at >= ${bind(createdFrom)}`);
  if (createdBefore !== undefined) where.push(`r.created_at < ${bind(createdBefore)}`);
  return { where: where.join(' AND '), params };
}
