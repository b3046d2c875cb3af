import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import type { AccountKey, ChainKeys } from "@countersign/server/key-pool/chain-keys.ts";
import type { KeyChange, KeyChanges, NewKey, PoolSigner } from "@countersign/server/key-pool/ports.ts";
import type { HeldKey } from "@countersign/server/lanes/lane-pool.ts";
import type {
  Failure,
  Submission,
  SubmissionState,
  TerminalState,
} from "@countersign/server/ledger/ledger.ts";
import { DomainError } from "@countersign/service-kit";
import { at, NETWORK } from "../../ledger/builders.ts";

export const ACCOUNT = "relay.testnet";

/** How a submission ends; "open" for not yet. */
export type Outcome = "open" | TerminalState;

/**
 * A signer, a chain and the submissions that change it, in memory. Each call is written down, and may be made to fail
 * before it has done anything or after it has.
 */
export class PoolWorld implements PoolSigner, KeyChanges, ChainKeys {
  readonly keys = new Map<string, HeldKey>();
  /** Public keys on the account, with their nonces. */
  readonly onChain = new Map<string, bigint>();
  /** Submissions by their marks. */
  readonly submissions = new Map<string, { submission: Submission; change: KeyChange }>();
  /** Names of calls, in order. */
  readonly calls: string[] = [];
  /** Throws for calls that are to fail, named as in `calls`. */
  fault: (call: string, moment: "before" | "after") => void = () => undefined;
  /** Asked for each open submission when it is looked for. */
  outcome: (mark: string) => Outcome = () => "SUCCEEDED";
  /** Whether endpoints that are in sync answer. */
  synced = true;
  ms = 0;

  readonly now = () => at(this.ms);

  /** A key that the signer holds and the chain has. */
  hold(keyId: string, state: HeldKey["state"] = "ACTIVE"): HeldKey {
    const key = keyOf(keyId, state);
    this.keys.set(keyId, key);
    if (state !== "PENDING") this.onChain.set(key.publicKey, 5n);
    return key;
  }

  readonly listKeys = async (): Promise<HeldKey[]> => this.#call("list", () => [...this.keys.values()]);

  generate({ keyId }: NewKey): Promise<HeldKey> {
    return this.#call("generate", () => this.#set(this.keys.get(keyId) ?? keyOf(keyId, "PENDING")));
  }

  activate(keyId: string, nonceFloor: bigint): Promise<HeldKey> {
    return this.#call("activate", () => {
      const key = this.#held(keyId, "PENDING", "ACTIVE");
      if (this.onChain.get(key.publicKey) !== nonceFloor) throw new Error("a floor that is not the chain's");
      return this.#set(keyOf(keyId, "ACTIVE"));
    });
  }

  drain(keyId: string): Promise<HeldKey> {
    return this.#call("drain", () => {
      this.#held(keyId, "ACTIVE", "DRAINED");
      if (![...this.keys.values()].some((key) => key.keyId !== keyId && key.signs)) {
        throw new DomainError(ErrorReason.SIGNER_POLICY_DENIED, "fewer active keys than the grant asks for");
      }
      return this.#set(keyOf(keyId, "DRAINED"));
    });
  }

  retire(keyId: string): Promise<HeldKey> {
    return this.#call("retire", () => {
      this.#held(keyId, "DRAINED", "PENDING", "RETIRED");
      return this.#set(keyOf(keyId, "RETIRED"));
    });
  }

  submit(change: KeyChange, mark: string): Promise<Submission> {
    return this.#call(`submit ${change.kind}`, () => {
      const known = this.submissions.get(mark);
      if (known !== undefined) return known.submission;
      const submission = submissionOf(`sub_${this.submissions.size + 1}`, "ACCEPTED", this.now());
      this.submissions.set(mark, { submission, change });
      return submission;
    });
  }

  find(submissionId: string): Promise<Submission | undefined>;
  find(key: AccountKey): Promise<"present" | "missing" | "unknown">;
  find(what: string | AccountKey): Promise<Submission | "present" | "missing" | "unknown" | undefined> {
    if (typeof what === "string") return this.#call("find", () => this.#look(what));
    return this.#call("look", () =>
      !this.synced ? "unknown" : this.onChain.has(what.publicKey) ? "present" : "missing",
    );
  }

  isGone({ publicKey }: AccountKey): Promise<boolean> {
    return this.#call("isGone", () => this.synced && !this.onChain.has(publicKey));
  }

  view({ publicKey }: AccountKey) {
    return this.#call("view", () => {
      const nonce = this.onChain.get(publicKey);
      if (nonce === undefined) throw new Error("asked for a key that is not there");
      return { nonce, permission: { kind: "FullAccess" as const } };
    });
  }

  /** What the chain was changed by, for example ["add pool-1", "delete old"]. */
  readonly changed: string[] = [];

  #look(id: string): Submission | undefined {
    for (const [mark, entry] of this.submissions) {
      if (entry.submission.id !== id) continue;
      const outcome = this.outcome(mark);
      if (entry.submission.state !== "ACCEPTED" || outcome === "open") return entry.submission;
      if (outcome === "SUCCEEDED") this.#apply(entry.change);
      entry.submission = submissionOf(id, outcome, this.now());
      return entry.submission;
    }
    return undefined;
  }

  #apply({ kind, publicKey }: KeyChange): void {
    this.changed.push(`${kind} ${publicKey.slice("ed25519:".length)}`);
    if (kind === "delete") this.onChain.delete(publicKey);
    else this.onChain.set(publicKey, 7_000_000n);
  }

  #held(keyId: string, ...states: HeldKey["state"][]): HeldKey {
    const key = this.keys.get(keyId);
    if (key === undefined) throw new DomainError(ErrorReason.SIGNER_KEY_NOT_FOUND, `no key ${keyId}`);
    if (states.includes(key.state)) return key;
    throw new DomainError(ErrorReason.SIGNER_KEY_STATE_CONFLICT, `key ${keyId} is ${key.state}`);
  }

  #set(key: HeldKey): HeldKey {
    this.keys.set(key.keyId, key);
    return key;
  }

  async #call<T>(name: string, body: () => T): Promise<T> {
    this.calls.push(name);
    this.fault(name, "before");
    const answer = body();
    this.fault(name, "after");
    return answer;
  }
}

function keyOf(keyId: string, state: HeldKey["state"]): HeldKey {
  const identity = { keyId, network: NETWORK, accountId: ACCOUNT, publicKey: `ed25519:${keyId}` };
  return { ...identity, state, paused: false, signs: state === "ACTIVE" };
}

function submissionOf(id: string, state: SubmissionState, time: Date): Submission {
  const failure: Failure = { reason: "SIGNER_POLICY_DENIED", message: "no admin grant", chainError: "" };
  const hasFailed = state === "FAILED" || state === "REJECTED" || state === "EXPIRED";
  return {
    ...{ id, tenant: "", caller: "", kind: "KEY_CHANGE", state, network: NETWORK },
    ...{ accountId: ACCOUNT, receiverId: ACCOUNT, delegateHash: null, requiredRelayer: ACCOUNT },
    ...{ expiresAtHeight: null, createdAt: time, transaction: null, cost: null },
    failure: hasFailed ? failure : null,
    transitions: [{ seq: 1n, state, at: time }],
  };
}
