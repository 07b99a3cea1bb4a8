/**
 * Worlds take queue names of the SDK's own form only, and route by their prefix. Such names are passed as they are. Any
 * other name becomes a workflow queue of a name made from it; the name itself travels with the message.
 */

const MAPPED = 'ww.';

type Env = Readonly<Record<string, string | undefined>>;

/** The prefix of workflow queues, in the namespace that the environment sets. */
export function resolveQueuePrefix(kind: 'workflow' | 'step' = 'workflow', env: Env = process.env) {
  const namespace = env.WORKFLOW_QUEUE_NAMESPACE;
  return `__${namespace ? `${namespace}_` : ''}wkf_${kind}_`;
}

/** A queue's name in the World. `takesSteps` says whether the World has queues of steps. */
export function toWorldQueueName(name: string, takesSteps: boolean): string {
  // The World is to say what it thinks of no name.
  if (name === '') return name;
  const kinds = takesSteps ? (['workflow', 'step'] as const) : (['workflow'] as const);
  for (const kind of kinds) {
    const prefix = resolveQueuePrefix(kind);
    if (name.startsWith(prefix) && /^[\w\-./@()[\]]+$/.test(name.slice(prefix.length))) return name;
  }
  return `${resolveQueuePrefix()}${MAPPED}${Buffer.from(name).toString('base64url')}`;
}
