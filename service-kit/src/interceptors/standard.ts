import type { Interceptor } from "@connectrpc/connect";
import type { Logger } from "pino";
import { deadlineInterceptor } from "./deadline.ts";
import { drainInterceptor } from "./drain.ts";
import { errorInterceptor } from "./errors.ts";
import { validationInterceptor } from "./validation.ts";

/**
 * What every call of every Countersign service goes through, outermost first: errors, drain, deadline,
 * validation. A service may put its own interceptors around it, for example to measure.
 */
export function standardInterceptors(log: Logger, stopping: AbortSignal): Interceptor[] {
  return [errorInterceptor(log), drainInterceptor(stopping), deadlineInterceptor(), validationInterceptor()];
}
