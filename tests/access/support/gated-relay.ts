import { RelayService } from "@countersign/gen/countersign/relay/v1/relay_service_pb.ts";
import { type Authenticator, createAuthenticator } from "@countersign/server/access/authenticator.ts";
import type { DefaultRates } from "@countersign/server/access/call-rates.ts";
import { callerOf } from "@countersign/server/access/caller.ts";
import { countMore } from "@countersign/server/access/counted-calls.ts";
import { createGate, type RefusedCall } from "@countersign/server/access/gate.ts";
import { TokenAuthenticator } from "@countersign/server/access/token-authenticator.ts";
import { DEFAULT_KEY_FETCHING } from "@countersign/server/access/token-keys.ts";
import { MemoryRateLimiter } from "@countersign/server/shared-state/memory-rate-limiter.ts";
import { createLogger, parseNetworks, serve, serveRpc, standardInterceptors } from "@countersign/service-kit";
import { onTestFinished } from "vitest";
import { smallRelay } from "../../transport/small-relay.ts";
import { HASHER, type Protection, START } from "./protection.ts";

const PLENTY = { perSecond: 1000, burst: 1000 };

export interface GatedRelayOptions {
  readonly rates?: Partial<DefaultRates>;
  readonly custom?: readonly Authenticator[];
  readonly trustedProxies?: readonly string[];
  /** For the rates; it stands still otherwise. */
  readonly now?: () => number;
}

/**
 * The small relay behind the gate. GetSubmission answers with the caller, as JSON, for the submission's id;
 * SubmitDelegates counts its delegates and answers nothing.
 */
export async function startGatedRelay(protection: Protection, options: GatedRelayOptions = {}) {
  const directory = await protection.directory();
  const refused: RefusedCall[] = [];
  const used: string[] = [];
  const lines: string[] = [];
  const log = createLogger("relay", "debug", { write: (line) => void lines.push(line) });
  const now = () => START;
  const failed = (_: string, error: unknown) => log.error({ err: error }, "keys unavailable");
  const tokens = new TokenAuthenticator({
    directory,
    fetching: DEFAULT_KEY_FETCHING,
    now,
    onUnavailable: failed,
  });
  const custom = options.custom ?? [];
  const gate = createGate({
    authenticate: createAuthenticator({ directory, hasher: HASHER, tokens, custom, now }),
    directory,
    limiter: new MemoryRateLimiter(options.now ?? (() => 0)),
    rates: {
      ...{ ip: PLENTY, failedAuth: PLENTY, tenant: PLENTY, key: PLENTY, user: PLENTY, method: PLENTY },
      ...{ signIn: PLENTY, signInBegin: PLENTY, signInTenant: PLENTY, lock: PLENTY },
      ...options.rates,
    },
    trustedProxies: parseNetworks(options.trustedProxies ?? []),
    onRefused: (call) => refused.push(call),
    onKeyUsed: (id) => used.push(id),
  });
  const stopping = new AbortController();
  const server = await serveRpc({
    listen: { kind: "tcp", host: "127.0.0.1", port: 0 },
    services: [
      serve(RelayService, {
        ...smallRelay,
        submitDelegates: async ({ delegates }, { values }) => {
          await countMore(values, delegates.length - 1);
          return {};
        },
        getSubmission: (_, { values }) => {
          const { scopes, ...caller } = callerOf(values);
          return { submission: { id: JSON.stringify(caller) } };
        },
      }),
    ],
    interceptors: standardInterceptors(log, stopping.signal),
    limits: { defaultDeadlineMs: 10_000, maxDeadlineMs: 60_000, readMaxBytes: 262_144 },
    gate,
    log,
    stopping,
  });
  server.setServing(true);
  onTestFinished(() => server.drain(0));
  return { address: server.address, directory, refused, used, lines };
}
