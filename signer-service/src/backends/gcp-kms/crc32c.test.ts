import { expect, test } from "vitest";
import { crc32c } from "./crc32c.ts";

const counting = Uint8Array.from({ length: 32 }, (_, i) => i);

// RFC 3720, section B.4; the RFC prints the bytes in the order in which they are sent, lowest first.
test.each([
  ["32 bytes of zeros", new Uint8Array(32), 0x8a9136aa],
  ["32 bytes of ones", new Uint8Array(32).fill(0xff), 0x62a8ab43],
  ["32 incrementing bytes", counting, 0x46dd794e],
  ["32 decrementing bytes", counting.toReversed(), 0x113fdb5c],
  ["nothing", new Uint8Array(), 0],
  ["the digits 1 to 9", Buffer.from("123456789"), 0xe3069283],
])("the checksum of %s is the published one", (_, data, checksum) => {
  expect(crc32c(data)).toBe(checksum);
});
