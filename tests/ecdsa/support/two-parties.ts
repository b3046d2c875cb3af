import { deserialize, serialize } from "node:v8";
import {
  advancePresign,
  beginPresign,
  type Presignature,
  type PresignParty,
  type PresignRun,
  type WireMessage,
} from "@countersign/crypto/ot-ecdsa/presign-run.ts";
import type { RunTools } from "@countersign/crypto/ot-ecdsa/run-tools.ts";
import { secp256k1 } from "@noble/curves/secp256k1.js";

export type Side = "client" | "relayer";
export type Both<T> = Readonly<Record<Side, T>>;

/** A key, and each side's half of it. */
export interface TwoParties extends Both<PresignParty> {
  /** X, 33 bytes. */
  readonly publicKey: Uint8Array;
}

/** Two runs, and the flight that is on its way between them. */
export interface Underway {
  readonly runs: Both<PresignRun>;
  readonly to: Side;
  readonly flight: readonly WireMessage[];
}

/** Both presignatures, and the calls that the client made for them. */
export interface Presigned extends Both<Presignature> {
  readonly calls: number;
}

/** What happens to a flight on its way. */
export type Carrier = (underway: Underway) => readonly WireMessage[];

const MOST_CALLS = 10;

/** A key whose halves are `client` and `relayer`, 32 bytes each. */
export function partiesOf(client: Uint8Array, relayer: Uint8Array): TwoParties {
  const pointOf = (share: Uint8Array) => secp256k1.Point.fromBytes(secp256k1.getPublicKey(share));
  const publicKey = pointOf(client).add(pointOf(relayer)).toBytes();
  return {
    client: { participant: 1, share: client, publicKey },
    relayer: { participant: 2, share: relayer, publicKey },
    publicKey,
  };
}

/** The client's first call. */
export async function beginTogether(tools: Both<RunTools>, parties: TwoParties): Promise<Underway> {
  const client = await beginPresign(tools.client, parties.client);
  const relayer = await beginPresign(tools.relayer, parties.relayer);
  return { runs: { client: client.run, relayer: relayer.run }, to: "relayer", flight: client.flight };
}

/** Calls and answers until there is a presignature. Both runs are stored and read again between flights. */
export async function presignTogether(
  tools: Both<RunTools>,
  parties: TwoParties,
  begun: Underway,
  carry: Carrier = ({ flight }) => flight,
): Promise<Presigned> {
  const presignatures: Partial<Record<Side, Presignature>> = {};
  let calls = 0;
  for (let underway = begun; ; ) {
    const { runs, to } = underway;
    const flight = carry(underway);
    if (to === "relayer" && ++calls > MOST_CALLS) throw new Error("the parties find no end");
    const advanced = await advancePresign(tools[to], parties[to], stored(runs[to]), flight);
    if (advanced.presignature !== undefined) presignatures[to] = advanced.presignature;
    const { client, relayer } = presignatures;
    if (client !== undefined && relayer !== undefined) return { client, relayer, calls };
    underway = { runs: { ...runs, [to]: advanced.run }, to: otherSide(to), flight: advanced.flight };
  }
}

export function otherSide(side: Side): Side {
  return side === "client" ? "relayer" : "client";
}

/** A run as it is kept between two calls. */
export function stored(run: PresignRun): PresignRun {
  return deserialize(serialize(run));
}
