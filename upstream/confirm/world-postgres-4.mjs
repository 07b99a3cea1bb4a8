export {
  absentHooksFailTheRead,
  anyCursorIsTaken,
  aRunStartsTwice,
  conflictsAreAnsweredWithoutAVersion,
  eventsOfNoRunAreTaken,
  newerVersionsAreTaken,
  nulFailsTheDatabase,
  nulInQueriesFailsTheDatabase,
  oneTokenForSeveral,
  retryTimesOutliveTheirRetry,
  startsOfNoRunAreTaken,
  stepIdsAreOfAllRuns,
  stepsAndRunsGoBackwards,
  timesGoBackwards,
  timesOfTheFirstYearAreOf2001,
} from './first-party.mjs';
export {
  aKeyIsNeverFreeAgain,
  aMessageReplacesThatOfItsKey,
  messagesOfARunWaitForEachOther,
} from './queues.mjs';
export {
  aHookHasTheTokenOfAnother,
  aRefusedHookIsThere,
  creationsOfAStartAreSeenAlone,
  disposedHooksAreNotCreatedAgain,
  eventsLandBehindTheEnd,
  stepsEndBeforeTheyAreThere,
  stepsRetryBehindTheirEnd,
  theEndIsNotOneCommit,
  waitsAreCompletedBeforeTheyAreThere,
  waitsAreCompletedTwice,
} from './races.mjs';
export {
  endsThatComeOutOfOrderAreMissed,
  indexesMove,
  liveReadsEndBeforeTheStream,
} from './streams.mjs';
