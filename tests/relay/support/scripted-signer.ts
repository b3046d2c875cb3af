import { type KeyObject, sign } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import {
  KeyState,
  type SignTransactionsRequest,
} from "@countersign/gen/countersign/signer/v1/relayer_signer_pb.ts";
import { RelayerSignerService } from "@countersign/gen/countersign/signer/v1/relayer_signer_service_pb.ts";
import { attachSignature, decodeTransaction, transactionHash } from "@countersign/near";
import { createLogger, serve, serveRpc, standardInterceptors } from "@countersign/service-kit";

/** What a call is answered with: a reason for each nonce that is refused, or nothing, once all of it was signed. */
type Answer = "lost" | ((nonces: readonly bigint[]) => readonly (ErrorReason | undefined)[]);

/** A relayer's key as the scripted signer shows it. */
export interface ScriptedKey {
  readonly keyId: string;
  readonly network: string;
  readonly accountId: string;
  readonly publicKey: string;
  readonly privateKey: KeyObject;
}

/** A RelayerSignerService over real gRPC whose answers a test decides. Like the real one it keeps a journal. */
export interface ScriptedSigner {
  readonly socketPath: string;
  /** Every call to sign, as it came. */
  readonly calls: SignTransactionsRequest[];
  /** What ListKeys shows. */
  state: KeyState;
  paused: boolean;
  /** What ListKeys says of the key in place of what is true; null: nothing, as if it did not hold it. */
  shown: Partial<ScriptedKey> | null;
  /** Given each call's number, from 0; without an answer all of it is signed. */
  answer: (call: number) => Answer | undefined;
  /** Told of every call, before it is answered. */
  onCall: (method: "ListKeys" | "SignTransactions") => void;
  stop(): Promise<void>;
}

/** Starts it on a Unix socket. */
export async function startScriptedSigner(key: ScriptedKey): Promise<ScriptedSigner> {
  const folder = await mkdtemp(join(tmpdir(), "scripted-"));
  const log = createLogger("signer", "silent");
  const stopping = new AbortController();
  const { privateKey, ...names } = key;
  const journal = new Map<bigint, Uint8Array>();

  const signOnce = (transaction: Uint8Array) => {
    const hash = transactionHash(transaction);
    const { nonce } = decodeTransaction(transaction);
    const earlier = journal.get(nonce) ?? hash;
    if (Buffer.compare(earlier, hash) !== 0) return refusal(ErrorReason.SIGNER_NONCE_CONFLICT);
    journal.set(nonce, hash);
    const signature = { type: "ed25519" as const, data: sign(null, hash, privateKey) };
    const value = { signedTransaction: attachSignature(transaction, signature), hash };
    return { result: { case: "signed" as const, value } };
  };

  const service = serve(RelayerSignerService, {
    getPublicKey: () => ({ key: names }),
    listKeys: () => {
      signer.onCall("ListKeys");
      const { shown, state, paused } = signer;
      return { keys: shown === null ? [] : [{ ...names, state, paused, ...shown }] };
    },
    signTransactions: (request) => {
      const answer = signer.answer(signer.calls.length);
      signer.calls.push(request);
      signer.onCall("SignTransactions");
      const transactions = request.transactions.map(({ transaction }) => transaction);
      const reasons =
        answer === undefined || answer === "lost"
          ? []
          : answer(transactions.map((bytes) => decodeTransaction(bytes).nonce));
      const results = transactions.map((bytes, i) => {
        const reason = reasons[i];
        return reason === undefined ? signOnce(bytes) : refusal(reason);
      });
      if (answer === "lost") throw new Error("the answer is lost");
      return { results };
    },
  });
  const server = await serveRpc({
    listen: { kind: "unix", path: join(folder, "s") },
    services: [service],
    interceptors: standardInterceptors(log, stopping.signal),
    limits: { defaultDeadlineMs: 10_000, maxDeadlineMs: 60_000, readMaxBytes: 16 * 1024 * 1024 },
    log,
    stopping,
  });
  const signer: ScriptedSigner = {
    socketPath: join(folder, "s"),
    calls: [],
    state: KeyState.ACTIVE,
    paused: false,
    shown: {},
    answer: () => undefined,
    onCall: () => undefined,
    async stop() {
      await server.drain(0);
      await rm(folder, { recursive: true, force: true });
    },
  };
  return signer;
}

function refusal(reason: ErrorReason) {
  return { result: { case: "refusal" as const, value: { reason, message: "as the test says" } } };
}
