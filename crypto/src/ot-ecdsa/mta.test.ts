import { describe, expect, it } from "vitest";
import { bitAt } from "./bits.ts";
import { decodeBody, encodeArray, encodeOctets } from "./codec.ts";
import { MTA_TRANSFERS, OFFER_LIMIT, offerFactor, REPLY_LIMIT, replyToOffer, shareOfReply } from "./mta.ts";
import { scalarAt } from "./ot-extension.ts";
import { ProtocolAbort } from "./protocol-abort.ts";
import { addScalars, multiplyScalars, ORDER, randomScalar, reduce, SCALAR_SIZE } from "./scalar.ts";
import { random, tools } from "./test-tools.ts";

function transfers(choices: Uint8Array) {
  const [v0, v1, v] = [0, 0, 0].map(() => new Uint8Array(MTA_TRANSFERS * SCALAR_SIZE)) as [
    Uint8Array,
    Uint8Array,
    Uint8Array,
  ];
  for (let i = 0; i < MTA_TRANSFERS; i++) {
    scalarAt(v0, i).set(randomScalar(random, ""));
    scalarAt(v1, i).set(randomScalar(random, ""));
    scalarAt(v, i).set(scalarAt(bitAt(choices, i) === 1 ? v1 : v0, i));
  }
  return { v0, v1, v };
}

async function exchanged(a: Uint8Array, b: Uint8Array, choices = random("", MTA_TRANSFERS / 8)) {
  const { v0, v1, v } = transfers(choices);
  const offer = await offerFactor(tools, "mta.delta@0", v0, v1, a);
  const reply = await replyToOffer(tools, "mta.seed@0", v, choices, b, offer.body);
  return { choices, v, offer, reply };
}

describe("shares of a product", () => {
  it.each([
    ["random factors", randomScalar(random, ""), randomScalar(random, "")],
    ["zero and something", new Uint8Array(32), randomScalar(random, "")],
    ["something and zero", randomScalar(random, ""), new Uint8Array(32)],
    ["n − 1 and n − 1", reduce(-1n), reduce(-1n)],
  ])("add up to it: %s", async (_, a, b) => {
    const { offer, reply } = await exchanged(a, b);
    const alpha = await shareOfReply(tools, offer.masks, reply.body);
    expect(addScalars(alpha, reply.share)).toEqual(multiplyScalars(a, b));
  });

  it("add up to it whatever the choices, the first above all", async () => {
    const first = Uint8Array.from({ length: 48 }, (_, i) => (i === 0 ? 1 : 0));
    for (const choices of [new Uint8Array(48), new Uint8Array(48).fill(255), first]) {
      const [a, b] = [randomScalar(random, ""), randomScalar(random, "")];
      const { offer, reply } = await exchanged(a, b, choices);
      const alpha = await shareOfReply(tools, offer.masks, reply.body);
      expect(addScalars(alpha, reply.share)).toEqual(multiplyScalars(a, b));
    }
  });

  it("travel in messages below their limits", async () => {
    const { offer, reply } = await exchanged(randomScalar(random, ""), randomScalar(random, ""));
    expect(offer.body.length).toBeLessThanOrEqual(OFFER_LIMIT);
    expect(reply.body.length).toBeLessThanOrEqual(REPLY_LIMIT);
    const most = encodeOctets(new Uint8Array(32).fill(255));
    expect(encodeArray(Array(MTA_TRANSFERS).fill(encodeArray([most, most])))).toHaveLength(OFFER_LIMIT);
    expect(encodeArray([most, most])).toHaveLength(REPLY_LIMIT);
  });
});

describe("an offer", () => {
  it("is refused with a scalar that is not below n, with a pair missing, or one too many", async () => {
    const { choices, v, offer } = await exchanged(randomScalar(random, ""), randomScalar(random, ""));
    const pairs = decodeBody(offer.body, "an offer", (reader) =>
      reader.items(MTA_TRANSFERS, () => {
        reader.array(2);
        return [reader.scalar(), reader.scalar()];
      }),
    );
    const encode = (list: Uint8Array[][]) =>
      encodeArray(list.map((pair) => encodeArray(pair.map(encodeOctets))));
    expect(encode(pairs)).toEqual(offer.body);
    const order = Uint8Array.from(Buffer.from(ORDER.toString(16), "hex"));
    for (const bad of [
      encode([...pairs.slice(1), [order, order]]),
      encode(pairs.slice(1)),
      encode([...pairs, ...pairs.slice(0, 1)]),
      encode([...pairs.slice(1), pairs.flat().slice(0, 3)]),
    ]) {
      const reply = replyToOffer(tools, "mta.seed@0", v, choices, randomScalar(random, ""), bad);
      await expect(reply).rejects.toThrow(ProtocolAbort);
    }
  });
});

describe("a reply", () => {
  it("is refused when it is not a scalar and a seed", async () => {
    const { offer, reply } = await exchanged(randomScalar(random, ""), randomScalar(random, ""));
    const all = new Uint8Array(32).fill(255);
    for (const bad of [
      new Uint8Array(0),
      reply.body.subarray(1),
      encodeArray([encodeOctets(all), encodeOctets(all)]),
      encodeArray([encodeOctets(new Uint8Array(32)), encodeOctets(new Uint8Array(31))]),
    ]) {
      await expect(shareOfReply(tools, offer.masks, bad)).rejects.toThrow(ProtocolAbort);
    }
  });
});
