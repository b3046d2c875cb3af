import type { VAULT_METHODS, VaultApi } from "./vault-api.ts";
import type { VaultRefusal } from "./vault-error.ts";

/** Both halves come from one build, so another version means that a cached worker is older than its page. */
export const VAULT_PROTOCOL = 4;

type Method = (typeof VAULT_METHODS)[number];

/** What the page sends. */
export type VaultCall = {
  [M in Method]: { readonly id: number; readonly method: M; readonly of: Parameters<VaultApi[M]>[0] };
}[Method];

/** What the worker sends: first `ready`, then one answer a call. */
export type VaultMessage =
  | { readonly type: "ready"; readonly protocol: number }
  | { readonly type: "answer"; readonly id: number; readonly answer: Awaited<ReturnType<VaultApi[Method]>> }
  | {
      readonly type: "refusal";
      readonly id: number;
      readonly refusal: VaultRefusal;
      readonly message: string;
    }
  /** A mistake of the vault's own, of which it says nothing more: a message might hold a secret. */
  | { readonly type: "broken"; readonly id: number };

/** One end of a channel between page and worker. */
interface VaultPort<Sent, Received> {
  /** `transfer` is gone from this side afterwards. */
  send(message: Sent, transfer: readonly ArrayBuffer[]): void;
  /** Hands over every message from now on. */
  receive(listener: (message: Received) => void): void;
}

export type PagePort = VaultPort<VaultCall, VaultMessage> & {
  /** Says when the other side cannot be reached any more. */
  failed(listener: () => void): void;
  close(): void;
};
export type WorkerPort = VaultPort<VaultMessage, VaultCall>;
