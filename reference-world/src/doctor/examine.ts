import pg from 'pg';
import { connectionTo } from '../store/postgres/connection.js';
import { faultText, isLost } from '../store/postgres/faults.js';
import { examineConnections } from './connections.js';
import { type Finding, warning } from './finding.js';
import { examineLocks } from './locks.js';
import { examineQueues } from './queues.js';
import { examineSchema } from './schema.js';
import { examineServer } from './server.js';
import { examineTables } from './tables.js';

/** How long a lock of others may keep one look waiting. */
const LOCK_MS = 1_000;

/** Looks at a database and its servers, and changes nothing. Fails where it cannot connect. */
export async function examine(url: string): Promise<Finding[]> {
  const client = new pg.Client({
    ...connectionTo(url),
    application_name: 'worldwire doctor',
    lock_timeout: LOCK_MS,
  });
  client.on('error', () => {});
  await client.connect();
  try {
    const findings = [
      ...(await examineServer(client)),
      ...(await examineConnections(client, url)),
      ...(await examineLocks(client)),
    ];
    const schema = await examineSchema(client);
    findings.push(...schema.findings);
    if (!schema.usable) return findings;
    findings.push(...(await attempt('size', () => examineTables(client))));
    findings.push(...(await attempt('queues', () => examineQueues(client))));
    return findings;
  } finally {
    await client.end();
  }
}

/** A look that one may be kept from: by a lock, or for want of rights. */
async function attempt(about: string, look: () => Promise<Finding[]>): Promise<Finding[]> {
  try {
    return await look();
  } catch (error) {
    if (isLost(error)) throw error;
    return [warning(about, `not looked at: ${faultText(error)}`, 'see what is said above')];
  }
}
