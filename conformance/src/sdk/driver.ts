import { type ChildProcess, spawn } from 'node:child_process';
import { create, fromBinary, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import { Departure, NotTestable } from '../outcome.js';
import {
  CommandSchema,
  type Description,
  type Failure,
  type Reply,
  ReplySchema,
} from '../report/gen/worldwire/conformance/v1/driver_pb.js';

/** What a command of the driver protocol holds beside its id. */
export type CommandInit = NonNullable<MessageInitShape<typeof CommandSchema>['command']>;

/** How a command ended. */
export type Ending = { readonly value: Uint8Array } | { readonly failure: Failure };

/** How long a driver may take to say what it is. */
const READY_MS = 30_000;

/** How long a driver may take to end when its input has ended. */
const END_MS = 2_000;

/** What is kept of a driver's standard error, for messages. */
const KEPT_OUTPUT = 4_000;

/** The longest reply that is taken. */
const MAX_REPLY_BYTES = 256 * 1024 * 1024;

const LENGTH_BYTES = 4;

const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) kill(child);
});

/** A driver's process, and the commands that it was given. */
export class Driver {
  readonly #child: ChildProcess;
  readonly #operations = new Map<bigint, Operation>();
  #next = 1n;
  #output = '';
  #broken: Error | undefined;
  #unread: Buffer[] = [];
  #unreadBytes = 0;

  /** Starts the program; `command` is its path and its arguments. */
  constructor(command: readonly string[]) {
    const [file = '', ...args] = command;
    const child = spawn(file, args, { stdio: ['pipe', 'pipe', 'pipe'], detached: true });
    this.#child = child;
    running.add(child);
    child.stdout!.on('data', (data: Buffer) => this.#read(data));
    child.stderr!.on('data', (data: Buffer) => {
      this.#output = (this.#output + data.toString()).slice(-KEPT_OUTPUT);
    });
    // A driver that is gone is told of by its exit.
    child.stdin!.on('error', () => undefined);
    child.once('error', (error) => this.#break(`cannot be started: ${error.message}`));
    child.once('close', (code, signal) => {
      running.delete(child);
      this.#break(`ended with ${signal ?? code}: ${this.#output.trim()}`);
    });
  }

  /** What the driver is. @throws NotTestable where it does not say. */
  async describe(): Promise<Description> {
    const operation = this.send({ case: 'describe', value: {} });
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(
        () => reject(new NotTestable(`the driver did not describe itself in ${READY_MS} ms`)),
        READY_MS,
      );
    });
    try {
      return await Promise.race([operation.description, late]);
    } catch (error) {
      if (error instanceof Departure) throw new NotTestable(error.message);
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Gives a command. */
  send(command: CommandInit): Operation {
    const id = this.#next++;
    const operation = new Operation(id);
    this.#operations.set(id, operation);
    if (this.#broken !== undefined) operation.broken(this.#broken);
    else this.#write(id, command);
    return operation;
  }

  /** Gives a command that is not answered. */
  tell(command: CommandInit): void {
    this.#write(this.#next++, command);
  }

  /** Ends the process. */
  async end(): Promise<void> {
    const child = this.#child;
    if (child.exitCode === null && child.signalCode === null && child.pid !== undefined) {
      const closed = new Promise<void>((resolve) => child.once('close', () => resolve()));
      child.stdin!.end();
      const timer = setTimeout(() => kill(child), END_MS);
      await closed;
      clearTimeout(timer);
    }
    // What it may have started is gone with it.
    kill(child);
  }

  #write(id: bigint, command: CommandInit): void {
    const body = toBinary(CommandSchema, create(CommandSchema, { id, command }));
    const length = Buffer.alloc(LENGTH_BYTES);
    length.writeUInt32BE(body.length);
    this.#child.stdin!.write(Buffer.concat([length, body]));
  }

  #read(data: Buffer): void {
    this.#unread.push(data);
    this.#unreadBytes += data.length;
    for (;;) {
      if (this.#unreadBytes < LENGTH_BYTES) return;
      if (this.#unread[0]!.length < LENGTH_BYTES) this.#join();
      const length = this.#unread[0]!.readUInt32BE();
      if (length > MAX_REPLY_BYTES) {
        this.#break('wrote something that is no reply to its standard output');
        kill(this.#child);
        return;
      }
      if (this.#unreadBytes < LENGTH_BYTES + length) return;
      this.#join();
      const bytes = this.#unread[0]!;
      this.#unread = [bytes.subarray(LENGTH_BYTES + length)];
      this.#unreadBytes = bytes.length - LENGTH_BYTES - length;
      this.#take(bytes.subarray(LENGTH_BYTES, LENGTH_BYTES + length));
    }
  }

  #join(): void {
    if (this.#unread.length > 1) this.#unread = [Buffer.concat(this.#unread)];
  }

  #take(bytes: Uint8Array): void {
    let reply: Reply;
    try {
      reply = fromBinary(ReplySchema, bytes);
    } catch (error) {
      this.#break(`wrote a reply that cannot be read: ${String(error)}`);
      return;
    }
    this.#operations.get(reply.id)?.took(reply.reply);
  }

  #break(what: string): void {
    this.#broken ??= new Departure(`the driver ${what}`, 'a driver that answers', 'none');
    for (const operation of this.#operations.values()) operation.broken(this.#broken);
  }
}

/** A command and what has come of it. */
export class Operation {
  readonly items: Uint8Array[] = [];
  /** Leases of which a handler was told that they are lost. */
  readonly lost: string[] = [];
  readonly description: Promise<Description>;
  readonly ending: Promise<Ending>;
  #ended = false;
  #describe!: (description: Description) => void;
  #end!: (ending: Ending) => void;
  #fail!: (error: Error) => void;

  constructor(readonly id: bigint) {
    const broken = new Promise<never>((_resolve, reject) => {
      this.#fail = reject;
    });
    this.description = Promise.race([
      new Promise<Description>((resolve) => {
        this.#describe = resolve;
      }),
      broken,
    ]);
    this.ending = Promise.race([
      new Promise<Ending>((resolve) => {
        this.#end = resolve;
      }),
      broken,
    ]);
    // Whoever awaits it is told; a check that has ended before is not.
    this.description.catch(() => undefined);
    this.ending.catch(() => undefined);
  }

  /** Whether it has ended, well or not. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Takes a reply. */
  took(reply: Reply['reply']): void {
    switch (reply.case) {
      case 'description':
        this.#describe(reply.value);
        break;
      case 'item':
        this.items.push(reply.value.value);
        break;
      case 'leaseLost':
        this.lost.push(reply.value.leaseId);
        break;
      case 'result':
        this.#ended = true;
        this.#end({ value: reply.value.value });
        break;
      case 'failure':
        this.#ended = true;
        this.#end({ failure: reply.value });
        break;
    }
  }

  /** Fails what is still awaited: the driver is gone. */
  broken(error: Error): void {
    this.#fail(error);
  }
}

/** The whole process group, as the command may have started others. */
function kill(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    // The group is gone already.
  }
}
