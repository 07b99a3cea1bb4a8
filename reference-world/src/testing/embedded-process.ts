/** A process of its own with an embedded World, for tests: leases a message, says so, and never settles it. */
import { createClient } from '@connectrpc/connect';
import { QueueService } from '@worldwire/proto';
import { openEmbeddedWorld } from '../embedded.js';

async function main(dataDir: string): Promise<void> {
  const { transport } = await openEmbeddedWorld({ dataDir });
  const queue = createClient(QueueService, transport);
  await queue.enqueue({ message: { queueName: 'q' } });
  const receiving = queue.receive({ queuePrefixes: ['q'], deploymentId: 'd' });
  for await (const { deliveries } of receiving)
    if (deliveries.length > 0) process.stdout.write('leased\n');
}

void main(process.argv[2]!);
