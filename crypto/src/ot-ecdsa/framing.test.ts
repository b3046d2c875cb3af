import { bytesToHex, hexToBytes } from "@noble/hashes/utils.js";
import { describe, expect, it } from "vitest";
import { channelName, childTag, decodeMessage, encodeMessage, ROOT_PRIVATE, ROOT_SHARED } from "./framing.ts";
import { ProtocolAbort } from "./protocol-abort.ts";

describe("channels", () => {
  it("have the reference library's tags", () => {
    expect(bytesToHex(ROOT_SHARED)).toBe("440103a922b55c636c48c039dc72955f83736fc89fcf8f025169ff3c7e51043a");
    expect(bytesToHex(ROOT_PRIVATE)).toBe("a782073532dccb22a96c51ee7621c0de521f01f59d1c9a77f4c318efeae2c751");
    const child = childTag(ROOT_PRIVATE, 0);
    expect(bytesToHex(child)).toBe("efd1637806254674045569aa7907cf34ea6a8b2327d0357b120815b4542ae4b3");
    const grandchild = childTag(child, 0);
    expect(bytesToHex(grandchild)).toBe("7d092b973f96c2b3ea2f7c068fff9e493ccdf95ce7445a8111b636ad511cdf1d");
    expect(channelName(grandchild)).toBe("7d092b97");
  });
});

describe("a message", () => {
  it("is a tag, a waitpoint with the lowest byte first, and a body", () => {
    const message = { tag: ROOT_SHARED, waitpoint: 0x01020304, body: Uint8Array.of(9, 8) };
    const bytes = encodeMessage(message);
    expect(bytesToHex(bytes)).toBe(`${bytesToHex(ROOT_SHARED)}04030201000000000908`);
    expect(decodeMessage(bytes)).toEqual(message);
  });

  it("is read out of the middle of a larger array, and not as a view of it", () => {
    const bytes = encodeMessage({ tag: ROOT_PRIVATE, waitpoint: 3, body: Uint8Array.of(1) });
    const larger = new Uint8Array(bytes.length + 10);
    larger.set(bytes, 5);
    const read = decodeMessage(larger.subarray(5, 5 + bytes.length));
    larger.fill(0);
    expect(read).toEqual({ tag: ROOT_PRIVATE, waitpoint: 3, body: Uint8Array.of(1) });
  });

  it.each([
    ["nothing", ""],
    ["39 bytes", "00".repeat(39)],
    ["a waitpoint of 2^32", `${"00".repeat(36)}01000000`],
    ["a waitpoint of 2^63", `${"00".repeat(39)}80`],
  ])("is refused: %s", (_, hex) => {
    expect(() => decodeMessage(hexToBytes(hex))).toThrow(ProtocolAbort);
  });
});
