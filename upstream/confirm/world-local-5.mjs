export {
  anyCursorIsTaken,
  aRefusedHookIsLogged,
  aRunEndsInSeveralWays,
  aRunStartsTwice,
  endingsOfNoRunAreTaken,
  eventsOfNoRunAreTaken,
  hookIdsAreOfAllRuns,
  newerVersionsAreTaken,
  timesGoBackwards,
} from './first-party.mjs';
export {
  creationsOfAStartAreSeenAlone,
  creationsOfAStepAreSeenAlone,
  disposedHooksAreNotCreatedAgain,
  eventsLandBehindTheEnd,
  longIdsFail,
  readersMissWhatIsWritten,
  recordsComeBeforeTheirEvents,
  refusedAfterDisposalAndLogged,
  theEndIsNotOneCommit,
  tokensBringPayloads,
} from './races.mjs';
export {
  indexesMove,
  lateChunksAreRead,
  liveReadsChangeTheOrder,
  liveReadsEndBeforeTheStream,
  readsBeyondTheEndNeverEnd,
  startsBeyondTheEndAreIgnored,
} from './streams.mjs';
