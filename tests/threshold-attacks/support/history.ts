import {
  type Commitments,
  groupKey,
  keyId,
  type SigningPackage,
  verifyShare,
} from "@countersign/crypto/frost-ed25519.ts";
import { splitLastMessage } from "@countersign/signer-service/threshold/schemes/threshold-ed25519-frost/round-messages.ts";
import { decodeRoundState } from "@countersign/signer-service/threshold/schemes/threshold-ed25519-frost/round-state.ts";
import { FirstValues } from "./first-values.ts";
import { verifies } from "./plain-signature.ts";
import type { StoredRun } from "./stored-runs.ts";

/** The public shares of a key. */
export interface KeyShares {
  readonly clientVerifyingShare: Uint8Array;
  readonly relayerVerifyingShare: Uint8Array;
}

/** A first round, as it was on the wire. */
export interface BegunRun {
  readonly sessionId: string;
  readonly requestId: string;
  readonly key: KeyShares;
  readonly digest: Uint8Array;
  readonly clientCommitments: Commitments;
  readonly relayerCommitments: Commitments;
}

/** A second round that was answered, as it was on the wire. */
export interface AnsweredRun {
  readonly sessionId: string;
  readonly clientSignatureShare: Uint8Array;
  readonly relayerSignatureShare: Uint8Array;
  readonly signature: Uint8Array;
}

/** All that relayers gave out, over all lives of all signers. */
export class History {
  readonly begun: BegunRun[] = [];
  readonly answered: AnsweredRun[] = [];
  /** What stores held at any time that they were looked at. */
  readonly stored: StoredRun[] = [];
}

/** One sentence for each breach of what keeps a share secret; none when nothing can be learnt of one. */
export function violations({ begun, answered, stored }: History): string[] {
  const found = new Set<string>();
  const runs = new Map<string, BegunRun>();
  const commitments = new FirstValues();
  for (const run of begun) {
    const { sessionId, relayerCommitments } = run;
    if (runs.has(sessionId)) found.add(`${sessionId} was begun twice`);
    runs.set(sessionId, run);
    for (const point of [relayerCommitments.hiding, relayerCommitments.binding]) {
      if (!commitments.isFirst(hex(point), sessionId)) found.add(`${sessionId} has another run's commitment`);
    }
  }
  const shares = new FirstValues();
  const requests = new FirstValues();
  const notesAnswer = (sessionId: string, requestId: string, share: Uint8Array) => {
    if (!requests.isFirst(requestId, sessionId)) found.add(`request ${requestId} was answered in two runs`);
    const run = runs.get(sessionId);
    if (run === undefined) return;
    const { hiding, binding } = run.relayerCommitments;
    for (const point of [hiding, binding]) {
      if (!shares.isFirst(hex(point), hex(share))) found.add(`a commitment of ${sessionId} has two shares`);
    }
  };
  const checked = new Set<string>();
  for (const answer of answered) {
    const { sessionId, clientSignatureShare, relayerSignatureShare, signature } = answer;
    const run = runs.get(sessionId);
    if (run === undefined) {
      found.add(`${sessionId} was answered, and nobody was told that it began`);
      continue;
    }
    notesAnswer(sessionId, run.requestId, relayerSignatureShare);
    const parts = [clientSignatureShare, relayerSignatureShare, signature].map(hex);
    const name = [sessionId, ...parts].join();
    if (checked.has(name)) continue;
    checked.add(name);
    for (const problem of problemsOf(run, answer)) found.add(`${sessionId} ${problem}`);
  }
  for (const { id, requestId, stage, opened } of stored) {
    const run = runs.get(id);
    if (opened === undefined) continue;
    if (stage === "done") notesAnswer(id, requestId, splitLastMessage(opened).relayerSignatureShare);
    else if (run !== undefined && !hasCommitmentsOf(run, opened)) {
      found.add(`${id} has other commitments in the store than it was begun with`);
    }
  }
  // What a store was seen with first may have become another thing since.
  const last = new Map(stored.map(({ id, stage }) => [id, stage]));
  for (const { sessionId } of answered) {
    const stage = last.get(sessionId) ?? "done";
    if (stage !== "done") found.add(`${sessionId} was answered, and is ${stage} in the store`);
  }
  return [...found];
}

/** What is wrong with a share that was released. */
function problemsOf(run: BegunRun, answer: AnsweredRun): string[] {
  const { clientVerifyingShare, relayerVerifyingShare } = run.key;
  const group = groupKey(clientVerifyingShare, relayerVerifyingShare);
  const { digest: message, clientCommitments, relayerCommitments } = run;
  const signing: SigningPackage = { groupKey: group, message, clientCommitments, relayerCommitments };
  const { clientSignatureShare, relayerSignatureShare, signature } = answer;
  const problems: string[] = [];
  if (!isRight(() => verifyShare("client", clientVerifyingShare, clientSignatureShare, signing))) {
    problems.push("was answered to a wrong share of the client's");
  }
  if (!isRight(() => verifyShare("relayer", relayerVerifyingShare, relayerSignatureShare, signing))) {
    problems.push("was answered with a wrong share");
  }
  if (!verifies(keyId(group), message, signature)) problems.push("was answered with a wrong signature");
  return problems;
}

function hasCommitmentsOf({ relayerCommitments }: BegunRun, state: Uint8Array): boolean {
  const { hiding, binding } = decodeRoundState(state).relayerCommitments;
  return hex(hiding) === hex(relayerCommitments.hiding) && hex(binding) === hex(relayerCommitments.binding);
}

function isRight(check: () => boolean): boolean {
  try {
    return check();
  } catch {
    return false;
  }
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}
