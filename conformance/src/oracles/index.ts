import { answersAsked } from './answers-asked.js';
import { answersComplete } from './answers-complete.js';
import { deliveries } from './deliveries.js';
import { errorsComplete } from './errors-complete.js';
import { eventsNeverChange } from './events-never-change.js';
import { logsOnlyGrow } from './logs-only-grow.js';
import { oneEnding } from './one-ending.js';
import type { Oracle } from './oracle.js';
import { pagesHonest } from './pages-honest.js';
import { payloadsOnDemand } from './payloads-on-demand.js';
import { positionsDense } from './positions-dense.js';
import { recordsFollowLog } from './records-follow-log.js';
import { streamIndexes } from './stream-indexes.js';
import { times } from './times.js';
import { timesOfEvents } from './times-of-events.js';

/** Every oracle of the suite. */
export const oracles: readonly Oracle[] = [
  positionsDense,
  eventsNeverChange,
  logsOnlyGrow,
  recordsFollowLog,
  oneEnding,
  times,
  timesOfEvents,
  answersComplete,
  answersAsked,
  errorsComplete,
  pagesHonest,
  streamIndexes,
  deliveries,
  payloadsOnDemand,
];
