import { Code } from "@connectrpc/connect";
import { CountersignError } from "../countersign-error.ts";
import type { VaultApi } from "./vault-api.ts";
import { VaultError } from "./vault-error.ts";
import { type PagePort, VAULT_PROTOCOL, type VaultCall, type VaultMessage } from "./vault-port.ts";

/** The worker, as the page sees it. Rejects with VaultError, or with CountersignError when the worker is gone. */
export type Vault = {
  readonly [M in keyof VaultApi]: (
    of: Parameters<VaultApi[M]>[0],
  ) => Promise<Awaited<ReturnType<VaultApi[M]>>>;
} & {
  /** Resolves once the worker listens; rejects when it is gone before. */
  readonly ready: Promise<void>;
  /** Ends the worker and all that it holds. Calls that run reject. */
  readonly close: () => void;
};

interface Waiting {
  readonly resolve: (answer: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** Speaks to a worker that `serveVault` runs in. Calls wait for its `ready`. */
export function connectVault(port: PagePort): Vault {
  const waiting = new Map<number, Waiting>();
  const ready = Promise.withResolvers<void>();
  // Whoever calls next hears of it.
  ready.promise.catch(() => {});
  let lastId = 0;
  let isGone = false;

  const end = (why: string) => {
    isGone = true;
    ready.reject(gone(why));
    for (const { reject } of waiting.values()) reject(gone(why));
    waiting.clear();
    port.close();
  };
  port.failed(() => end("the wallet's worker failed"));
  port.receive((message) => {
    if (message.type === "ready") {
      if (message.protocol === VAULT_PROTOCOL) ready.resolve();
      else end("the wallet's worker is of another version: load the page again");
      return;
    }
    const call = waiting.get(message.id);
    waiting.delete(message.id);
    if (call !== undefined) settle(call, message);
  });

  const call = async (method: VaultCall["method"], of: VaultCall["of"]): Promise<unknown> => {
    const transfer = "prfFirst" in of ? [of.prfFirst] : [];
    try {
      await ready.promise;
      if (isGone) throw gone("the wallet is closed");
    } catch (error) {
      for (const secret of transfer) new Uint8Array(secret).fill(0);
      throw error;
    }
    const id = ++lastId;
    return new Promise((resolve, reject) => {
      waiting.set(id, { resolve, reject });
      port.send({ id, method, of } as VaultCall, transfer);
    });
  };
  const method = <M extends keyof VaultApi>(name: M) =>
    ((of: Parameters<VaultApi[M]>[0]) => call(name, of)) as Vault[M];
  return {
    ready: ready.promise,
    unlock: method("unlock"),
    prove: method("prove"),
    confirm: method("confirm"),
    adopt: method("adopt"),
    commit: method("commit"),
    answer: method("answer"),
    finish: method("finish"),
    abandon: method("abandon"),
    proveEcdsa: method("proveEcdsa"),
    confirmEcdsa: method("confirmEcdsa"),
    adoptEcdsa: method("adoptEcdsa"),
    beginPresign: method("beginPresign"),
    advancePresign: method("advancePresign"),
    abandonPresign: method("abandonPresign"),
    heldPresignatures: method("heldPresignatures"),
    forgetPresignatures: method("forgetPresignatures"),
    beginEcdsa: method("beginEcdsa"),
    revealEcdsa: method("revealEcdsa"),
    finishEcdsa: method("finishEcdsa"),
    abandonEcdsa: method("abandonEcdsa"),
    heldEnvelopes: method("heldEnvelopes"),
    beginEnvelope: method("beginEnvelope"),
    finishEnvelope: method("finishEnvelope"),
    beginOpening: method("beginOpening"),
    finishOpening: method("finishOpening"),
    abandonPass: method("abandonPass"),
    forgetEnvelopes: method("forgetEnvelopes"),
    beginExport: method("beginExport"),
    finishExport: method("finishExport"),
    lock: method("lock"),
    close: () => end("the wallet is closed"),
  };
}

function settle({ resolve, reject }: Waiting, message: Exclude<VaultMessage, { type: "ready" }>): void {
  if (message.type === "answer") resolve(message.answer);
  else if (message.type === "refusal") reject(new VaultError(message.refusal, message.message));
  else reject(gone("the wallet's worker made a mistake"));
}

function gone(message: string): CountersignError {
  return new CountersignError(message, { reason: "UNSPECIFIED", code: Code.Aborted });
}
