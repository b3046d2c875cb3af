import { createHash } from "node:crypto";
import { HEADER_SIZE } from "@countersign/crypto/ot-ecdsa/framing.ts";
import type { WireMessage } from "@countersign/crypto/ot-ecdsa/presign-run.ts";
import { ProtocolAbort } from "@countersign/crypto/ot-ecdsa/protocol-abort.ts";
import { describe, expect, it } from "vitest";
import { kindOf } from "./support/message-kinds.ts";
import { seededWorld } from "./support/seeded-world.ts";
import { faultsOf, type Signing, signTogether } from "./support/sign-together.ts";
import { beginTogether, presignTogether, type Side, stored, type Underway } from "./support/two-parties.ts";

const { tools, parties, bytes } = seededWorld(7);

/** Where an honest run was before each of its flights arrived. */
const honest: Underway[] = [];
await presignTogether(tools, parties, await beginTogether(tools, parties), (underway) => {
  const { client, relayer } = underway.runs;
  honest.push({ ...underway, runs: { client: stored(client), relayer: stored(relayer) } });
  return underway.flight;
});

interface Kind {
  readonly to: Side;
  readonly kind: string;
  readonly at: Underway;
  readonly message: WireMessage;
}

/** One message of each kind and direction. */
const kinds: Kind[] = [
  ...new Map(
    honest.flatMap((at) =>
      at.flight.map((message) => {
        const [to, kind] = [at.to, kindOf(message)];
        return [`${to} ${kind}`, { to, kind, at, message }] as const;
      }),
    ),
  ).values(),
];

/**
 * Half of what is in these never matters: of two offers the receiver takes one, and a correction counts where the sender's
 * secret bit is 1. Then the outcome is the same as without the change.
 */
const MAY_NOT_MATTER = new Set(["corrections", "offers"]);

/** Goes on from there with another message in the place of one. Throws what the run throws. */
async function goOn({ at, message }: Kind, changed: readonly WireMessage[]) {
  const flight = at.flight.flatMap((one) => (one === message ? changed : [one]));
  return presignTogether(tools, parties, { ...at, flight });
}

const withData = ({ message }: Kind, data: Uint8Array): WireMessage[] => [{ ...message, data }];

function flipped(data: Uint8Array, at: number): Uint8Array {
  const changed = data.slice();
  changed[at] = (changed[at] ?? 0) ^ (1 + ((bytes(1)[0] ?? 0) % 255));
  return changed;
}

it("a presignature is made of 25 kinds of messages", () => {
  expect(kinds.filter(({ to }) => to === "relayer").map(({ kind }) => kind)).toHaveLength(13);
  expect(kinds.filter(({ to }) => to === "client").map(({ kind }) => kind)).toHaveLength(12);
  expect(kinds.map(({ kind }) => kind)).not.toContain("unknown");
});

describe.each(kinds)("to the $to: $kind", (kind) => {
  const { data } = kind.message;

  it("with a byte changed anywhere aborts the run", async () => {
    const places = [0, 1, 2, 3, 4].map(
      (part) => HEADER_SIZE + Math.floor(((data.length - HEADER_SIZE - 1) * part) / 4),
    );
    for (const place of places) {
      const run = goOn(kind, withData(kind, flipped(data, place)));
      if (MAY_NOT_MATTER.has(kind.kind)) await expectAbortOrTheSame(run);
      else await expect(run).rejects.toThrow(ProtocolAbort);
    }
  });

  it("with another header, cut off, too long, doubled or missing aborts the run", async () => {
    const changes: WireMessage[][] = [
      withData(kind, flipped(data, 5)),
      withData(kind, flipped(data, 32)),
      withData(kind, flipped(data, 39)),
      withData(kind, data.slice(0, -1)),
      withData(kind, data.slice(0, HEADER_SIZE)),
      withData(kind, data.slice(0, HEADER_SIZE - 1)),
      withData(kind, Uint8Array.from([...data, 0])),
      [kind.message, kind.message],
      [{ ...kind.message, phase: "sign" }],
      [{ ...kind.message, phase: kind.message.phase === "triples" ? "presign" : "triples" }],
      [],
    ];
    for (const changed of changes) await expect(goOn(kind, changed)).rejects.toThrow(ProtocolAbort);
    const large = withData(kind, Uint8Array.from([...data, ...new Uint8Array(100_000)]));
    await expect(goOn(kind, large)).rejects.toThrow("too large");
  });
});

it.each(["relayer", "client"] as const)("messages to the %s from another run abort it", async (to) => {
  const others: WireMessage[] = [];
  await presignTogether(tools, parties, await beginTogether(tools, parties), (underway) => {
    if (underway.to === to) others.push(...underway.flight);
    return underway.flight;
  });
  for (const kind of kinds.filter((one) => one.to === to)) {
    const [other] = others.filter((message) => kindOf(message) === kind.kind);
    if (other === undefined) throw new Error(`no ${kind.kind}`);
    const sameHeader = Uint8Array.from([
      ...kind.message.data.subarray(0, HEADER_SIZE),
      ...other.data.subarray(HEADER_SIZE),
    ]);
    const run = goOn(kind, withData(kind, sameHeader));
    await expect(run, kind.kind).rejects.toThrow(ProtocolAbort);
    // A product that is off is noticed by itself, not only by what is made of it.
    if (kind.kind === "reply") await expect(run).rejects.toThrow("another product");
  }
});

/** The run aborts, or its presignature signs as if nothing had been. */
async function expectAbortOrTheSame(run: ReturnType<typeof goOn>): Promise<void> {
  const outcome = await run.catch((error: unknown) => error);
  if (outcome instanceof Error) {
    expect(outcome).toBeInstanceOf(ProtocolAbort);
    return;
  }
  const message = bytes(10);
  const signing: Signing = {
    coordinator: "client",
    digest: new Uint8Array(createHash("sha256").update(message).digest()),
    entropy: bytes(32),
    tweak: undefined,
  };
  const presigned = outcome as Awaited<typeof run>;
  const signature = signTogether(tools, parties, presigned, signing);
  expect(await faultsOf(signature, message, signing, parties.publicKey)).toEqual([]);
}
