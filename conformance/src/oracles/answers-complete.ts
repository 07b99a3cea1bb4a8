import type { DescMessage, Message } from '@bufbuild/protobuf';
import { type Event, PROTOCOL_VERSION } from '@worldwire/proto';
import { Departure } from '../outcome.js';
import type { WorldFacts } from '../subject/world.js';
import type { Exchange } from '../wire/recorder.js';
import type { Judge, Oracle } from './oracle.js';
import { type Answer, isNewer, onAnswers } from './parts/answers.js';
import { eachMessage, memberOf } from './parts/walk.js';

/** Answers hold what the definitions say, no less and no more. */
export const answersComplete: Oracle = {
  id: 'oracle/answers-complete',
  title: 'Answers have every field that they must have, and none that the definitions lack',
  requirements: [
    'WW-VER-007',
    'WW-LOG-003',
    'WW-LOG-006',
    'WW-PAGE-004',
    'WW-RUN-037',
    'WW-STEP-012',
    'WW-HOOK-006',
    'WW-HOOK-008',
    'WW-WAIT-002',
    'WW-WAIT-003',
  ],
  capabilities: [],
  judge: (facts) => new AnswersComplete(facts),
};

/** Fields that are set in every such message of an answer, by their names. */
const REQUIRED: Readonly<Record<string, readonly string[]>> = {
  Run: ['run_id', 'status', 'workflow_name', 'deployment_id', 'created_at'],
  Step: ['run_id', 'step_id', 'step_name', 'status', 'created_at'],
  Hook: ['run_id', 'hook_id', 'token', 'created_at'],
  Wait: ['run_id', 'wait_id', 'status', 'created_at'],
  Event: ['event_id', 'run_id', 'created_at'],
  GetWorldResponse: ['implementation', 'version', 'protocol_version'],
  GetRunResponse: ['run'],
  WaitForRunResponse: ['run'],
  GetEventResponse: ['event'],
  GetStepResponse: ['step'],
  GetHookResponse: ['hook'],
  GetHookByTokenResponse: ['hook'],
  GetWaitResponse: ['wait'],
  CancelRunsResult: ['outcome'],
  EnqueueResponse: ['message_id'],
  QueueInfo: ['queue_name'],
  DeadMessage: ['message_id', 'queue_name'],
  AttributeKey: ['key', 'run_count'],
};

/** Messages whose oneof of this name has a member. */
const CHOSEN: Readonly<Record<string, string>> = {
  Event: 'data',
  CreateEventBatchResult: 'outcome',
  EnqueueBatchResult: 'outcome',
};

/** The record that comes with an accepted event of a kind. */
const RECORD_OF: readonly (readonly [prefix: string, field: string])[] = [
  ['run', 'run'],
  ['attrSet', 'run'],
  ['step', 'step'],
  ['hookCreated', 'hook'],
  ['wait', 'wait'],
];

const PACKAGE = 'worldwire.v1.';

class AnswersComplete implements Judge {
  seen = 0;
  readonly ended: (exchange: Exchange) => void;
  readonly message: Judge['message'];
  readonly #newer: boolean;

  constructor(facts: WorldFacts) {
    this.#newer = isNewer(facts, PROTOCOL_VERSION);
    ({ ended: this.ended, message: this.message } = onAnswers((answer) => this.#look(answer)));
  }

  #look({ exchange, message }: Answer): void {
    this.seen += 1;
    const { method } = exchange;
    eachMessage(method.output, message, (inner, schema) => {
      if (!this.#newer) known(method.name, inner, schema);
      complete(method.name, inner, schema, this.#newer);
    });
    if (method.name === 'CreateEvent') brought(message);
    if (method.parent.name === 'HookService')
      eachMessage(method.output, message, (inner, schema) => {
        if (schema.name === 'Hook') present(method.name, inner, schema, 'run');
      });
    paged(method.name, message, method.output);
  }
}

/** Nothing that the definitions do not know. */
function known(method: string, message: Message, schema: DescMessage): void {
  const [unknown] = message.$unknown ?? [];
  if (unknown !== undefined)
    throw new Departure(
      `${method} answers with a field that the protocol does not have`,
      `the fields of ${schema.typeName}`,
      `field ${unknown.no}`,
    );
  for (const field of schema.fields) {
    if (field.enum === undefined) continue;
    const value = memberOf(message, field);
    for (const number of Array.isArray(value) ? value : [value])
      if (typeof number === 'number' && field.enum.value[number] === undefined)
        throw new Departure(
          `${method} answers with a value that the protocol does not have`,
          `a value of ${field.enum.typeName}`,
          `${field.name}: ${number}`,
        );
  }
}

function complete(method: string, message: Message, schema: DescMessage, newer: boolean): void {
  if (!schema.typeName.startsWith(PACKAGE)) return;
  for (const name of REQUIRED[schema.name] ?? []) present(method, message, schema, name);
  const chosen = CHOSEN[schema.name];
  // A newer World may have members that are not known here.
  if (chosen === undefined || newer) return;
  const member = (message as unknown as Readonly<Record<string, { case?: string }>>)[chosen];
  if (member?.case === undefined)
    throw new Departure(
      `${method} answers with ${an(schema.name)} without ${chosen}`,
      'exactly one member',
      'none',
    );
}

function present(method: string, message: Message, schema: DescMessage, name: string): void {
  const field = schema.fields.find((one) => one.name === name);
  if (field === undefined) throw new Error(`${schema.typeName} has no field ${name}`);
  const value = memberOf(message, field);
  if (value === undefined || value === '' || value === 0 || value === 0n)
    throw new Departure(
      `${method} answers with ${an(schema.name)} without ${name}`,
      `${name} set`,
      `${name} unset`,
    );
}

/** An accepted event comes with the record that it changed. */
function brought(message: Message): void {
  const answer = message as unknown as Readonly<Record<string, unknown>>;
  const event = answer.event as Event | undefined;
  const kind = event?.data.case;
  if (kind === undefined) return;
  const field = RECORD_OF.find(([prefix]) => kind.startsWith(prefix))?.[1];
  if (field !== undefined && answer[field] === undefined)
    throw new Departure(
      `CreateEvent answers an event that it accepted without the ${field}`,
      `the ${field} as it is after the event`,
      'none',
    );
}

/** Items come with the end of their page. */
function paged(method: string, message: Message, schema: DescMessage): void {
  const page = schema.fields.find(({ name, message: of }) => name === 'page' && of !== undefined);
  if (page === undefined || memberOf(message, page) !== undefined) return;
  const items = schema.fields.find(({ fieldKind }) => fieldKind === 'list');
  const held = items === undefined ? undefined : memberOf(message, items);
  if (Array.isArray(held) && held.length > 0)
    throw new Departure(`${method} answers with items and no page`, 'page set', 'page unset');
}

function an(name: string): string {
  return `${/^[AEIOU]/.test(name) ? 'an' : 'a'} ${name}`;
}
