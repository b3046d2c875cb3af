import { createHash } from "node:crypto";
import type { Phase, WireMessage } from "@countersign/crypto/ot-ecdsa/presign-run.ts";

const PHASES: readonly Phase[] = ["triples", "presign", "sign"];
const HEADER_BYTES = 1 + 4;

/** The messages of a flight in bytes of their own: of each its phase (one byte), its length (u32le) and its data. */
export function encodeFlight(flight: readonly WireMessage[]): Uint8Array {
  const size = flight.reduce((sum, { data }) => sum + HEADER_BYTES + data.length, 0);
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const { phase, data } of flight) {
    bytes[at] = PHASES.indexOf(phase);
    view.setUint32(at + 1, data.length, true);
    bytes.set(data, at + HEADER_BYTES);
    at += HEADER_BYTES + data.length;
  }
  return bytes;
}

/** The messages, as views of what `encodeFlight` wrote. Throws an Error for anything else. */
export function decodeFlight(bytes: Uint8Array): WireMessage[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const flight: WireMessage[] = [];
  for (let at = 0; at < bytes.length; ) {
    const phase = PHASES[bytes[at] ?? PHASES.length];
    const start = at + HEADER_BYTES;
    const end = start <= bytes.length ? start + view.getUint32(at + 1, true) : Number.POSITIVE_INFINITY;
    if (phase === undefined || end > bytes.length) throw new Error("not the messages of a flight");
    flight.push({ phase, data: bytes.subarray(start, end) });
    at = end;
  }
  return flight;
}

/** SHA-256 of an encoded flight: what tells a repeated call from another one. */
export function flightHash(encoded: Uint8Array): Uint8Array {
  return createHash("sha256").update(encoded).digest();
}
