import { describe, expect, it } from "vitest";
import { encodeMessage, ROOT_PRIVATE, ROOT_SHARED } from "./framing.ts";
import { Mailbox, Slots } from "./mailbox.ts";
import { ProtocolAbort } from "./protocol-abort.ts";

const slots = new Slots([
  { tag: ROOT_SHARED, waitpoint: 0, limit: 4 },
  { tag: ROOT_SHARED, waitpoint: 1, limit: 8 },
  { tag: ROOT_PRIVATE, waitpoint: 0, limit: 8 },
]);
const message = (tag: Uint8Array, waitpoint: number, size = 4) =>
  encodeMessage({ tag, waitpoint, body: new Uint8Array(size).fill(waitpoint + 1) });

describe("a mailbox", () => {
  it("holds messages until they are asked for, in any order, and gives each once", () => {
    const mailbox = new Mailbox(slots);
    expect(mailbox.take(ROOT_SHARED, 0)).toBeUndefined();
    mailbox.deliver(message(ROOT_SHARED, 1));
    mailbox.deliver(message(ROOT_SHARED, 0));
    expect(mailbox.holds(ROOT_SHARED, 0)).toBe(true);
    expect(mailbox.take(ROOT_SHARED, 0)).toEqual(new Uint8Array(4).fill(1));
    expect(mailbox.holds(ROOT_SHARED, 0)).toBe(false);
    expect(mailbox.take(ROOT_SHARED, 0)).toBeUndefined();
    expect(mailbox.take(ROOT_SHARED, 1)).toEqual(new Uint8Array(4).fill(2));
  });

  it("gives several or none", () => {
    const mailbox = new Mailbox(slots);
    mailbox.deliver(message(ROOT_SHARED, 0));
    expect(mailbox.takeAll([ROOT_SHARED, ROOT_PRIVATE], 0)).toBeUndefined();
    mailbox.deliver(message(ROOT_PRIVATE, 0, 2));
    expect(mailbox.takeAll([ROOT_SHARED, ROOT_PRIVATE], 0)).toEqual([
      new Uint8Array(4).fill(1),
      new Uint8Array(2).fill(1),
    ]);
    expect(mailbox.takeAll([ROOT_SHARED, ROOT_PRIVATE], 0)).toBeUndefined();
  });

  it("is finished when all has come and was taken", () => {
    const mailbox = new Mailbox(slots);
    for (const [tag, waitpoint] of [
      [ROOT_SHARED, 0],
      [ROOT_SHARED, 1],
      [ROOT_PRIVATE, 0],
    ] as const) {
      expect(mailbox.finished).toBe(false);
      mailbox.deliver(message(tag, waitpoint));
      expect(mailbox.finished).toBe(false);
      mailbox.take(tag, waitpoint);
    }
    expect(mailbox.finished).toBe(true);
  });

  it("refuses what it had before, even after it was taken", () => {
    const mailbox = new Mailbox(slots);
    mailbox.deliver(message(ROOT_SHARED, 0));
    expect(() => mailbox.deliver(message(ROOT_SHARED, 0))).toThrow(new ProtocolAbort("a message came twice"));
    mailbox.take(ROOT_SHARED, 0);
    expect(() => mailbox.deliver(message(ROOT_SHARED, 0))).toThrow(ProtocolAbort);
  });

  it.each([
    ["another channel", message(new Uint8Array(32), 0)],
    ["another waitpoint", message(ROOT_SHARED, 2)],
    ["a channel's other waitpoint", message(ROOT_PRIVATE, 1)],
    ["a body that is too large", message(ROOT_SHARED, 0, 5)],
    ["no header", new Uint8Array(39)],
  ])("refuses %s", (_, bytes) => {
    const mailbox = new Mailbox(slots);
    expect(() => mailbox.deliver(bytes)).toThrow(ProtocolAbort);
    expect(mailbox.state).toEqual(new Mailbox(slots).state);
  });

  it("goes on from a clone of its state", () => {
    const mailbox = new Mailbox(slots);
    mailbox.deliver(message(ROOT_SHARED, 0));
    mailbox.deliver(message(ROOT_SHARED, 1));
    mailbox.take(ROOT_SHARED, 0);
    const later = new Mailbox(slots, structuredClone(mailbox.state));
    expect(() => later.deliver(message(ROOT_SHARED, 0))).toThrow(ProtocolAbort);
    expect(later.take(ROOT_SHARED, 1)).toEqual(new Uint8Array(4).fill(2));
  });
});
