import { fork } from "node:child_process";
import { openSync } from "node:fs";
import { COMPILE_CACHE } from "../../support/compile-cache.ts";
import type { RelayClient } from "../../support/submitting.ts";
import { relayClient } from "../../support/test-relay.ts";
import { Supervised } from "./supervised.ts";

/** What a relay's process tells of itself. */
export type RelayMessage = { readonly serves: string } | { readonly event: string };

export interface ChaosRelayOptions {
  readonly program: URL;
  readonly flags: Readonly<Record<string, string | undefined>>;
  readonly logFile: string;
  readonly onEvent: (event: string) => void;
}

/** One of the relays, through all its lives. */
export class ChaosRelay {
  readonly process: Supervised;
  readonly #clients = new Map<string, RelayClient>();
  readonly #served = Promise.withResolvers<void>();
  #address: string | undefined;

  constructor({ program, flags, logFile, onEvent }: ChaosRelayOptions) {
    const log = openSync(logFile, "a");
    this.process = new Supervised(() => {
      const child = fork(program, [], {
        env: { ...process.env, ...COMPILE_CACHE, CHAOS_RELAY: JSON.stringify(flags) },
        execArgv: [],
        stdio: ["ignore", log, log, "ipc"],
      });
      child.on("message", (message: RelayMessage) => {
        if ("event" in message) return onEvent(message.event);
        this.#address = message.serves;
        this.#served.resolve();
        this.#clients.clear();
      });
      return child;
    });
  }

  /** Resolves when it has served for the first time. */
  serves(): Promise<void> {
    return this.#served.promise;
  }

  /** Of a caller who sends these headers, at the address where it serves or served last; undefined before. */
  client(headers: { readonly authorization: string }): RelayClient | undefined {
    if (this.#address === undefined) return undefined;
    const known = this.#clients.get(headers.authorization);
    if (known !== undefined) return known;
    const client = relayClient(this.#address, headers);
    this.#clients.set(headers.authorization, client);
    return client;
  }
}
