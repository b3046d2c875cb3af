import { createHash } from "node:crypto";
import type { Presignature } from "@countersign/crypto/ot-ecdsa/presign-run.ts";
import type { BegunEcdsa } from "../../signer/threshold-ecdsa/support/ecdsa-client.ts";
import { FirstValues } from "../../threshold-attacks/support/first-values.ts";
import type { StoredPresignature } from "./stored-presignatures.ts";

/** A first call of a signature, as it was on the wire. */
export interface BegunSigning {
  readonly sessionId: string;
  readonly requestId: string;
  readonly digest: Uint8Array;
  readonly presignatureId: Uint8Array;
  readonly clientEntropyHash: Uint8Array;
  readonly relayerEntropy: Uint8Array;
}

/** A second call that was answered, as it was on the wire. */
export interface AnsweredSigning {
  readonly sessionId: string;
  readonly clientEntropy: Uint8Array;
  /** With s_i, the relayer's share. */
  readonly message: Uint8Array;
}

/** All that relayers gave out, over all lives of all signers. */
export class EcdsaHistory {
  readonly begun: BegunSigning[] = [];
  readonly answered: AnsweredSigning[] = [];
  /** What stores held at any time that they were looked at. */
  readonly stored: StoredPresignature[] = [];
  /** The client's halves, by their id in hexadecimal digits. */
  readonly halves = new Map<string, Presignature>();
}

/** Makes the signature of a relayer's message, and throws unless it verifies; see `EcdsaWallet.combine`. */
export type Combine = (begun: BegunEcdsa, relayerMessage: Uint8Array) => unknown;

const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");

/** One sentence for each breach of what keeps a share secret; none when nothing can be learnt of one. */
export function ecdsaViolations(history: EcdsaHistory, combine: Combine): string[] {
  const { begun, answered, stored, halves } = history;
  const found = new Set<string>();
  const runs = new Map<string, BegunSigning>();
  const sessions = new FirstValues();
  const wishes = new FirstValues();
  for (const run of begun) {
    const { sessionId } = run;
    if (!wishes.isFirst(sessionId, wishOf(run))) found.add(`${sessionId} was begun for two wishes`);
    if (!sessions.isFirst(hex(run.presignatureId), sessionId)) {
      found.add(`presignature ${hex(run.presignatureId)} was reserved twice`);
    }
    runs.set(sessionId, run);
  }
  const shares = new FirstValues();
  const requests = new FirstValues();
  const checked = new Set<string>();
  for (const { sessionId, clientEntropy, message } of answered) {
    const run = runs.get(sessionId);
    if (run === undefined) {
      found.add(`${sessionId} was answered, and nobody was told that it began`);
      continue;
    }
    const id = hex(run.presignatureId);
    if (!shares.isFirst(id, hex(message))) found.add(`presignature ${id} has two shares`);
    if (!requests.isFirst(run.requestId, sessionId)) {
      found.add(`request ${run.requestId} was answered in two sessions`);
    }
    if (sha256(clientEntropy) !== hex(run.clientEntropyHash)) {
      found.add(`${sessionId} was answered for other entropy than it was begun with`);
    }
    const name = [sessionId, hex(clientEntropy), hex(message)].join();
    const presignature = halves.get(id);
    if (checked.has(name) || presignature === undefined) continue;
    checked.add(name);
    const { digest, relayerEntropy } = run;
    try {
      combine({ signingSessionId: sessionId, digest, presignature, clientEntropy, relayerEntropy }, message);
    } catch {
      found.add(`${sessionId} was answered with a wrong share`);
    }
  }
  for (const { id, state, signingId, requestId, answer, ...row } of stored) {
    const run = runs.get(signingId ?? "");
    if (signingId !== null && !sessions.isFirst(id, signingId)) {
      found.add(`presignature ${id} was reserved twice`);
    }
    const { digest, clientEntropyHash, relayerEntropy } = row;
    const kept = [requestId, digest, id, clientEntropyHash, relayerEntropy].join();
    if (run !== undefined && wishOf(run) !== kept) found.add(`${signingId} is another wish in the store`);
    if (state !== "used") continue;
    if (!shares.isFirst(id, answer ?? "")) found.add(`presignature ${id} has two shares`);
    if (!requests.isFirst(requestId ?? "", signingId ?? "")) {
      found.add(`request ${requestId} was answered in two sessions`);
    }
  }
  // What a store was seen with first may have become another thing since.
  const last = new Map(stored.map((one) => [one.id, one]));
  for (const { sessionId } of answered) {
    const one = last.get(hex(runs.get(sessionId)?.presignatureId ?? new Uint8Array()));
    if (one !== undefined && one.state !== "used") {
      found.add(`${sessionId} was answered, and its presignature is ${one.state} in the store`);
    }
  }
  return [...found];
}

function wishOf({ requestId, digest, presignatureId, clientEntropyHash, relayerEntropy }: BegunSigning) {
  return [requestId, ...[digest, presignatureId, clientEntropyHash, relayerEntropy].map(hex)].join();
}
