/** The part of the platform's own module that is used (https://developers.cloudflare.com/workers/runtime-apis). */
declare module "cloudflare:workers" {
  import type { DurableObjectState } from "@cloudflare/workers-types";

  export class DurableObject {
    protected readonly ctx: DurableObjectState;
    constructor(ctx: DurableObjectState, env: unknown);
  }

  /** Keeps the request that runs now alive until this has settled, after its answer too. */
  export function waitUntil(work: Promise<unknown>): void;
}
