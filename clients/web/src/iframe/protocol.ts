// What host and guest send each other: JSON text of bounded length, so that nothing but plain data ever arrives, whatever the
// other side posts. The hello goes to the wallet's window and brings a MessagePort; all else goes through that port.
import type { WalletCapabilities, WalletProgress } from "./api.ts";

/** Raised when one side no longer understands the other. */
export const PROTOCOL_VERSION = 1;

/** Characters of a request; more is not read. Room for what a relay takes (128 KiB) in base64, and as much again. */
export const MAX_REQUEST_LENGTH = 393_216;
/** Characters of an answer. What is signed may have four times as many in base64: three bytes a character in UTF-8. */
export const MAX_ANSWER_LENGTH = 2_097_152;
/** Objects in objects of a message; more is not read. */
const MAX_DEPTH = 32;

/** Requests of one origin that may wait for their answers, through all of its ports. */
export const MAX_PENDING = 16;
/** Milliseconds between signs of life while a request waits. */
export const ALIVE_MS = 10_000;

export const METHODS = [
  "connect",
  "disconnect",
  "relay",
  "signNearTransactions",
  "signNearMessage",
  "signEvmTransaction",
  "signEvmMessage",
  "signEvmTypedData",
] as const;
export type Method = (typeof METHODS)[number];

/** The one message that goes to a window. */
export interface Hello {
  readonly type: "countersign-wallet-hello";
  readonly protocolVersion: number;
}

/** What the application sends through the port. Ids rise from 1. */
export type HostMessage =
  | { readonly type: "request"; readonly id: number; readonly method: Method; readonly params: object }
  | { readonly type: "cancel"; readonly id: number }
  | { readonly type: "bye" };

/** What the wallet sends. First `welcome`, or `refused` and nothing more. */
export type GuestMessage =
  | {
      readonly type: "welcome";
      readonly protocolVersion: number;
      readonly capabilities: WalletCapabilities;
    }
  /** The version is another one; or, if it is the same, there are too many ports. */
  | { readonly type: "refused"; readonly protocolVersion: number }
  | { readonly type: "answer"; readonly id: number; readonly result: unknown }
  | {
      readonly type: "error";
      readonly id: number;
      readonly reason: string;
      readonly code: string;
      readonly message: string;
    }
  | { readonly type: "progress"; readonly id: number; readonly progress: WalletProgress }
  | { readonly type: "alive" }
  /** Whether the wallet has something to show. */
  | { readonly type: "frame"; readonly visible: boolean }
  /** How high the frame should be, in CSS pixels. */
  | { readonly type: "size"; readonly height: number }
  | { readonly type: "closed" };

/**
 * The object of a message of at most `maxLength` characters; undefined for whatever is none. Its fields are not checked. Never
 * throws.
 */
export function readMessage(data: unknown, maxLength: number): Readonly<Record<string, unknown>> | undefined {
  if (typeof data !== "string" || data.length > maxLength) return undefined;
  let message: unknown;
  try {
    message = JSON.parse(data);
  } catch {
    return undefined;
  }
  if (typeof message !== "object" || message === null || Array.isArray(message)) return undefined;
  return isShallow(message, MAX_DEPTH) ? (message as Record<string, unknown>) : undefined;
}

function isShallow(value: unknown, depth: number): boolean {
  if (typeof value !== "object" || value === null) return true;
  return depth > 0 && Object.values(value).every((inner) => isShallow(inner, depth - 1));
}
