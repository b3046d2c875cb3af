import { hash } from "node:crypto";
import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { attachSignature } from "@countersign/near";
import { DomainError } from "@countersign/service-kit";
import type { VerifiedGrant } from "../grants/signing-grants.ts";
import type { Journal, JournalAnswer, JournalRequest, Purpose } from "../journal/journal.ts";
import type { RelayerKey } from "./key-backend.ts";
import {
  type RefusalFacts,
  refusedBy,
  type SigningCall,
  type SigningRequest,
  type SigningResult,
} from "./signing-call.ts";

/** A key that the signer holds. */
export interface OpenKey {
  readonly key: RelayerKey;
  /** Its public key in NEAR's text, which takes longer to make than most of what is done for a transaction. */
  readonly publicKeyText: string;
  /** Signs a 32-byte hash, and verifies what comes of it. Throws SIGNER_SELF_CHECK_FAILED, and what the backend throws. */
  readonly sign: (hash: Uint8Array) => Promise<Uint8Array>;
}

/** What a transaction's own bytes say, once its key's policy allows it. */
export interface Examined {
  readonly purpose: Purpose;
  readonly nonce: bigint;
  /** yoctoNEAR, and the most that the key may move in a day. */
  readonly deposit: bigint;
  readonly depositPerDay: bigint;
  /** The most gas that it can cost, and the most that a day of the key may. */
  readonly gas: bigint;
  readonly gasPerDay: bigint;
}

/** What a transaction has to pass before the journal is asked. Each throws a DomainError for what it refuses. */
export interface SignerRules {
  /** One grant for each request, in their order; null where none are asked for. `hashes` are the payloads'. */
  grantsOf(call: SigningCall, hashes: readonly Uint8Array[]): Promise<readonly VerifiedGrant[] | null>;
  /** What the bytes are, from the bytes alone, and whether the key's policy, its rate and the caller allow it. */
  examine(
    request: SigningRequest,
    network: string,
    key: RelayerKey,
    grant: VerifiedGrant | null,
  ): Promise<Examined>;
}

export interface RelayerSignerOptions {
  readonly keyOf: (keyId: string) => OpenKey | undefined;
  /** Those of the configuration that is in effect. */
  readonly rules: () => SignerRules;
  readonly journal: Journal;
}

/** A transaction that nothing is known of yet but what the relay says. */
interface Unchecked {
  readonly call: SigningCall;
  readonly index: number;
  readonly request: SigningRequest;
  readonly open: OpenKey | undefined;
  readonly grant: VerifiedGrant | null;
  readonly facts: RefusalFacts;
  readonly rules: SignerRules;
}

/** A transaction that may be signed if the journal agrees. */
interface Candidate {
  readonly index: number;
  readonly request: SigningRequest;
  readonly open: OpenKey;
  readonly facts: RefusalFacts;
  readonly entry: JournalRequest;
}

/** A signature that the backend gave and that verifies. */
interface MadeFor {
  readonly candidate: Candidate;
  readonly signature: Uint8Array;
}

/**
 * Signs transactions with the relayer's keys, and nothing that it has not decoded itself. The journal is asked before
 * a backend is, and told before a signature is released (docs/signer.md).
 */
export class RelayerSigner {
  readonly #options: RelayerSignerOptions;

  constructor(options: RelayerSignerOptions) {
    this.#options = options;
  }

  /**
   * One result for each request, in their order; a refused one does not stop the others. Throws
   * SIGNER_STORE_UNAVAILABLE: then nothing is released, and the same call again gives what was signed.
   */
  async sign(call: SigningCall): Promise<SigningResult[]> {
    // What `transactionHash` of @countersign/near says; node:crypto takes a third of the time.
    const hashes = call.requests.map(({ transaction }) => hash("sha256", transaction, "buffer"));
    const results = new Map<number, SigningResult>();
    const candidates = await this.#candidates(call, hashes, results);
    if (candidates.length > 0) await this.#signCandidates(candidates, results);
    return call.requests.map((_, index) => {
      const result = results.get(index);
      if (result === undefined) throw new Error("a request without a result");
      return result;
    });
  }

  /** What passes every check but the journal's; the rest gets its refusal. */
  async #candidates(
    call: SigningCall,
    hashes: readonly Uint8Array[],
    results: Map<number, SigningResult>,
  ): Promise<Candidate[]> {
    // Together and before anything is waited for: a reload puts other keys and other rules in place at once.
    const rules = this.#options.rules();
    const keys = call.requests.map(({ keyId }) => this.#options.keyOf(keyId));
    const [grants, refusal] = await attempt(() => rules.grantsOf(call, hashes));
    const found = await Promise.all(
      call.requests.map(async (request, index) => {
        const grant = grants?.[index] ?? null;
        const payloadHash = hashes[index] ?? new Uint8Array();
        const { tenant = "", submissionId = "", purpose = "" } = grant ?? {};
        // A name that means nothing here is no key: a caller has as many of them as it likes.
        const open = keys[index];
        const keyId = open === undefined ? "" : request.keyId;
        const facts: RefusalFacts = { keyId, purpose, payloadHash, tenant, submissionId };
        const [candidate, error] =
          refusal === undefined
            ? await attempt(() => candidateOf({ call, index, request, open, grant, facts, rules }))
            : [undefined, refusal];
        if (error !== undefined) results.set(index, refusedBy(error, facts));
        return candidate;
      }),
    );
    return found.filter((candidate) => candidate !== undefined);
  }

  async #signCandidates(
    candidates: readonly Candidate[],
    results: Map<number, SigningResult>,
  ): Promise<void> {
    const { journal } = this.#options;
    const answers = await journal.reserve(candidates.map(({ entry }) => entry));
    const made = await Promise.all(
      candidates.map(async (candidate, i) => {
        const [signature, error] = await attempt(() => answered(candidate, answers[i]));
        if (error === undefined) return { candidate, ...signature };
        results.set(candidate.index, refusedBy(error, candidate.facts));
        return undefined;
      }),
    );
    const signed = made.filter((one) => one !== undefined);
    const fresh = signed.filter(({ isStored }) => !isStored);
    const kept = await this.#record(fresh);
    for (const { candidate, signature } of signed.filter(({ isStored }) => isStored)) {
      release({ candidate, signature }, results);
    }
    for (const [i, { candidate }] of fresh.entries()) {
      const signature = kept[i];
      if (signature === undefined) throw new Error("a signature that the journal did not answer for");
      release({ candidate, signature }, results);
    }
  }

  async #record(made: readonly MadeFor[]): Promise<Uint8Array[]> {
    if (made.length === 0) return [];
    return this.#options.journal.record(
      made.map(({ candidate: { entry }, signature }) => {
        const { publicKey, nonce, payloadHash } = entry;
        return { publicKey, nonce, payloadHash, signature };
      }),
    );
  }
}

/** Throws a DomainError for what is refused before the journal is asked. */
async function candidateOf(unchecked: Unchecked): Promise<Candidate> {
  const { call, index, request, open, grant, facts, rules } = unchecked;
  if (open === undefined) {
    throw new DomainError(ErrorReason.SIGNER_KEY_NOT_FOUND, `the signer holds no key ${request.keyId}`);
  }
  const { network, requestId, peer } = call;
  const { keyId, accountId } = open.key;
  const examined = await rules.examine(request, network, open.key, grant);
  const { payloadHash } = facts;
  const names = { keyId, network, accountId, publicKey: open.publicKeyText, requestId, peer };
  const entry = { ...names, ...examined, payloadHash, grant };
  return { index, request, open, facts: { ...facts, purpose: examined.purpose }, entry };
}

/** What comes of the journal's answer: the signature that it has, or a new one. */
async function answered(
  { open, entry }: Candidate,
  answer: JournalAnswer | undefined,
): Promise<{ signature: Uint8Array; isStored: boolean }> {
  if (answer === undefined) throw new Error("a request that the journal did not answer");
  if (answer.kind === "refused") throw new DomainError(answer.reason, answer.message);
  if (answer.kind === "signed") return { signature: answer.signature, isStored: true };
  return { signature: await signed(open, entry.payloadHash), isStored: false };
}

async function signed({ sign, key }: OpenKey, hash: Uint8Array): Promise<Uint8Array> {
  try {
    return await sign(hash);
  } catch (cause) {
    if (cause instanceof DomainError) throw cause;
    const message = `the backend of key ${key.keyId} gave no signature`;
    throw new DomainError(ErrorReason.SIGNER_BACKEND_UNAVAILABLE, message, { cause });
  }
}

function release({ candidate, signature }: MadeFor, results: Map<number, SigningResult>): void {
  const { index, request, open, entry } = candidate;
  const { keyId, purpose, payloadHash: hash } = entry;
  const { type } = open.key.publicKey;
  const signedTransaction = attachSignature(request.transaction, { type, data: signature });
  results.set(index, { kind: "signed", keyId, purpose, signedTransaction, hash });
}

/** The value, or the DomainError that refuses it; a fault of ours is INTERNAL. */
async function attempt<T>(
  action: () => T | Promise<T>,
): Promise<[value: T, error: undefined] | [value: undefined, error: DomainError]> {
  try {
    return [await action(), undefined];
  } catch (error) {
    if (error instanceof DomainError) return [undefined, error];
    const fault = new DomainError(ErrorReason.INTERNAL, "the signer failed", { cause: error });
    return [undefined, fault];
  }
}
