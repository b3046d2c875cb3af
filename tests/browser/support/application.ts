import type { WalletProgress } from "../../../clients/web/src/iframe/api.ts";

/** What a call came to: its result, or the reason why it failed. */
export type Outcome = { readonly result: unknown } | { readonly reason: string; readonly code: string };

/** How tests drive an application's page, which has it as a global. */
export interface Application {
  /** Of the last call of `relay`. */
  readonly progress: readonly WalletProgress[];
  /** Embeds the wallet at `url`: its capabilities. */
  open(url: string, handshakeTimeoutMs?: number): Promise<Outcome>;
  connect(): Promise<Outcome>;
  /** Writes into the guest book. */
  relay(accountId: string, text: string): Promise<Outcome>;
  signMessage(accountId: string, recipient: string): Promise<Outcome>;
  /** Gives up what `relay` asked. */
  abort(): void;
  /** Why the wallet is gone, once it is. */
  closed(): Promise<Outcome>;
  close(): void;
  /** What the wallet in the frame answers to a hello of this version. */
  hello(url: string, protocolVersion: number): Promise<unknown>;
}
