import type { CountersignError } from "../countersign-error.ts";

/** What happens while a wallet works and a user interface may want to show. Nothing has to be done about any of it. */
export type WalletEvent =
  /** A relay failed so often in a row that it is left alone until `retryAt` (milliseconds since 1970). */
  | {
      readonly type: "relay-down";
      readonly relay: string;
      readonly error: CountersignError;
      readonly retryAt: number;
    }
  /** A relay that was down has answered. */
  | { readonly type: "relay-up"; readonly relay: string }
  /** No relay took its lock off, so the passkey is asked for; `error` is the last relay's, or that there is no envelope. */
  | { readonly type: "fallback"; readonly accountId: string; readonly error: CountersignError }
  /** An envelope was made anew in the background: the next unlock can use this relay. */
  | {
      readonly type: "refreshed";
      readonly accountId: string;
      readonly relay: string;
      readonly keyId: string;
    };

/** How an account's shares were opened: they were open already, a relay took its lock off, or the passkey was asked. */
export type Unlocked =
  | { readonly by: "held" }
  | { readonly by: "relay"; readonly relay: string }
  | { readonly by: "passkey" };
