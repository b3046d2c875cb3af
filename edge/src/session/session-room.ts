import { randomBytes } from "node:crypto";
import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { readCredentials } from "@countersign/server/access/credentials.ts";
import { invalidCredentials } from "@countersign/server/access/refused-credentials.ts";
import { AuditLog } from "@countersign/server/audit/audit-log.ts";
import { ledgerOver } from "@countersign/server/ledger/ledger-over.ts";
import { LEDGER } from "@countersign/server/ledger/store-kind.ts";
import { openNear } from "@countersign/server/near/open-near.ts";
import { postByFetch } from "@countersign/server/near/post-by-fetch.ts";
import { openAppTokens } from "@countersign/server/session/app-tokens.ts";
import { openSession } from "@countersign/server/session/open-session.ts";
import { pruneEndedSessions } from "@countersign/server/session/session-pruner.ts";
import { DomainError, type FetchListener } from "@countersign/service-kit";
import { type DurableStorage, openDurableObject } from "@countersign/sql";
import { publicGate } from "../access.ts";
import type { EdgeFoundation } from "../foundation.ts";
import { serveEdge } from "../serve-edge.ts";
import { DurablePendingStore } from "./durable-pending-store.ts";
import { behindDoor } from "./session-door.ts";

/** How users sign in, over the storage of one Durable Object. */
export interface SessionRoom {
  readonly answer: FetchListener;
  /** Deletes what is over. */
  prune(): Promise<void>;
}

const now = () => new Date();

/** Opens it, and brings its ledger's schema up to date. Throws for a deployment at which nobody signs in. */
export async function openSessionRoom(
  foundation: EdgeFoundation,
  storage: DurableStorage,
): Promise<SessionRoom> {
  const { config, events, log, limiter } = foundation;
  const { directory, rates, session: section, near } = config;
  const engine = await openDurableObject(storage, LEDGER);
  const ledger = ledgerOver(engine, now);
  const pendingStore = await DurablePendingStore.open(engine, Date.now);
  const tokens = await openAppTokens({ config: { session: section }, store: ledger, events, log, now });
  if (tokens === undefined) throw new Error("the configuration has no section session");
  const { authenticator, ended } = tokens;
  const audit = new AuditLog({
    store: ledger,
    now,
    onFailed: (error) => events.auditFailed({ step: "note", error }),
  });
  const session = await openSession({
    config: { session: section, rates, redis: undefined, listen: { trustedProxies: [] } },
    ...{ ledger, tokens, events, log, now, randomBytes, pendingStore },
    views: near && openNear({ post: postByFetch, config: near, events, random: Math.random }).views,
    protection: { directory, limiter: behindDoor(limiter), audit },
  });
  const authenticate = async (headers: Headers) => {
    const caller = await authenticator.authenticate({ headers, directory });
    if (caller !== undefined) return caller;
    if (readCredentials(headers) !== undefined) throw invalidCredentials();
    throw new DomainError(ErrorReason.CREDENTIALS_MISSING, "this method needs credentials");
  };
  const answer = serveEdge({
    foundation,
    services: session.services,
    filters: session.filters,
    gate: publicGate(foundation, authenticate, { addressCounted: true }),
    interceptors: session.interceptors,
  });
  return {
    async answer(request, peer) {
      // Nothing runs in an object that nobody asks, so it follows its own ledger when somebody does.
      await ended.refresh();
      return answer(request, peer);
    },
    async prune() {
      await Promise.all([pendingStore.prune(), pruneEndedSessions({ store: ledger, now })]);
    },
  };
}
