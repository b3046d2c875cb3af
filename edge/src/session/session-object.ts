import { DurableObject } from "cloudflare:workers";
import type { DurableObjectState } from "@cloudflare/workers-types";
import type { Bindings } from "../bindings.ts";
import { openEdgeFoundation } from "../foundation.ts";
import { peerAddress } from "../peer-address.ts";
import { openSessionRoom, type SessionRoom } from "./session-room.ts";

/** How often what is over is deleted, in milliseconds. */
const PRUNE_MS = 3_600_000;

/** The users and sessions of a deployment: its only object is their ledger. */
export class SessionObject extends DurableObject {
  readonly #room: Promise<SessionRoom>;

  constructor(ctx: DurableObjectState, env: unknown) {
    super(ctx, env);
    // No request before the schema stands.
    this.#room = ctx.blockConcurrencyWhile(async () => {
      const room = await openSessionRoom(await openEdgeFoundation(env as Bindings), ctx.storage);
      if ((await ctx.storage.getAlarm()) === null) await ctx.storage.setAlarm(Date.now() + PRUNE_MS);
      return room;
    });
  }

  async fetch(request: Request): Promise<Response> {
    const room = await this.#room;
    return room.answer(request, { address: peerAddress(request.headers) });
  }

  async alarm(): Promise<void> {
    // First: the platform gives up on an alarm that fails a few times.
    await this.ctx.storage.setAlarm(Date.now() + PRUNE_MS);
    await (await this.#room).prune();
  }
}
