import { createHash } from "node:crypto";
import { libsecp256k1Points } from "@countersign/crypto/ot-ecdsa/libsecp256k1-points.ts";
import { noblePoints } from "@countersign/crypto/ot-ecdsa/noble-points.ts";
import { seededBytes } from "./seeded-bytes.ts";
import { randomParties, randomScalar, toolsOf } from "./seeded-world.ts";
import { faultsOf, type Signing, signTogether } from "./sign-together.ts";
import { beginTogether, presignTogether, type Side } from "./two-parties.ts";

/** What a run was, and what was wrong with its signature. */
export interface RunReport {
  readonly seed: number;
  readonly coordinator: Side;
  readonly tweaked: boolean;
  /** Whose arithmetic of points the client has; the relayer's is libsecp256k1's. */
  readonly clientPoints: "libsecp256k1" | "noble";
  /** Calls that the client made for the presignature. */
  readonly calls: number;
  readonly recovery: number;
  readonly faults: readonly string[];
}

/**
 * One run of everything, from two random shares to a signature: who coordinates, the tweak, the message and the order of
 * messages inside of flights are chance, which the seed makes. Throws where a run aborts.
 */
export async function randomRun(seed: number): Promise<RunReport> {
  const bytes = seededBytes(seed);
  const chance = (outOf: number) => (bytes(1)[0] ?? 0) % outOf;
  const clientPoints = chance(25) === 0 ? "noble" : "libsecp256k1";
  const tools = {
    client: toolsOf(bytes, clientPoints === "noble" ? noblePoints : libsecp256k1Points),
    relayer: toolsOf(bytes),
  };
  const parties = randomParties(bytes);
  const begun = await beginTogether(tools, parties);
  const presigned = await presignTogether(tools, parties, begun, ({ flight }) => shuffled(flight, chance));

  const message = bytes(chance(200));
  const signing: Signing = {
    coordinator: chance(2) === 0 ? "client" : "relayer",
    digest: new Uint8Array(createHash("sha256").update(message).digest()),
    entropy: bytes(32),
    tweak: chance(2) === 0 ? undefined : randomScalar(bytes),
  };
  const signature = signTogether(tools, parties, presigned, signing);
  const faults = await faultsOf(signature, message, signing, parties.publicKey);
  if (Buffer.compare(presigned.client.id, presigned.relayer.id) !== 0) faults.push("the ids differ");
  return {
    seed,
    coordinator: signing.coordinator,
    tweaked: signing.tweak !== undefined,
    clientPoints,
    calls: presigned.calls,
    recovery: signature.recovery,
    faults,
  };
}

function shuffled<T>(items: readonly T[], chance: (outOf: number) => number): T[] {
  return items
    .map((item) => ({ item, at: chance(256) }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item);
}
