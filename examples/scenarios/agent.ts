import { holds, same } from './check.ts';
import { checkLog } from './log.ts';
import { both, type Scenario } from './scenario.ts';

interface Chunk {
  type: string;
  toolName?: string;
  delta?: string;
}

export const agent: Scenario[] = [
  {
    name: 'the booking agent, whose client leaves and comes back',
    sdk: both,
    async run(app) {
      const runId = await app.start('bookingAgent', ['Book me a flight from Zurich to Lisbon']);
      // Once in the first sentence, once in the last: before and after the tools ran.
      const first = await app.stream<Chunk>(runId, { take: 5 });
      const second = await app.stream<Chunk>(runId, { startIndex: first.length, take: 25 });
      same('the run when its client left', (await app.run(runId)).status, 'running');
      const seen = [...first, ...second];
      const rest = await app.stream<Chunk>(runId, { startIndex: seen.length });
      holds('there was something left to say', rest.length > 0, rest);

      const result = await app.value<{ turns: number; last: string }>(runId);
      same('turns of the model', result.turns, 3);
      const whole = await app.stream<Chunk>(runId);
      same('chunks that the client saw', [...seen, ...rest], whole);

      same('first chunk', whole[0]?.type, 'start');
      same('last chunk', whole.at(-1)?.type, 'finish');
      const called = whole.filter(({ type }) => type === 'tool-input-available');
      same(
        'tools called',
        called.map(({ toolName }) => toolName),
        ['searchFlights', 'bookFlight'],
      );
      const said = whole.map(({ delta }) => delta ?? '').join('');
      holds('the stream ends in the last answer', said.endsWith(result.last), said);

      const ledger = await app.ledger(runId);
      const bookings = new Set(
        ledger.filter(({ step }) => step === 'bookFlight').map(({ stepId }) => stepId),
      );
      same('bookings', bookings.size, 1);
      await checkLog(app, runId);
    },
  },
];
