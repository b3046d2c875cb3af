import { expect, test } from "vitest";
import { decodeFlight, encodeFlight, flightHash } from "./flight.ts";

const flight = [
  { phase: "triples", data: Uint8Array.of(1, 2, 3) },
  { phase: "presign", data: new Uint8Array() },
  { phase: "sign", data: new Uint8Array(300).fill(4) },
] as const;

test("a flight is read as it was written, and has no other form", () => {
  const bytes = encodeFlight(flight);
  expect(decodeFlight(bytes)).toEqual(flight);
  expect(decodeFlight(encodeFlight([]))).toEqual([]);
  for (let size = 1; size < bytes.length; size++) {
    // Between two messages it is a shorter flight.
    const cut = bytes.subarray(0, size);
    if (size !== 8 && size !== 13) expect(() => decodeFlight(cut), `${size}`).toThrow("not the messages");
  }
  expect(() => decodeFlight(Uint8Array.of(3, 0, 0, 0, 0))).toThrow("not the messages");
});

test("bytes on either side of a boundary make another flight", () => {
  const moved = [
    { phase: "triples", data: Uint8Array.of(1, 2) },
    { phase: "triples", data: Uint8Array.of(3) },
  ] as const;
  const hashes = [[flight[0]], moved, [...moved].reverse()].map((one) => flightHash(encodeFlight(one)));
  expect(new Set(hashes.map((hash) => Buffer.from(hash).toString("hex"))).size).toBe(3);
});
