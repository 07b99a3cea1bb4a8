import { DurableAgent } from '@workflow/ai/agent';
import { tool, type UIMessageChunk } from 'ai';
import { getWritable } from 'workflow';
import { z } from 'zod';
import { scriptedModel } from '../agent-model.ts';
import { record } from '../ledger.ts';

async function bookingModel() {
  'use step';
  return scriptedModel();
}

async function searchFlights({ from, to }: { from: string; to: string }) {
  'use step';
  record('searchFlights', { from, to });
  return [
    { flight: 'WW 42', from, to, price: 120 },
    { flight: 'WW 43', from, to, price: 180 },
  ];
}

async function bookFlight({ flight, seat }: { flight: string; seat: string }) {
  'use step';
  record('bookFlight', { flight, seat });
  return { flight, seat, confirmation: 'C-7A42' };
}

/** The agent: every call of the model and of a tool is a step, what it says goes to the stream. */
export async function bookingAgent(question: string): Promise<{ turns: number; last: string }> {
  'use workflow';
  const agent = new DurableAgent({
    model: bookingModel,
    instructions: 'You book flights.',
    tools: {
      searchFlights: tool({
        description: 'Find flights between two airports',
        inputSchema: z.object({ from: z.string(), to: z.string() }),
        execute: searchFlights,
      }),
      bookFlight: tool({
        description: 'Book a seat on a flight',
        inputSchema: z.object({ flight: z.string(), seat: z.string() }),
        execute: bookFlight,
      }),
    },
  });
  const result = await agent.stream({
    messages: [{ role: 'user', content: question }],
    writable: getWritable<UIMessageChunk>(),
    maxSteps: 8,
  });
  return { turns: result.steps.length, last: result.steps.at(-1)?.text ?? '' };
}
