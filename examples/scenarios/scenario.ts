import type { AppClient } from './client.ts';

export interface Scenario {
  name: string;
  sdk: ('4' | '5')[];
  /** Resolves if the World served the feature; else throws what was expected and what came. */
  run(app: AppClient): Promise<void>;
}

export const both: ('4' | '5')[] = ['4', '5'];
