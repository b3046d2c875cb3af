import { base58 } from "@scure/base";
import * as z from "zod";

const BYTES = 32;

/** Whether a text is as long as 32 bytes in base58, and has no other characters. */
export function isHashText(text: string): boolean {
  return /^[1-9A-HJ-NP-Za-km-z]{32,44}$/.test(text);
}

/** The hash of a block that a transaction may name. */
export const blockHash = z
  .string()
  .refine((text) => isHashText(text) && base58.decode(text).length === BYTES);
