import { createHook, disposeHook, receiveHook } from './hook.js';
import { cancelRun, createRun, finishRun, setAttributes, startRun } from './run.js';
import type { Decision, EventCommand, EventState } from './state.js';
import { completeStep, createStep, failStep, retryStep, startStep } from './step.js';
import { completeWait, createWait } from './wait.js';

/** The rules of the World for one event: what it brings about in this state, or a Rejection. Pure. */
export function decide(state: EventState, command: EventCommand): Decision {
  const { data } = command;
  switch (data.case) {
    case 'runCreated':
      return createRun(state, command, data.value);
    case 'runStarted':
      return startRun(state, command, data.value.create);
    case 'runCompleted':
    case 'runFailed':
      return finishRun(state, command);
    case 'runCancelled':
      return cancelRun(state, command, data.value.cancelReason);
    case 'attrSet':
      return setAttributes(state, command, data.value);
    case 'stepCreated':
      return createStep(state, command);
    case 'stepStarted':
      return startStep(state, command, data.value);
    case 'stepCompleted':
      return completeStep(state, command);
    case 'stepFailed':
      return failStep(state, command);
    case 'stepRetrying':
      return retryStep(state, command);
    case 'hookCreated':
      return createHook(state, command, data.value);
    case 'hookReceived':
      return receiveHook(state, command, data.value);
    case 'hookDisposed':
      return disposeHook(state, command);
    case 'waitCreated':
      return createWait(state, command);
    case 'waitCompleted':
      return completeWait(state, command);
  }
}
