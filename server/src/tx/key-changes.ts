import { createHash } from "node:crypto";
import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { DomainError } from "@countersign/service-kit";
import type { KeyChange, KeyChanges } from "../key-pool/ports.ts";
import type { AcceptInput, AcceptResult, Ledger, Submission } from "../ledger/ledger.ts";
import { keyReused, notAccepted } from "./intake-errors.ts";
import { encodeKeyChangePayload } from "./payload.ts";

/** The relay itself, in the place of a tenant and its caller. */
const RELAYS_OWN = { tenant: "", caller: "", method: "KeyChange" } as const;
const NOTHING = { accounts: 0n, gas: 0n, deposit: 0n };
const NO_LIMITS = { "tenant-day": {}, "tenant-month": {}, "user-day": {}, "user-month": {} };

export interface LedgerKeyChangesOptions {
  readonly network: string;
  readonly ledger: Pick<Ledger, "accept" | "findIdempotent" | "getSubmission">;
  readonly now: () => Date;
  readonly newId: () => string;
  /** Told of each submission that is accepted for the first time: it wakes the lanes. */
  readonly onAccepted: (submission: Submission) => void;
}

/**
 * Changes of relayers' access keys as submissions of the ledger, which its lanes sign and follow like any other. They are
 * an operator's: no tenant's pause, rate or budget holds them, nor a full queue, and they are claimed before what
 * waits there. A pause of the whole relay with HOLD holds them, and one of a relayer's key that key's lane.
 */
export class LedgerKeyChanges implements KeyChanges {
  readonly #options: LedgerKeyChangesOptions;

  constructor(options: LedgerKeyChangesOptions) {
    this.#options = options;
  }

  /**
   * Throws IDEMPOTENCY_KEY_REUSED for a mark that another change has, KEY_OPERATION_RUNNING while another change of the
   * account's keys is open.
   */
  async submit(change: KeyChange, mark: string, actor: string, reason: string): Promise<Submission> {
    const { ledger, onAccepted, now } = this.#options;
    const input = this.#input(change, mark, actor, reason);
    const { bodyHash } = input;
    // It may be asked again and again while it is under way; then nothing is to be written.
    const earlier = await ledger.findIdempotent({ ...RELAYS_OWN, key: mark });
    if (earlier !== undefined && Buffer.compare(earlier.bodyHash, bodyHash) !== 0) throw keyReused();
    if (earlier !== undefined) return earlier.submission;
    const result: AcceptResult = await ledger.accept(input);
    if (result.outcome === "accepted") onAccepted(result.submission);
    if (result.outcome === "accepted" || result.outcome === "repeated") return result.submission;
    if (result.outcome === "account-busy") {
      throw new DomainError(
        ErrorReason.KEY_OPERATION_RUNNING,
        "another change of the account's keys is not at its end",
      );
    }
    throw notAccepted(result, now());
  }

  async find(submissionId: string): Promise<Submission | undefined> {
    const found = await this.#options.ledger.getSubmission(RELAYS_OWN.tenant, submissionId);
    return found?.kind === "KEY_CHANGE" ? found : undefined;
  }

  #input(change: KeyChange, mark: string, actor: string, reason: string): AcceptInput {
    const { network, newId, now } = this.#options;
    const { accountId, kind, publicKey } = change;
    const payload = encodeKeyChangePayload(change);
    const id = newId();
    const at = now();
    return {
      ...RELAYS_OWN,
      idempotencyKey: mark,
      bodyHash: createHash("sha256")
        .update(JSON.stringify([network, accountId, kind, publicKey]))
        .digest(),
      submission: {
        ...{ id, kind: "KEY_CHANGE", network, accountId, receiverId: accountId, payload },
        delegateHash: null,
        requiredRelayer: accountId,
        expiresAtHeight: null,
      },
      replayMark: null,
      exclusiveAccount: true,
      maxOpen: Number.MAX_SAFE_INTEGER,
      budget: { user: "relay", amounts: NOTHING, limits: NO_LIMITS },
      audit: {
        ...{ tenant: RELAYS_OWN.tenant, kind: "submission.accepted", actor, at },
        detail: { submission: id, change: kind, account: accountId, public_key: publicKey, reason },
      },
      at,
    };
  }
}
