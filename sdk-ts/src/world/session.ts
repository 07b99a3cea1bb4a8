import type { Capability, GetWorldResponse } from '@worldwire/proto';
import type { WorldClient } from '../client/types.js';
import type { Config } from './config.js';
import type { RunKeyStore } from './keys/run-key-store.js';
import type { Reader } from './upstream.js';

/** A World that has answered. */
export interface Session {
  readonly client: WorldClient;
  /** What the World said of itself. */
  readonly info: GetWorldResponse;
  readonly config: Config;
  /** The line of the SDK that reads. */
  readonly reader: Reader;
  /** The spec version that the application's SDK declares. */
  readonly specVersion: number;
  readonly keys: RunKeyStore;
}

/** Connects at the first call; later calls share the connection. */
export type Connect = () => Promise<Session>;

/** Whether the World declared a capability. */
export function declares(session: Session, capability: Capability): boolean {
  return session.info.capabilities.includes(capability);
}
