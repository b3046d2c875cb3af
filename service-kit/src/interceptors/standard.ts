import type { Interceptor } from "@connectrpc/connect";
import type { Logger } from "pino";
import { deadlineInterceptor } from "./deadline.ts";
import { drainInterceptor } from "./drain.ts";
import { errorInterceptor } from "./errors.ts";
import { type RunningCalls, runningCallsInterceptor } from "./running-calls.ts";
import { validationInterceptor } from "./validation.ts";

const DEFAULT_MAX_RUNNING_CALLS = 4096;

/**
 * What every call of every Countersign service goes through, outermost first: errors, drain, number of
 * running calls, deadline, validation. A service may put its own interceptors around it, for example to measure.
 */
export function standardInterceptors(
  log: Logger,
  stopping: AbortSignal,
  runningCalls: RunningCalls = { max: DEFAULT_MAX_RUNNING_CALLS },
): Interceptor[] {
  return [
    errorInterceptor(log),
    drainInterceptor(stopping),
    runningCallsInterceptor(runningCalls),
    deadlineInterceptor(),
    validationInterceptor(),
  ];
}

/** The same without what a process keeps from one call to the next, for platforms that drop calls half-way. */
export function statelessInterceptors(log: Logger): Interceptor[] {
  return [errorInterceptor(log), deadlineInterceptor(), validationInterceptor()];
}
