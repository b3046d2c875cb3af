import { randomUUID } from "node:crypto";

/** Header that carries a request id in and out. */
export const REQUEST_ID_HEADER = "x-request-id";

const WELL_FORMED = /^[A-Za-z0-9_.:-]{1,128}$/;

/** The caller's request id if it is well-formed (1 to 128 of A-Z a-z 0-9 _ . : -), else a new one. */
export function requestIdFrom(header: string | string[] | undefined): string {
  return typeof header === "string" && WELL_FORMED.test(header) ? header : randomUUID();
}
