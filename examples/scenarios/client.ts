import { readLines } from './lines.ts';

export interface ErrorDescription {
  name: string;
  message: string;
  code?: string;
  cause?: ErrorDescription;
}

export type Result =
  | { ok: true; value: unknown; error?: undefined }
  | { ok: false; value?: undefined; error: ErrorDescription };

export interface LogEntry {
  eventId: string;
  eventType: string;
  correlationId?: string;
}

export interface LedgerLine {
  runId: string;
  stepId: string;
  attempt: number;
  step: string;
  at: number;
  data: Record<string, unknown>;
}

export interface RunView {
  runId: string;
  status: string;
  attributes?: Record<string, string>;
}

export interface HookView {
  runId: string;
  hookId: string;
  token: string;
  metadata: unknown;
}

export interface HealthView {
  healthy: boolean;
  error?: string;
}

export interface StreamOptions {
  startIndex?: number;
  namespace?: string;
  /** Go away after so many chunks, in the middle of the answer. */
  take?: number;
}

/** The application did not answer as its control API does. */
export class UnexpectedAnswer extends Error {
  constructor(
    readonly status: number,
    request: string,
    body: string,
  ) {
    super(`${request}: ${status} ${body.slice(0, 600)}`);
  }
}

/** Speaks the control API of an example application. */
export class AppClient {
  constructor(
    readonly baseUrl: string,
    /** No answer within this time is a hang; nothing else about time is judged. */
    readonly hangAfterMs = 60_000,
    /** What to do about a log that is not as it must be; the default is to fail. */
    readonly onFlaw: (flaw: string) => void = (flaw) => {
      throw new Error(flaw);
    },
  ) {}

  async fetch(path: string, init: RequestInit = {}): Promise<Response> {
    try {
      return await fetch(new URL(path, this.baseUrl), {
        signal: AbortSignal.timeout(this.hangAfterMs),
        ...init,
      });
    } catch (error) {
      const { name, message, cause } = error as Error;
      const why = name === 'TimeoutError' ? `hangs for ${this.hangAfterMs} ms` : message;
      throw new Error(`${init.method ?? 'GET'} ${path}: ${why}`, { cause });
    }
  }

  private async ask<T>(path: string, init: RequestInit = {}): Promise<T> {
    const response = await this.fetch(path, init);
    const body = await response.text();
    if (!response.ok) {
      throw new UnexpectedAnswer(response.status, `${init.method ?? 'GET'} ${path}`, body);
    }
    return JSON.parse(body) as T;
  }

  private post<T>(path: string, body: unknown = {}): Promise<T> {
    return this.ask<T>(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  }

  info(): Promise<{ sdk: '4' | '5'; pid: number; workflows: string[] }> {
    return this.ask('/');
  }

  health(): Promise<Record<string, HealthView>> {
    return this.ask('/health');
  }

  ledger(runId: string): Promise<LedgerLine[]> {
    return this.ask(`/ledger?${new URLSearchParams({ runId })}`);
  }

  async start(workflow: string, args: unknown[] = [], options?: unknown): Promise<string> {
    const { runId } = await this.post<{ runId: string }>('/runs', { workflow, args, options });
    return runId;
  }

  run(runId: string): Promise<RunView> {
    return this.ask(`/runs/${runId}`);
  }

  result(runId: string): Promise<Result> {
    return this.ask(`/runs/${runId}/result`);
  }

  /** The return value of a run that must succeed. */
  async value<T>(runId: string): Promise<T> {
    const result = await this.result(runId);
    if (!result.ok) throw new Error(`run ${runId} failed: ${JSON.stringify(result.error)}`);
    return result.value as T;
  }

  /** The error of a run that must not succeed. */
  async failure(runId: string): Promise<ErrorDescription> {
    const result = await this.result(runId);
    if (result.ok) throw new Error(`run ${runId} returned ${JSON.stringify(result.value)}`);
    return result.error;
  }

  async cancel(runId: string): Promise<void> {
    await this.post(`/runs/${runId}/cancel`);
  }

  wake(runId: string): Promise<{ stoppedCount: number }> {
    return this.post(`/runs/${runId}/wake`);
  }

  events(runId: string): Promise<LogEntry[]> {
    return this.ask(`/runs/${runId}/events`);
  }

  /** The hook that holds a token, or undefined. */
  async hook(token: string): Promise<HookView | undefined> {
    try {
      return await this.ask<HookView>(`/hooks?${new URLSearchParams({ token })}`);
    } catch (error) {
      if (error instanceof UnexpectedAnswer && error.status === 404) return undefined;
      throw error;
    }
  }

  resume(token: string, payload: unknown): Promise<{ runId: string }> {
    return this.post('/hooks', { token, payload });
  }

  webhook(token: string, init: RequestInit): Promise<Response> {
    return this.fetch(`/.well-known/workflow/v1/webhook/${encodeURIComponent(token)}`, init);
  }

  async tailIndex(runId: string, namespace?: string): Promise<number> {
    const query = namespace === undefined ? '' : `?${new URLSearchParams({ namespace })}`;
    return (await this.ask<{ tailIndex: number }>(`/runs/${runId}/stream/tail${query}`)).tailIndex;
  }

  /** The chunks of a run's stream: all of them until it is closed, or the first `take`. */
  async stream<T>(runId: string, options: StreamOptions = {}): Promise<T[]> {
    const { startIndex, namespace, take = Number.POSITIVE_INFINITY } = options;
    const query = new URLSearchParams();
    if (startIndex !== undefined) query.set('startIndex', String(startIndex));
    if (namespace !== undefined) query.set('namespace', namespace);
    const leave = new AbortController();
    const signal = AbortSignal.any([leave.signal, AbortSignal.timeout(this.hangAfterMs)]);
    const chunks: T[] = [];
    const path = `/runs/${runId}/stream?${query}`;
    const response = await this.fetch(path, { signal });
    if (!response.ok || response.body === null) {
      throw new UnexpectedAnswer(response.status, `GET ${path}`, await response.text());
    }
    try {
      for await (const line of readLines(response.body)) {
        chunks.push(JSON.parse(line) as T);
        if (chunks.length >= take) break;
      }
    } catch (error) {
      const why = `broke or hung after ${chunks.length} chunks`;
      throw new Error(`GET ${path}: ${why}: ${(error as Error).message}`, { cause: error });
    } finally {
      leave.abort();
    }
    return chunks;
  }
}
