import { readFileSync } from "node:fs";
import { bytesToHex, hexToBytes } from "@noble/hashes/utils.js";
import { describe, expect, it } from "vitest";
import { decodeBody } from "./codec.ts";
import { decodeMessage, encodeMessage, type Message, ROOT_SHARED } from "./framing.ts";
import { Mailbox, Slots } from "./mailbox.ts";
import {
  advanceMultiplication,
  beginMultiplication,
  type Factors,
  type MultiplicationState,
  multiplicationSlots,
} from "./multiplication.ts";
import { channelsOf, isSender } from "./multiplication-channels.ts";
import { ProtocolAbort } from "./protocol-abort.ts";
import { addScalars, isZero, multiplyScalars, randomScalar } from "./scalar.ts";
import { flipped, random, tools } from "./test-tools.ts";

const SID = random("", 32);
const factors = (): Factors => ({ e: randomScalar(random, "e"), f: randomScalar(random, "f") });
const cross = (a: Factors, b: Factors) => addScalars(multiplyScalars(a.e, b.f), multiplyScalars(a.f, b.e));

/** What the step that leaves a state uses up. */
const USED_UP: Readonly<Record<string, readonly string[]>> = {
  corrections: ["keys"],
  check: ["delta", "q"],
  replies: ["masks", "factors"],
  "base answers": ["y"],
  offers: ["choices", "t", "factors"],
};

/** One side of a multiplication. Between two steps it lives as a clone of its state. */
class Side {
  state: MultiplicationState;
  readonly factors = factors();
  readonly #sid: Uint8Array;
  readonly #slots: Slots;
  #mailbox: Mailbox;
  readonly #first: Message[];

  constructor(participant: 1 | 2, index: number, sid = SID) {
    this.#sid = sid;
    this.#slots = new Slots(multiplicationSlots(participant, index));
    this.#mailbox = new Mailbox(this.#slots);
    const begun = beginMultiplication(tools, participant, index, this.factors);
    this.state = begun.state;
    this.#first = begun.messages;
  }

  get product(): Uint8Array | undefined {
    return this.state.step === "done" ? this.state.product : undefined;
  }

  get finished(): boolean {
    return this.#mailbox.finished;
  }

  async take(flight: readonly Message[]): Promise<Message[]> {
    for (const message of flight) this.#mailbox.deliver(encodeMessage(message));
    const step = await advanceMultiplication(tools, this.state, this.#mailbox, this.#sid);
    this.state = structuredClone(step.state);
    this.#mailbox = new Mailbox(this.#slots, structuredClone(this.#mailbox.state));
    return [...this.#first.splice(0), ...step.messages];
  }
}

/** The sender and the receiver of a multiplication, whichever participants they are. */
function sides(index = 0, receiversSid = SID) {
  const sender = isSender(1, index) ? 1 : 2;
  return {
    sender: new Side(sender, index),
    receiver: new Side(sender === 1 ? 2 : 1, index, receiversSid),
  };
}

/** Lets both run to the end. `tamper` may change each flight. Gives the flights, the receiver's first. */
async function run(
  { sender, receiver }: ReturnType<typeof sides>,
  tamper: (flight: Message[], number: number) => Message[] = (flight) => flight,
): Promise<Message[][]> {
  const flights: Message[][] = [];
  let flight: Message[] = [];
  do {
    const to = flights.length % 2 === 0 ? receiver : sender;
    flight = tamper(await to.take(flight), flights.length);
    flights.push(flight);
  } while (flight.length > 0);
  return flights;
}

/** An index for which participant 1 is the sender. */
const swapped = Array.from({ length: 64 }, (_, index) => index).find((index) => isSender(1, index)) ?? -1;

describe("a multiplication", () => {
  it("gives the relayer of the first two triples the sender's part, as in the reference library", () => {
    expect([0, 1].map((index) => isSender(2, index))).toEqual([true, true]);
    expect(swapped).toBeGreaterThan(1);
    expect(isSender(2, swapped)).toBe(false);
  });

  it.each([0, 1, swapped])("with index %i gives shares of both cross products", async (index) => {
    const { sender, receiver } = sides(index);
    await run({ sender, receiver });
    const [a, b] = [sender.product, receiver.product];
    if (a === undefined || b === undefined) throw new Error("not finished");
    expect(addScalars(a, b)).toEqual(cross(sender.factors, receiver.factors));
    expect([sender.finished, receiver.finished]).toEqual([true, true]);
  });

  it("has seven flights, each only after the one before", async () => {
    const flights = await run(sides());
    const { base, extension, corrections, products } = channelsOf(0);
    const names = (flight: Message[]) =>
      flight.map(({ tag, waitpoint }) => `${bytesToHex(tag)}/${waitpoint}`);
    const name = (tag: Uint8Array, waitpoint: number) => `${bytesToHex(tag)}/${waitpoint}`;
    expect(flights.map((flight) => flight.length)).toEqual([1, 128, 1, 1, 1, 2, 2, 0]);
    expect(
      [flights[0], flights[2], flights[3], flights[4], flights[5], flights[6]].map((f) => names(f ?? [])),
    ).toEqual([
      [name(base, 0)],
      [name(corrections, 0)],
      [name(extension, 0)],
      [name(extension, 1)],
      products.map((tag) => name(tag, 0)),
      products.map((tag) => name(tag, 1)),
    ]);
  });

  it("waits for the last answer to the base point, and for both offers and replies", async () => {
    const { sender, receiver } = sides();
    const answers = await sender.take(await receiver.take([]));
    expect(await receiver.take(answers.slice(0, 127).reverse())).toEqual([]);
    const check = await receiver.take(await sender.take(await receiver.take(answers.slice(127))));
    const offers = await sender.take(check);
    expect(await receiver.take(offers.slice(1))).toEqual([]);
    const replies = await receiver.take(offers.slice(0, 1));
    expect(await sender.take(replies.slice(1))).toEqual([]);
    expect(sender.product).toBeUndefined();
    await sender.take(replies.slice(0, 1));
    expect(addScalars(sender.product ?? SID, receiver.product ?? SID)).toEqual(
      cross(sender.factors, receiver.factors),
    );
  });

  it("fails when the sides are not of the same session", async () => {
    await expect(run(sides(0, random("", 32)))).rejects.toThrow(
      new ProtocolAbort("the check of the OT extension fails"),
    );
  });

  it("leaves nothing of a state that was used up", async () => {
    const { sender, receiver } = sides();
    const seen: MultiplicationState[] = [];
    await run({ sender, receiver }, (flight) => {
      seen.push(sender.state, receiver.state);
      return flight;
    });
    const used = Object.entries(USED_UP).flatMap(([step, names]) => names.map((name) => ({ step, name })));
    for (const { step, name } of used) {
      const states = seen.filter((state) => state.step === step) as unknown as Record<string, unknown>[];
      expect(states.length).toBeGreaterThan(0);
      for (const state of states) expect(isWiped(state[name])).toBe(true);
    }
  });
});

describe("a message with a bit changed", () => {
  it.each([
    ["the base point", 0],
    ["an answer to it", 1],
    ["the corrections", 2],
    ["the seed", 3],
    ["the check", 4],
    ["an offer", 5],
    ["a reply", 6],
  ])("aborts, or gives a product that is none: %s", async (_, number) => {
    for (const place of [0, 0.37, 0.999]) {
      const both = sides();
      const outcome = await run(both, (flight, at) =>
        at === number ? changed(flight, place) : flight,
      ).catch((error: unknown) => error);
      if (outcome instanceof Error) {
        expect(outcome).toBeInstanceOf(ProtocolAbort);
        continue;
      }
      // The check does not look where δ is 0, and the scalars that were not chosen are not looked at.
      if (number === 2 || number === 5) continue;
      const sum = addScalars(both.sender.product ?? SID, both.receiver.product ?? SID);
      expect(sum).not.toEqual(cross(both.sender.factors, both.receiver.factors));
    }
  });
});

describe.each([
  ["client-vs-reference-relayer.json", 1],
  ["relayer-vs-reference-client.json", 2],
] as const)("the recorded multiplications of %s", (file, participant) => {
  const recording = read(file);

  it("come out byte for byte", async () => {
    const replayed = { ...tools, random: recording.random };
    const slots = new Slots([0, 1].flatMap((index) => multiplicationSlots(participant, index)));
    const mailbox = new Mailbox(slots);
    for (const message of recording.received) {
      const { tag, waitpoint } = decodeMessage(message);
      if (slots.find(tag, waitpoint) !== undefined) mailbox.deliver(message);
    }
    const sent: Message[] = [];
    for (const index of [0, 1]) {
      const begun = beginMultiplication(replayed, participant, index, recording.factors(index));
      const sid = recording.confirmations[index] ?? SID;
      const { state, messages } = await advanceMultiplication(replayed, begun.state, mailbox, sid);
      sent.push(...begun.messages, ...messages);
      const product = state.step === "done" ? state.product : SID;
      const { e, f } = recording.factors(index);
      const whole = addScalars(multiplyScalars(e, f), product);
      expect(tools.points.multiplyBase(whole)).toEqual(recording.products[index]);
    }
    expect(mailbox.finished).toBe(true);
    const expected = recording.sent.filter((message) => !isShared(message));
    expect(sent.map((message) => bytesToHex(encodeMessage(message))).sort()).toEqual(
      expected.map(bytesToHex).sort(),
    );
  });
});

/** The flight with one bit changed in its first message's body. */
function changed(flight: readonly Message[], place: number): Message[] {
  const [first, ...rest] = flight;
  if (first === undefined) return [];
  // The lowest bit: it leaves a small integer a small integer.
  const bit = 8 * Math.floor(first.body.length * place);
  return [{ ...first, body: flipped(first.body, bit) }, ...rest];
}

function isWiped(secret: unknown): boolean {
  if (secret instanceof Uint8Array) return isZero(secret);
  return typeof secret === "object" && secret !== null && Object.values(secret).every(isWiped);
}

function isShared(message: Uint8Array): boolean {
  return bytesToHex(decodeMessage(message).tag) === bytesToHex(ROOT_SHARED);
}

/** What of a recording belongs to its multiplications. */
function read(file: string) {
  const url = new URL(`../../../tests/vectors/threshold-ecdsa/${file}`, import.meta.url);
  const recording = JSON.parse(readFileSync(url, "utf8")) as {
    readonly rand: Record<string, string[]>;
    readonly in: [string, string][];
    readonly out: [string, string][];
  };
  const [received, sent] = [recording.in, recording.out].map((messages) =>
    messages.filter(([phase]) => phase === "triple").map(([, message]) => hexToBytes(message)),
  ) as [Uint8Array[], Uint8Array[]];
  const shared = (waitpoint: number) => {
    const message = sent.find((one) => isShared(one) && decodeMessage(one).waitpoint === waitpoint);
    return decodeMessage(message ?? new Uint8Array(0)).body;
  };
  const left = structuredClone(recording.rand);
  const coefficient = (name: string, index: number) => hexToBytes(recording.rand[name]?.[2 * index] ?? "");
  return {
    received,
    sent,
    confirmations: decodeBody(shared(1), "h", (reader) => reader.items(2, () => reader.octets(32))),
    /** e₁f₁ and the share of the cross products, times G: the message's proofs are not of interest. */
    products: decodeBody(shared(5), "Ĉ", (reader) => {
      reader.array(2);
      const products = reader.items(2, () => reader.point(tools.points));
      reader.items(2, () => [reader.array(2), reader.scalar(), reader.scalar()]);
      return products;
    }),
    factors: (index: number): Factors => ({ e: coefficient("e", index), f: coefficient("f", index) }),
    random: (purpose: string, size: number) => {
      const bytes = hexToBytes(left[purpose]?.shift() ?? "");
      expect(bytes).toHaveLength(size);
      return bytes;
    },
  };
}
