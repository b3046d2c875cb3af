import { BadInput } from "@countersign/crypto/bad-input.ts";
import { HEADER_SIZE } from "@countersign/crypto/ot-ecdsa/framing.ts";
import {
  advancePresign,
  beginPresign,
  type PresignRun,
  type WireMessage,
  wipePresign,
  wipePresignature,
} from "@countersign/crypto/ot-ecdsa/presign-run.ts";
import { ProtocolAbort } from "@countersign/crypto/ot-ecdsa/protocol-abort.ts";
import { describe, expect, it } from "vitest";
import { kindOf } from "./support/message-kinds.ts";
import { seededWorld } from "./support/seeded-world.ts";
import { beginTogether, presignTogether, type Side, stored, type Underway } from "./support/two-parties.ts";

const { tools, parties } = seededWorld(11);

/** An honest run, as it was before each flight. */
const flights: Underway[] = [];
const presigned = await presignTogether(tools, parties, await beginTogether(tools, parties), (underway) => {
  const { client, relayer } = underway.runs;
  flights.push({ ...underway, runs: { client: stored(client), relayer: stored(relayer) } });
  return underway.flight;
});

const kindsOf = (flight: readonly WireMessage[]) => [...new Set(flight.map(kindOf))].sort();
const only = (value: readonly Uint8Array[]) => value.every((bytes) => bytes.every((byte) => byte === 0));

/** Delivers a flight of the honest run again, as `change` makes it. */
function again(index: number, change: (flight: readonly WireMessage[]) => readonly WireMessage[]) {
  const { runs, to, flight } = flights[index] ?? fail(index);
  const run = stored(runs[to]);
  return { run, advanced: advancePresign(tools[to], parties[to], run, change(flight)) };
}

function fail(index: number): never {
  throw new Error(`there is no flight ${index}`);
}

describe("a presignature", () => {
  it("takes five calls, with the same messages in each", () => {
    expect(presigned.calls).toBe(5);
    expect(flights.map(({ to, flight }) => [to, kindsOf(flight)])).toEqual([
      ["relayer", ["base point", "commitments"]],
      ["client", ["base answer", "commitments", "confirmations", "openings", "values"]],
      ["relayer", ["confirmations", "corrections", "openings", "products", "values"]],
      ["client", ["check's seed", "products"]],
      ["relayer", ["check"]],
      ["client", ["offers"]],
      ["relayer", ["constants", "reply", "values of l"]],
      ["client", ["constants", "e", "values of l"]],
      ["relayer", ["alpha and beta", "e"]],
      ["client", ["alpha and beta"]],
    ]);
  });

  it("has one id and one R on both sides, and different shares", () => {
    const { client, relayer } = presigned;
    expect(client.id).toEqual(relayer.id);
    expect(client.bigR).toEqual(relayer.bigR);
    expect(client.k).not.toEqual(relayer.k);
    expect(client.sigma).not.toEqual(relayer.sigma);
  });

  it("goes through the stages and never back", () => {
    const stages = (side: Side) => flights.map(({ runs }) => runs[side].stage);
    expect(new Set(stages("relayer"))).toEqual(new Set(["triples", "triples_done", "done"]));
    expect(new Set(stages("client"))).toEqual(new Set(["triples", "presign"]));
  });

  it("also comes of the six calls that the reference library's client makes", async () => {
    const order: Readonly<Record<string, number>> = {
      commitments: 1,
      ...{ confirmations: 2, openings: 2, values: 2, "base point": 2 },
      ...{ products: 3, corrections: 3 },
      check: 4,
      ...{ reply: 5, constants: 5, "values of l": 5 },
      ...{ e: 6, "alpha and beta": 6 },
    };
    const begun = await beginTogether(tools, parties);
    let client = begun.runs.client;
    let relayer = begun.runs.relayer;
    let waiting = begun.flight;
    for (let call = 1; call <= 6; call++) {
      const request = waiting.filter((message) => order[kindOf(message)] === call);
      waiting = waiting.filter((message) => !request.includes(message));
      const answer = await advancePresign(tools.relayer, parties.relayer, stored(relayer), request);
      const next = await advancePresign(tools.client, parties.client, stored(client), answer.flight);
      waiting = [...waiting, ...next.flight];
      [relayer, client] = [answer.run, next.run];
      if (call < 6) continue;
      expect(waiting).toEqual([]);
      expect(answer.presignature?.id).toBeDefined();
      expect(next.presignature?.id).toEqual(answer.presignature?.id);
    }
  });
});

describe("nothing is told too early", () => {
  it.each<[withheld: string, of: number, silent: readonly string[]]>([
    ["openings", 2, ["products"]],
    ["confirmations", 2, ["products"]],
    ["values", 2, ["products"]],
    ["corrections", 2, ["check's seed"]],
    ["confirmations", 1, ["products"]],
    ["base answer", 1, ["corrections"]],
    ["reply", 6, ["constants", "values of l", "e"]],
    ["values of l", 6, ["e"]],
    ["constants", 7, ["e", "alpha and beta"]],
    ["e", 7, ["alpha and beta"]],
    ["e", 8, ["alpha and beta"]],
  ])("without %s in flight %i", async (withheld, index, silent) => {
    const { advanced } = again(index, (flight) => flight.filter((message) => kindOf(message) !== withheld));
    const sent = await advanced.then(({ flight }) => flight.map(kindOf), expectAbort);
    for (const kind of silent) expect(sent).not.toContain(kind);
    const { advanced: whole } = again(index, (flight) => flight);
    const honest = (await whole).flight.map(kindOf);
    expect(silent.some((kind) => honest.includes(kind))).toBe(true);
  });

  it("by the relayer, who does not speak before the client", async () => {
    const { flight } = await beginPresign(tools.relayer, parties.relayer);
    expect(flight).toEqual([]);
  });
});

describe("a run that aborts", () => {
  it.each<[why: string, change: (flight: readonly WireMessage[]) => WireMessage[]]>([
    ["an empty flight", () => []],
    ["a flight without the commitments", (flight) => flight.filter((one) => kindOf(one) !== "commitments")],
    ["a flight that came twice", (flight) => [...flight, ...flight]],
    ["a header that no phase has", (flight) => [...flight, strange()]],
    [
      "a message of another phase",
      (flight) => flight.map((message) => ({ ...message, phase: "sign" as const })),
    ],
  ])("because of %s is wiped, and over", async (_, change) => {
    for (const index of [0, 1]) {
      const { run, advanced } = again(index, change);
      await expect(advanced).rejects.toThrow(ProtocolAbort);
      expect(only(secretsOf(run))).toBe(true);
      const { to, flight } = flights[index] ?? fail(index);
      await expect(advancePresign(tools[to], parties[to], run, flight)).rejects.toThrow(ProtocolAbort);
    }
  });

  it("because the platform's randomness fails is wiped, too", async () => {
    const { runs, to, flight } = flights[1] ?? fail(1);
    const run = stored(runs[to]);
    const broken = () => {
      throw new Error("no entropy");
    };
    await expect(advancePresign({ ...tools[to], random: broken }, parties[to], run, flight)).rejects.toThrow(
      "no entropy",
    );
    expect(only(secretsOf(run))).toBe(true);
  });

  it("because its generator gives too little, or zeros, tells the peer nothing", async () => {
    for (const random of [
      () => new Uint8Array(31).fill(1),
      (_: string, size: number) => new Uint8Array(size),
    ]) {
      await expect(beginPresign({ ...tools.client, random }, parties.client)).rejects.toThrow(ProtocolAbort);
    }
  });
});

describe("a run", () => {
  it("does not take a flight twice", async () => {
    const { runs, to, flight } = flights[2] ?? fail(2);
    const { run } = await advancePresign(tools[to], parties[to], stored(runs[to]), flight);
    await expect(advancePresign(tools[to], parties[to], run, flight)).rejects.toThrow(ProtocolAbort);
  });

  it("is over with the presignature, and holds no secret then", async () => {
    const { runs, to, flight } = flights[9] ?? fail(9);
    const { run, presignature } = await advancePresign(tools[to], parties[to], stored(runs[to]), flight);
    expect(run).toMatchObject({ stage: "done", triples: undefined, presign: undefined });
    expect(presignature?.k.some((byte) => byte !== 0)).toBe(true);
    await expect(advancePresign(tools[to], parties[to], run, flight)).rejects.toThrow("over");
  });

  it("can be erased while its flight is on its way", async () => {
    for (const index of [0, 1, 2]) {
      const { run, advanced } = again(index, (flight) => flight);
      const { run: next, flight } = await advanced;
      const sent = structuredClone(flight);
      wipePresign(run);
      wipePresign(next);
      expect(flight).toEqual(sent);
    }
  });

  it("is erased by hand", () => {
    const run = stored((flights[4] ?? fail(4)).runs.client);
    wipePresign(run);
    expect(only(secretsOf(run))).toBe(true);
    expect(run.stage).toBe("done");
    const presignature = structuredClone(presigned.client);
    wipePresignature(presignature);
    expect(only([presignature.k, presignature.sigma])).toBe(true);
    expect(presignature.id).toEqual(presigned.client.id);
  });

  it("with another half of the key than the key has is not brought to an end", async () => {
    const wrong = { ...parties, client: { ...parties.client, share: parties.relayer.share } };
    const run = presignTogether(tools, wrong, await beginTogether(tools, wrong));
    await expect(run).rejects.toThrow("beta does not belong");
  });

  it("is not begun by a party that is none", async () => {
    const { client } = parties;
    for (const party of [
      { ...client, share: new Uint8Array(32) },
      { ...client, share: new Uint8Array(32).fill(255) },
      { ...client, share: client.share.subarray(1) },
      { ...client, publicKey: new Uint8Array(33) },
      { ...client, publicKey: client.publicKey.subarray(1) },
    ]) {
      await expect(beginPresign(tools.client, party)).rejects.toThrow(BadInput);
    }
  });
});

/** Every byte string of a run, but what is public in it by name. */
function secretsOf(run: PresignRun): Uint8Array[] {
  const found: Uint8Array[] = [];
  const look = (value: unknown) => {
    if (value instanceof Uint8Array) found.push(value);
    else if (typeof value === "object" && value !== null) for (const one of Object.values(value)) look(one);
  };
  look(run);
  expect(found.length).toBeGreaterThan(0);
  return found;
}

function strange(): WireMessage {
  return { phase: "triples", data: new Uint8Array(HEADER_SIZE + 1).fill(1) };
}

function expectAbort(error: unknown): string[] {
  expect(error).toBeInstanceOf(ProtocolAbort);
  return [];
}
