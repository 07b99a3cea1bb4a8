export type Handler = (request: Request) => Response | Promise<Response>;

export interface Health {
  healthy: boolean;
  error?: string;
  specVersion?: number;
  workflowCoreVersion?: string;
}

/** What differs between the SDK versions, as far as the server is concerned. */
export interface Sdk {
  version: '4' | '5';
  /** Workflow name → the id that the builder gave it. */
  workflows: Record<string, string>;
  /** Loaded late: the generated modules ask for the World, which may want to know the port. */
  flow(): Promise<Handler>;
  /** Only SDK 4 has a second route for steps. */
  step?(): Promise<Handler>;
  webhook: Handler;
  /** The SDK's own check, through the World's queue and back over a stream. */
  health(): Promise<Record<string, Health>>;
}

interface Manifest {
  workflows: Record<string, Record<string, { workflowId: string }>>;
}

/** Function names are unique in these applications, so the file they are in need not be named. */
export function workflowIds(manifest: Manifest): Record<string, string> {
  const ids: Record<string, string> = {};
  for (const file of Object.values(manifest.workflows)) {
    for (const [name, { workflowId }] of Object.entries(file)) ids[name] = workflowId;
  }
  return ids;
}
