import type { Caller } from "../tx/intake.ts";

/** Every caller, until the relay authenticates them. */
export const ANONYMOUS: Caller = { tenant: "default", id: "anonymous" };
