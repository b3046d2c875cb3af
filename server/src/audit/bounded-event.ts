import type { AuditEvent } from "../ledger/audit-types.ts";

/** Most characters of an actor, and of a text in a detail. */
const MAX_TEXT_LENGTH = 256;
/** Most bytes of a detail's JSON. */
const MAX_DETAIL_BYTES = 8192;
/** Kept free for `omitted`. */
const OMITTED_BYTES = 32;

/**
 * The event as every ledger can store it and every export can hold it: texts cut at 256 characters, without NUL
 * (PostgreSQL has none) and lone surrogates (UTF-8 has none), at most 8 KiB of detail. What does not fit is left out,
 * and `omitted` says how many fields. Tenant and kind are the relay's own and stay as they are.
 */
export function boundedEvent(event: AuditEvent): AuditEvent {
  return { ...event, actor: boundedText(event.actor), detail: boundedDetail(event.detail) };
}

/** Cuts a text of the outside at 256 characters and replaces what cannot be stored with U+FFFD. */
export function boundedText(text: string): string {
  return text.slice(0, MAX_TEXT_LENGTH).toWellFormed().replaceAll("\0", "\uFFFD");
}

function boundedDetail(detail: AuditEvent["detail"]): AuditEvent["detail"] {
  const kept: [string, string | number][] = [];
  let omitted = 0;
  let bytes = 2;
  for (const [name, value] of Object.entries(detail)) {
    const field: [string, string | number] = [boundedText(name), boundedValue(value)];
    // A comma and a colon more than the two texts.
    const size = Buffer.byteLength(JSON.stringify(field));
    if (bytes + size > MAX_DETAIL_BYTES - OMITTED_BYTES) omitted += 1;
    else {
      kept.push(field);
      bytes += size;
    }
  }
  if (omitted > 0) kept.push(["omitted", omitted]);
  return Object.fromEntries(kept);
}

function boundedValue(value: string | number): string | number {
  if (typeof value === "number") return Number.isFinite(value) ? value : String(value);
  return boundedText(value);
}
