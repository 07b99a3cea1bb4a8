import type {
  DescMethodServerStreaming,
  DescMethodUnary,
  MessageInitShape,
  MessageShape,
} from '@bufbuild/protobuf';
import type {
  EventService,
  HookService,
  KeyService,
  QueueService,
  RunService,
  StepService,
  StreamService,
  WaitService,
  WorldService,
} from '@worldwire/proto';

/** The services by the names that scripts use. */
export interface Services {
  readonly world: typeof WorldService;
  readonly events: typeof EventService;
  readonly runs: typeof RunService;
  readonly steps: typeof StepService;
  readonly hooks: typeof HookService;
  readonly waits: typeof WaitService;
  readonly queue: typeof QueueService;
  readonly streams: typeof StreamService;
  readonly keys: typeof KeyService;
}

/** One call as it arrived, and what a script may do to it beside answering. */
export interface ScriptedCall {
  /** The method, such as "GetRun". */
  readonly method: string;
  /** How many calls of the method came before. */
  readonly nth: number;
  readonly header: Headers;
  /** When it arrived, in the World's milliseconds. */
  readonly arrivedAt: number;
  /** Whether the client went away before its answer was whole. */
  readonly gone: boolean;
  /** Resolves when it went away. */
  readonly left: Promise<void>;
  /** How many bytes of the answer the network has taken. */
  readonly accepted: number;
  /** Breaks the connection without an answer. */
  drop(): Promise<never>;
  /** Lets so many bytes of the answer's body out, and then breaks the connection; a shorter answer stays whole. */
  cutAfter(bytes: number): void;
  /** Answers nothing, ever. */
  silence(): Promise<never>;
  /** Answers with bytes that are no answer of a World. */
  page(status: number, contentType: string, body: string): Promise<never>;
}

type Handler<M> =
  M extends DescMethodUnary<infer I, infer O>
    ? (
        request: MessageShape<I>,
        call: ScriptedCall,
      ) => Promise<MessageInitShape<O>> | MessageInitShape<O>
    : M extends DescMethodServerStreaming<infer I, infer O>
      ? (request: MessageShape<I>, call: ScriptedCall) => AsyncIterable<MessageInitShape<O>>
      : never;

/** What a World does: for each method that it has, an answer. Any other is refused as not found. */
export type Script = {
  readonly [S in keyof Services]?: {
    readonly [M in keyof Services[S]['method']]?: Handler<Services[S]['method'][M]>;
  };
};
