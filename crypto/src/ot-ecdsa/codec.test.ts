import { bytesToHex, concatBytes, hexToBytes } from "@noble/hashes/utils.js";
import { describe, expect, it } from "vitest";
import {
  bitsLimit,
  decodeBody,
  encodeArray,
  encodeBits,
  encodeOctets,
  encodeOctetsArray,
  encodeUint,
  octetsLimit,
  type Reader,
  Writer,
} from "./codec.ts";
import { libsecp256k1Points as points } from "./libsecp256k1-points.ts";
import { ProtocolAbort } from "./protocol-abort.ts";
import { ORDER, randomScalar } from "./scalar.ts";
import { random } from "./test-tools.ts";

const hex = (text: string) => hexToBytes(text.replaceAll(" ", ""));
const decode = <T>(bytes: Uint8Array, read: (reader: Reader) => T) => decodeBody(bytes, "it", read);

describe("encoding", () => {
  it("is what rmp-serde writes", () => {
    expect(bytesToHex(encodeOctets(Uint8Array.of(0, 0x7f, 0x80, 0xff)))).toBe("94007fcc80ccff");
    expect(bytesToHex(encodeOctets(new Uint8Array(32)))).toBe(`dc0020${"00".repeat(32)}`);
    expect(bytesToHex(encodeOctetsArray([new Uint8Array(33), Uint8Array.of(200)]))).toBe(
      `92dc0021${"00".repeat(33)}91ccc8`,
    );
    expect(bytesToHex(encodeArray(Array(15).fill(encodeUint(1))))).toBe(`9f${"01".repeat(15)}`);
    expect(bytesToHex(encodeArray(Array(16).fill(encodeUint(1))))).toBe(`dc0010${"01".repeat(16)}`);
    expect(bytesToHex(encodeArray(Array(1024).fill(encodeUint(1))).subarray(0, 4))).toBe("dc040001");
  });

  it("goes into memory that is there, as far as that goes", () => {
    const write = (limit: number) => {
      const writer = new Writer(limit);
      writer.array(2);
      writer.octets(Uint8Array.of(1, 0xff));
      writer.octets(new Uint8Array(16));
      return bytesToHex(writer.end());
    };
    expect(write(100)).toBe(`929201ccffdc0010${"00".repeat(16)}`);
    expect(write(24)).toBe(write(100));
    expect(() => write(23)).toThrow(RangeError);
  });

  it.each([
    [0, "00"],
    [127, "7f"],
    [128, "cc80"],
    [255, "ccff"],
    [256, "cd0100"],
    [65535, "cdffff"],
  ])("of the integer %i is minimal", (value, expected) => {
    expect(bytesToHex(encodeUint(value))).toBe(expected);
  });

  it.each([
    ["0000000000000000", "00"],
    ["7f00000000000000", "7f"],
    ["8000000000000000", "cc80"],
    ["0001000000000000", "cd0100"],
    ["ffff000000000000", "cdffff"],
    ["0000010000000000", "ce00010000"],
    ["0000000100000000", "ce01000000"],
    ["0000000001000000", "cf0000000100000000"],
    ["0102030405060708", "cf0807060504030201"],
  ])("of the bits %s is minimal, the highest byte first", (bits, expected) => {
    const two = concatBytes(hex(bits), hex("0100000000000000"));
    const encoded = encodeBits(two);
    expect(bytesToHex(encoded)).toBe(`92${expected}01`);
    expect(decode(encoded, (reader) => reader.bits(16))).toEqual(two);
  });

  it("has the most bytes that its limits say", () => {
    expect(encodeOctets(new Uint8Array(33).fill(255))).toHaveLength(octetsLimit(33));
    expect(encodeBits(new Uint8Array(32).fill(255))).toHaveLength(bitsLimit(32));
  });

  it("comes back", () => {
    for (let i = 0; i < 50; i++) {
      const [scalar, bits] = [randomScalar(random, ""), random("", 32)];
      const point = points.multiplyBase(scalar);
      const body = encodeArray([encodeOctets(scalar), encodeOctets(point), encodeBits(bits)]);
      const read = decode(body, (reader) => {
        reader.array(3);
        return [reader.scalar(), reader.point(points), reader.bits(32)];
      });
      expect(read).toEqual([scalar, point, bits]);
    }
  });
});

describe("decoding refuses", () => {
  const octets = (size: number) => (reader: Reader) => reader.octets(size);
  const scalar = (reader: Reader) => reader.scalar();
  const bits = (reader: Reader) => reader.bits(8);

  it.each<[string, string, (reader: Reader) => unknown]>([
    ["nothing", "", octets(2)],
    ["an end in the middle", "9201", octets(2)],
    ["an end after a marker", "9201cc", octets(2)],
    ["trailing bytes", "92010200", octets(2)],
    ["another length", "93010203", octets(2)],
    ["a long header for a short array", "dc00020102", octets(2)],
    ["the longest header", "dd000000020102", octets(2)],
    ["bin", "c4020102", octets(2)],
    ["a string", "a20102", octets(2)],
    ["a small integer with a marker", "92cc7f02", octets(2)],
    ["an integer of 16 bits", "92cd000102", octets(2)],
    ["a negative integer", "92e002", octets(2)],
    ["nil", "92c002", octets(2)],
    ["a map", "82010101", octets(2)],
    ["a scalar of n", bytesToHex(encodeOctets(hex(ORDER.toString(16)))), scalar],
    ["a scalar of all ones", bytesToHex(encodeOctets(new Uint8Array(32).fill(255))), scalar],
    ["a scalar of 31 bytes", bytesToHex(encodeOctets(new Uint8Array(31))), scalar],
    ["a point that is none", bytesToHex(encodeOctets(new Uint8Array(33))), (r) => r.point(points)],
    ["a word of 8 bits below 128", "91cc7f", bits],
    ["a word of 16 bits below 256", "91cd00ff", bits],
    ["a word of 32 bits below 65,536", "91ce0000ffff", bits],
    ["a word of 64 bits below 2^32", "91cf00000000ffffffff", bits],
    ["a word cut short", "91cf000000", bits],
    ["a signed word", "91d001", bits],
    ["a float", "91cb0000000000000000", bits],
  ])("%s", (_, bytes, read) => {
    expect(() => decode(hex(bytes), read)).toThrow(new ProtocolAbort("it is malformed"));
  });
});
