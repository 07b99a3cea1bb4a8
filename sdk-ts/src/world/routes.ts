import { pathToFileURL } from 'node:url';
import { resolveFromApp } from './app.js';

/** The routes that the SDK's builders generate; SDK 5 has no step route. */
export type Route = 'flow' | 'step';

const ROUTE_BASE = '/.well-known/workflow/v1';

/** Marks the request that only makes an application load a route. */
export const ATTACH_HEADER = 'x-worldwire-attach';

const ATTACH_TIMEOUT_MS = 10_000;

/** Where the SDK keeps the path under which a framework mounts the application. */
const BASE_PATH = Symbol.for('@workflow/core/basePath');

/**
 * Where this process may serve the application's routes: what `WORKFLOW_LOCAL_BASE_URL` says, or else
 * `PORT` and every port that this very process listens on.
 */
export async function ownBaseUrls(): Promise<string[]> {
  const said = process.env.WORKFLOW_LOCAL_BASE_URL;
  if (said) return [said.replace(/\/+$/, '')];
  const basePath = (globalThis as { [BASE_PATH]?: string })[BASE_PATH] ?? '';
  const ports = new Set<string>();
  if (Number(process.env.PORT) > 0) ports.add(process.env.PORT!);
  for (const port of await listeningPorts()) ports.add(String(port));
  return [...ports].map((port) => `http://localhost:${port}${basePath}`);
}

/** Asks the application's own SDK, which knows how to on every platform. */
async function listeningPorts(): Promise<number[]> {
  const file = resolveFromApp('@workflow/utils/get-port');
  if (file === undefined) return [];
  try {
    const { getAllPorts } = (await import(pathToFileURL(file).href)) as {
      getAllPorts?: () => Promise<number[]>;
    };
    return (await getAllPorts?.()) ?? [];
  } catch {
    return [];
  }
}

export function routeUrl(baseUrl: string, route: Route): string {
  return `${baseUrl}${ROUTE_BASE}/${route}`;
}

/**
 * Calls a route so that the application loads it: SDK 5 registers its handler at the first request, and
 * frameworks evaluate a route no sooner. Answers whether a handler of this adapter was behind it.
 */
export async function loadRoute(url: string, signal: AbortSignal): Promise<boolean> {
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { [ATTACH_HEADER]: '1', 'content-type': 'application/json' },
      body: '{}',
      signal: AbortSignal.any([signal, AbortSignal.timeout(ATTACH_TIMEOUT_MS)]),
    });
    await response.body?.cancel();
    return response.headers.has(ATTACH_HEADER);
  } catch {
    return false;
  }
}
