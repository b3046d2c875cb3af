import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { DomainError } from "@countersign/service-kit";
import type { Backend } from "../../backends/backend.ts";
import { wordsOf } from "../../backends/backend-failure.ts";
import type { BackendConfig } from "../../backends/backends-schema.ts";
import type { SignerEvents } from "../../observability/events.ts";
import { hashOf, sameSecrets } from "../same-secrets.ts";
import type { MasterSecretSource, ThresholdConfig } from "../threshold-config.ts";
import { type LoadedSecret, type LoadingParts, loadSecrets } from "./load-secrets.ts";
import type { MasterSecrets } from "./master-secrets.ts";
import { isSameName, type SecretName, secretName } from "./secret-name.ts";

/** What of a configuration the ring reads. */
export interface SecretsConfig {
  readonly threshold?: ThresholdConfig | undefined;
  readonly backends: readonly BackendConfig[];
}

export interface SecretRingOptions {
  /** Makes the backends of a configuration. Throws an Error for what an operator has to mend. */
  readonly openBackends: (configs: readonly BackendConfig[]) => Promise<readonly Backend[]>;
  /** Schemes, networks and epochs that keys were made with. */
  readonly epochsInUse: () => Promise<readonly SecretName[]>;
  readonly events: Pick<SignerEvents, "masterSecretHeld" | "masterSecretAway">;
  /** Resolves after so many milliseconds; rejects when the signal aborts. */
  readonly wait: (ms: number, signal: AbortSignal) => Promise<unknown>;
}

/** How a master secret is. */
export interface MasterSecretState extends SecretName {
  /** Empty for one that can be used. */
  readonly problem: string;
}

/** What is away is tried again after this long, doubling up to the second, in milliseconds. */
const FIRST_MS = 1_000;
const LAST_MS = 60_000;

/** The secrets of one configuration. */
interface SecretSet {
  readonly config: SecretsConfig;
  readonly secrets: LoadedSecret[];
  /** Aborted once another set has taken this one's place. */
  readonly retiring: AbortController;
}

/** The master secrets of the configuration in effect, in this process's memory. */
export class SecretRing implements MasterSecrets {
  readonly #options: SecretRingOptions;
  #set: SecretSet = { config: { backends: [] }, secrets: [], retiring: new AbortController() };

  private constructor(options: SecretRingOptions) {
    this.#options = options;
  }

  /**
   * Loads the secrets of a configuration, which may have none. Those whose place is away come later. Throws an Error
   * that tells the operator what is wrong.
   */
  static async open(options: SecretRingOptions, config: SecretsConfig): Promise<SecretRing> {
    const ring = new SecretRing(options);
    (await ring.follow(config))();
    return ring;
  }

  currentEpoch(scheme: string, network: string): number | undefined {
    return this.epochs(scheme, network)[0];
  }

  epochs(scheme: string, network: string): readonly number[] {
    const its = this.#set.secrets.filter((s) => s.scheme === scheme && s.network === network);
    return its.map(({ epoch }) => epoch).sort((a, b) => b - a);
  }

  use<T>(name: SecretName, fn: (secret: Uint8Array) => T): T {
    const { scheme, network } = name;
    if (this.epochs(scheme, network).length === 0) {
      const message = `the signer has no master secret for ${scheme} on ${network}`;
      throw new DomainError(ErrorReason.THRESHOLD_DISABLED, message);
    }
    const secret = this.#set.secrets.find((s) => isSameName(s, name))?.secret ?? null;
    if (secret === null) {
      const message = `the master secret of ${secretName(name)} cannot be had now`;
      throw new DomainError(ErrorReason.MASTER_SECRET_UNAVAILABLE, message);
    }
    return fn(secret);
  }

  states(): MasterSecretState[] {
    return this.#set.secrets.map(({ scheme, network, epoch, problem }) => ({
      scheme,
      network,
      epoch,
      problem,
    }));
  }

  /** A FollowsConfig: keys keep the secrets that they were made with, or the configuration is refused. */
  async follow(next: SecretsConfig): Promise<() => void> {
    const before = this.#set;
    const sources = next.threshold?.masterSecrets ?? [];
    await this.#refuseGone(sources);
    const secrets = await loadSecrets(sources, this.#loading(next));
    await this.#refuseChanged(secrets);
    const same = sameSecrets(secrets.flatMap(named));
    if (same !== null) throw new Error(`${same[0]} and ${same[1]} have the same master secret`);
    return () => {
      this.#set = { config: next, secrets, retiring: new AbortController() };
      this.#retire(before);
      for (const { scheme, network, epoch, secret, problem } of secrets) {
        if (secret === null) this.#options.events.masterSecretAway({ scheme, network, epoch, problem });
        else this.#options.events.masterSecretHeld({ scheme, network, epoch });
      }
      void this.#bringBack(this.#set);
    };
  }

  /** Wipes the secrets. */
  close(): void {
    const before = this.#set;
    this.#set = { config: { backends: [] }, secrets: [], retiring: new AbortController() };
    this.#retire(before);
  }

  #loading({ backends }: SecretsConfig): LoadingParts {
    const held = (origin: string) => this.#set.secrets.find((s) => s.origin === origin)?.secret ?? undefined;
    return { backends, openBackends: this.#options.openBackends, held };
  }

  /** Throws an Error for a secret that a new configuration does not have, and that keys need. */
  async #refuseGone(sources: readonly MasterSecretSource[]): Promise<void> {
    const gone = this.#set.secrets.filter((secret) => !sources.some((s) => isSameName(s, secret)));
    await this.#refuseInUse(gone, "is not configured any more");
  }

  /** Throws an Error for a secret that is another one than before, or cannot be compared, and that keys need. */
  async #refuseChanged(secrets: readonly LoadedSecret[]): Promise<void> {
    const changed = secrets.filter((secret) => {
      const before = this.#set.secrets.find((s) => isSameName(s, secret))?.secret;
      if (before === undefined || before === null) return false;
      return secret.secret === null || !hashOf(secret.secret).equals(hashOf(before));
    });
    await this.#refuseInUse(changed, "is another one, or cannot be opened now to compare it");
  }

  async #refuseInUse(secrets: readonly LoadedSecret[], problem: string): Promise<void> {
    if (secrets.length === 0) return;
    const used = await this.#options.epochsInUse();
    const needed = secrets.find((s) => used.some((u) => isSameName(u, s)));
    if (needed === undefined) return;
    throw new Error(`master secret ${secretName(needed)} ${problem}, and keys were made with it`);
  }

  /** Wipes what the set in effect does not hold. */
  #retire({ secrets, retiring }: SecretSet): void {
    retiring.abort();
    const kept = new Set(this.#set.secrets.map(({ secret }) => secret));
    for (const { secret } of secrets) if (!kept.has(secret)) secret?.fill(0);
  }

  /** Tries what is away until all of it is there, or is found to be wrong, or another set is in use. */
  async #bringBack(set: SecretSet): Promise<void> {
    const { signal } = set.retiring;
    const sources = new Set(awayOf(set));
    for (let delay = FIRST_MS; sources.size > 0; delay = Math.min(2 * delay, LAST_MS)) {
      await this.#options.wait(delay, signal).catch(() => undefined);
      for (const source of sources) {
        if (signal.aborted) return;
        if (await this.#tryAgain(set, source)) sources.delete(source);
      }
    }
  }

  /** Whether that was the last time: a wrong PIN, for example, is not tried again, since tokens lock. */
  async #tryAgain(set: SecretSet, source: MasterSecretSource): Promise<boolean> {
    const place = set.secrets.findIndex((s) => isSameName(s, source));
    const before = set.secrets[place];
    if (before === undefined) return true;
    const { loaded, isFinal } = await this.#loadAgain(set, source, before);
    if (set.retiring.signal.aborted) {
      loaded.secret?.fill(0);
      return true;
    }
    set.secrets[place] = loaded;
    const { scheme, network, epoch, secret, problem } = loaded;
    if (secret !== null) this.#options.events.masterSecretHeld({ scheme, network, epoch });
    else if (problem !== before.problem) {
      this.#options.events.masterSecretAway({ scheme, network, epoch, problem });
    }
    return isFinal;
  }

  async #loadAgain(
    set: SecretSet,
    source: MasterSecretSource,
    before: LoadedSecret,
  ): Promise<{ readonly loaded: LoadedSecret; readonly isFinal: boolean }> {
    const wrong = (problem: string) => ({ loaded: { ...before, problem }, isFinal: true });
    try {
      const [loaded] = await loadSecrets([source], this.#loading(set.config));
      if (loaded === undefined) return wrong("it was not loaded");
      const same = sameSecrets([...set.secrets, loaded].flatMap(named));
      if (same === null) return { loaded, isFinal: loaded.secret !== null };
      loaded.secret?.fill(0);
      return wrong(`${same[0]} and ${same[1]} have the same master secret`);
    } catch (error) {
      return wrong(wordsOf(error));
    }
  }
}

function awayOf({ config, secrets }: SecretSet): MasterSecretSource[] {
  return (config.threshold?.masterSecrets ?? []).filter((source) =>
    secrets.some((s) => isSameName(s, source) && s.secret === null),
  );
}

function named(loaded: LoadedSecret): { name: string; secret: Uint8Array }[] {
  return loaded.secret === null ? [] : [{ name: secretName(loaded), secret: loaded.secret }];
}
