import { markdownTable } from './tables.mjs';

const code = (text) => (text === '' ? '' : `\`${text}\``);
const short = (name) => code(name.replace(/^worldwire\.v1\./, ''));

/** The tables that are made from the protocol's definitions, by the names of their places. */
export function protocolTables(protocol) {
  return {
    errors: () =>
      markdownTable(
        ['reason', 'code', 'retryable', 'upstream class', 'status', 'meaning'],
        protocol.errors.map(
          ({ reason, code: canonical, retryable, upstreamClass, upstreamStatus, comment }) => [
            code(reason),
            code(canonical),
            retryable ? 'yes' : 'no',
            code(upstreamClass),
            upstreamStatus || '',
            comment,
          ],
        ),
      ),
    capabilities: () =>
      markdownTable(
        ['capability', 'meaning', 'methods', 'fields'],
        protocol.capabilities.map(({ capability, comment, methods, fields }) => [
          code(capability),
          comment,
          methods.map(short).join(', '),
          fields.map(short).join(', '),
        ]),
      ),
    limits: () =>
      markdownTable(
        ['limit', 'meaning'],
        protocol.limits.map(({ limit, comment }) => [code(limit), comment]),
      ),
  };
}
