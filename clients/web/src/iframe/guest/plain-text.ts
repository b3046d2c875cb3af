import type { Hex } from "../api.ts";
import type { Warning } from "../guest-api.ts";
import { warning } from "./warnings.ts";

/**
 * Characters that are not seen and change what is: controls save tab and line breaks, those of format, such as what turns the
 * direction of writing (CVE-2021-42574), what browsers leave out, and spaces that are not the plain one. What joins and colours
 * emoji is none, behind an emoji.
 */
const HIDDEN = new RegExp(
  [
    String.raw`(?![\t\n\r \u200d\ufe0f])[\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}\p{Z}\u2800]`,
    String.raw`(?<!\p{Extended_Pictographic}\p{Emoji_Modifier}?)\ufe0f`,
    String.raw`(?<!\p{Extended_Pictographic}[\p{Emoji_Modifier}\ufe0f]?)\u200d`,
  ].join("|"),
  "gu",
);

/** The text of bytes in UTF-8; undefined for other bytes. A byte order mark stays. */
export function utf8Text(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

export function hexBytes(hex: Hex): Uint8Array {
  return Uint8Array.from({ length: hex.length / 2 - 1 }, (_, i) =>
    Number.parseInt(hex.slice(2 + 2 * i, 4 + 2 * i), 16),
  );
}

export function bytesHex(bytes: Uint8Array): Hex {
  return `0x${Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}

/** A text of an application within one of the wallet's: in quotes, with what is not seen written out. */
export function quotedText(text: string): string {
  return JSON.stringify(text).replace(HIDDEN, (one) => `\\u{${one.codePointAt(0)?.toString(16)}}`);
}

/** A warning of them, if any string of `shown`, wherever in it, has some. */
export function hiddenCharacterWarnings(shown: unknown): Warning[] {
  if (!hasHidden(shown)) return [];
  const text = "It has characters that are not seen, or that change the order of others.";
  return [warning("caution", "HIDDEN_CHARACTERS", text)];
}

function hasHidden(value: unknown): boolean {
  if (typeof value === "string") return value.search(HIDDEN) !== -1;
  if (typeof value !== "object" || value === null) return false;
  return Object.entries(value).some(([name, inner]) => hasHidden(name) || hasHidden(inner));
}
