import type { CompatibleLanguageModel } from '@workflow/ai/agent';

type Part =
  Awaited<ReturnType<CompatibleLanguageModel['doStream']>>['stream'] extends ReadableStream<infer P>
    ? P
    : never;
type Prompt = Parameters<CompatibleLanguageModel['doStream']>[0]['prompt'];

const WORD_EVERY_MS = 15;

const FAREWELL =
  'Your flight WW 42 from Zurich to Lisbon is booked. It leaves at nine in the morning, the seat ' +
  'is 7A by the window, and the confirmation number is the one on your screen. Have a good trip!';

function text(id: string, sentence: string): Part[] {
  const words = sentence.split(/(?<= )/);
  return [
    { type: 'text-start', id },
    ...words.map((delta): Part => ({ type: 'text-delta', id, delta })),
    { type: 'text-end', id },
  ];
}

function call(toolCallId: string, toolName: string, input: unknown): Part {
  return { type: 'tool-call', toolCallId, toolName, input: JSON.stringify(input) };
}

function finish(reason: 'stop' | 'tool-calls'): Part {
  return {
    type: 'finish',
    finishReason: { unified: reason, raw: reason },
    usage: {
      inputTokens: { total: 7, noCache: 7, cacheRead: undefined, cacheWrite: undefined },
      outputTokens: { total: 9, text: 9, reasoning: undefined },
    },
  };
}

/** What the model says next follows from the conversation alone, as in a real one. */
function turn(prompt: Prompt): Part[] {
  const answered = prompt.filter((message) => message.role === 'tool').length;
  if (answered === 0) {
    return [
      ...text('t0', 'Let me look for flights to Lisbon. '),
      call('call-1', 'searchFlights', { from: 'ZRH', to: 'LIS' }),
      finish('tool-calls'),
    ];
  }
  if (answered === 1) {
    return [call('call-2', 'bookFlight', { flight: 'WW 42', seat: '7A' }), finish('tool-calls')];
  }
  return [...text('t2', FAREWELL), finish('stop')];
}

function streamOf(parts: Part[]): ReadableStream<Part> {
  const queue: Part[] = [{ type: 'stream-start', warnings: [] }, ...parts];
  return new ReadableStream<Part>({
    async pull(controller) {
      const part = queue.shift();
      if (part === undefined) return controller.close();
      // Slow enough that a client can leave in the middle.
      if (part.type === 'text-delta') await new Promise((r) => setTimeout(r, WORD_EVERY_MS));
      controller.enqueue(part);
    },
  });
}

/** A language model that follows a script: no network, no key, the same words every time. */
export function scriptedModel(): CompatibleLanguageModel {
  return {
    specificationVersion: 'v3',
    provider: 'scripted',
    modelId: 'booking',
    supportedUrls: {},
    async doGenerate() {
      throw new Error('The booking agent only streams');
    },
    async doStream({ prompt }) {
      return { stream: streamOf(turn(prompt)) };
    },
  };
}
