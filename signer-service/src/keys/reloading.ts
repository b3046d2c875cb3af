import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { DomainError, reasonName } from "@countersign/service-kit";
import type { SignerAudit } from "../audit/audit.ts";
import type { SignerEvents } from "../observability/events.ts";
import type { KeyChange, KeysConfig, PreparedKeys } from "./key-ring.ts";
import type { RingKey } from "./ring-key.ts";

export interface ReloadingOptions<C extends KeysConfig> {
  /** Reads the files again. Throws an Error that tells the operator what is wrong. */
  readonly readConfig: () => Promise<C> | C;
  readonly prepareKeys: (config: C) => Promise<PreparedKeys>;
  /**
   * Checks everything else of a configuration, with the keys that it brings, and gives what puts it in effect; that
   * must not fail. Throws an Error that tells the operator what is wrong.
   */
  readonly prepareOthers: (config: C, keys: readonly RingKey[]) => Promise<() => void> | (() => void);
  readonly audit: Pick<SignerAudit, "record">;
  readonly events: Pick<SignerEvents, "reloaded" | "reloadFailed">;
}

/** Takes a configuration over while the signer runs, whole or not at all. */
export class Reloading<C extends KeysConfig> {
  readonly #options: ReloadingOptions<C>;
  #running: Promise<KeyChange> | null = null;
  #isClosed = false;

  constructor(options: ReloadingOptions<C>) {
    this.#options = options;
  }

  /**
   * Reads and takes over the configuration. Throws SIGNER_CONFIG_INVALID with what is wrong, RELOAD_RUNNING,
   * SIGNER_STORE_UNAVAILABLE, and SHUTTING_DOWN after `close`; then what was in effect stays. `actor` is an operator, or
   * "signal".
   */
  async run(actor: string): Promise<KeyChange> {
    if (this.#isClosed) throw new DomainError(ErrorReason.SHUTTING_DOWN, "the signer is stopping");
    if (this.#running !== null) throw new DomainError(ErrorReason.RELOAD_RUNNING, "a reload is under way");
    this.#running = this.#told(actor);
    try {
      return await this.#running;
    } finally {
      this.#running = null;
    }
  }

  /** Takes nothing over any more, once what is under way has ended. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#running?.catch(() => undefined);
  }

  async #told(actor: string): Promise<KeyChange> {
    const { events } = this.#options;
    try {
      const change = await this.#takeOver(actor);
      events.reloaded({ ...change, actor });
      return change;
    } catch (error) {
      const refusal = asRefusal(error);
      events.reloadFailed({ actor, reason: reasonName(refusal.reason), error: refusal });
      throw refusal;
    }
  }

  async #takeOver(actor: string): Promise<KeyChange> {
    const { readConfig, prepareKeys, prepareOthers, audit } = this.#options;
    const config = await readConfig();
    const { keys, change, enter, takeOver, discard } = await prepareKeys(config);
    let putInEffect: () => void;
    try {
      putInEffect = await prepareOthers(config, keys);
      await enter(actor);
      const detail = { added: change.added.join(","), removed: change.removed.join(",") };
      await audit.record({ kind: "configuration reloaded", actor, keyId: "", detail });
    } catch (error) {
      await discard();
      throw error;
    }
    // In one turn of the event loop: no call sees new keys under old rules.
    takeOver();
    putInEffect();
    return change;
  }
}

/** Errors that no configuration is meant to cause: a fault of ours. */
const FAULTS = [TypeError, ReferenceError, RangeError];

/** Whatever else is thrown without a reason is about the configuration; its message is written for operators. */
function asRefusal(error: unknown): DomainError {
  if (error instanceof DomainError) return error;
  if (FAULTS.some((fault) => error instanceof fault)) {
    return new DomainError(ErrorReason.INTERNAL, "the reload failed", { cause: error });
  }
  const message = error instanceof Error ? error.message : "the configuration cannot be read";
  return new DomainError(ErrorReason.SIGNER_CONFIG_INVALID, message, { cause: error });
}
