import { Availability } from "@countersign/gen/countersign/relay/v1/relay_pb.ts";
import { createLogger } from "@countersign/service-kit";
import { expect } from "vitest";
import { createDatabase } from "../../support/postgres.ts";
import { startProtectedRelay } from "../../support/protected-relay.ts";
import { NEAR, startTestRelay, type TestRelay } from "../../support/test-relay.ts";
import { LedgerGate } from "./ledger-gate.ts";
import {
  type SessionPostgresWorld,
  type SessionRedisWorld,
  type SessionWorld,
  startSessionInCookies,
  startSessionOnPostgres,
  startSessionOnRedis,
  startSessionWorld,
} from "./session-world.ts";
import { type SignerPostgresWorld, startSignerOnPostgres } from "./signer-postgres.ts";
import { NAMES } from "./veto-contract.ts";

const INITIAL_BALANCE = { min: "0", max: NEAR.toString(), default: (NEAR / 10n).toString() };
const VETO = { contract_id: NAMES.id, method: "is_allowed" };

/** A relay whose PostgreSQL can be taken away. */
export interface PostgresWorld {
  readonly relay: TestRelay;
  readonly gate: LedgerGate;
  /** Runs SQL beside the relay. */
  readonly query: (sql: string) => Promise<unknown>;
}

/** Starts a relay that creates accounts by calls of registrar.test, with further arguments. */
export function startRegistrarRelay(): Promise<TestRelay> {
  return startTestRelay({
    devnet: { accounts: [NAMES] },
    settings: {
      account_creation: JSON.stringify({
        mode: "registrar",
        suffixes: [".registrar.test"],
        initial_balance: INITIAL_BALANCE,
        registrar: {
          contract_id: "registrar.test",
          method: "create_account_and_register_user",
          passes_registration_args: true,
        },
        veto: VETO,
      }),
    },
  });
}

/** The relays that contract cases are run against. Each starts when it is first asked for. */
export class Worlds {
  readonly #stops: (() => Promise<void>)[] = [];

  /** Creates sub-accounts, knows foreign suffixes, asks names.test for a veto. */
  readonly standard = this.#lazily(() =>
    startTestRelay({
      devnet: { accounts: [NAMES] },
      settings: {
        foreign_suffixes: JSON.stringify([".near"]),
        account_creation: JSON.stringify({
          mode: "sub_account",
          suffixes: [".relay.test"],
          initial_balance: INITIAL_BALANCE,
          veto: VETO,
        }),
      },
    }),
  );

  readonly registrar = this.#lazily(startRegistrarRelay);

  /** Creates no accounts. */
  readonly withoutAccounts = this.#lazily(() =>
    startTestRelay({ settings: { account_creation: undefined } }),
  );

  /** Takes one open submission; blocks are made by hand only, so that it stays open. */
  readonly full = this.#lazily(() =>
    startTestRelay({
      devnet: { blockTimeMs: undefined },
      settings: { "limits.max_open_submissions": "1" },
    }),
  );

  /** Many tenants, of which none may do all; see PROTECTED_KEYS. */
  readonly protected = once(async (): Promise<TestRelay> => {
    const { relay, stop } = await startProtectedRelay();
    this.#stops.push(stop);
    return relay;
  });

  /** The relayer's account holds less than it must. */
  readonly poor = this.#lazily(async () => {
    const more = (10_000n * NEAR).toString();
    const relay = await startTestRelay({
      settings: { "balance.accounts_below": more, "balance.all_below": more, "balance.interval_s": "1" },
    });
    const availability = async () => (await relay.client.getRelayInfo({})).availability;
    await expect.poll(availability, { timeout: 20_000 }).not.toBe(Availability.OPEN);
    return relay;
  });

  readonly postgres = once(async (): Promise<PostgresWorld> => {
    const database = await createDatabase();
    const gate = await LedgerGate.before(database.url);
    // What goes wrong here is meant to.
    const log = createLogger("relay", "silent");
    const relay = await startTestRelay({ ledgerUrl: gate.url, overrides: { log } });
    this.#stops.push(async () => {
      await gate.open();
      await relay.stop();
      await gate.close();
      await database.drop();
    });
    return { relay, gate, query: (sql) => database.query(sql) };
  });

  /** A signer whose store can be taken away. */
  readonly signerPostgres = once(async (): Promise<SignerPostgresWorld> => {
    const world = await startSignerOnPostgres();
    this.#stops.push(() => world.stop());
    return world;
  });

  readonly session = this.#inOrder<SessionWorld>(startSessionWorld);

  readonly sessionCookies = this.#inOrder<SessionWorld>(startSessionInCookies);

  readonly sessionPostgres = this.#inOrder<SessionPostgresWorld>(startSessionOnPostgres);

  readonly sessionRedis = this.#inOrder<SessionRedisWorld>(startSessionOnRedis);

  async stop(): Promise<void> {
    await Promise.all(this.#stops.map((stop) => stop()));
  }

  /** Of a world that is made of several things, which stop one after the other. */
  #inOrder<T>(start: (stops: (() => unknown)[]) => Promise<T>): () => Promise<T> {
    return once(() => {
      const stops: (() => unknown)[] = [];
      this.#stops.push(async () => {
        for (const stop of stops) await stop();
      });
      return start(stops);
    });
  }

  #lazily(start: () => Promise<TestRelay>): () => Promise<TestRelay> {
    return once(async () => {
      const relay = await start();
      this.#stops.push(() => relay.stop());
      return relay;
    });
  }
}

function once<T>(start: () => Promise<T>): () => Promise<T> {
  let started: Promise<T> | undefined;
  return () => {
    started ??= start();
    return started;
  };
}
