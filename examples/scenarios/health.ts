import { same } from './check.ts';
import { both, type Scenario } from './scenario.ts';

export const health: Scenario[] = [
  {
    name: "the SDK's health check through the queue",
    sdk: both,
    async run(app) {
      const { sdk } = await app.info();
      const answers = await app.health();
      const endpoints = sdk === '4' ? ['workflow', 'step'] : ['workflow'];
      same('endpoints', Object.keys(answers), endpoints);
      for (const [endpoint, { healthy, error }] of Object.entries(answers)) {
        same(`health of ${endpoint}`, { healthy, error }, { healthy: true, error: undefined });
      }
    },
  },
  {
    name: "the SDK's health check over HTTP",
    sdk: both,
    async run(app) {
      const response = await app.fetch('/.well-known/workflow/v1/flow?__health');
      same('status', response.status, 200);
      const { healthy } = (await response.json()) as { healthy: boolean };
      same('healthy', healthy, true);
    },
  },
];
