import { createHash } from "node:crypto";
import { formatPublicKey } from "@countersign/near";
import { verifySignature } from "@countersign/near/verify";
import type { KeyBackend } from "../relayer-signer/key-backend.ts";
import type { Backend } from "./backend.ts";
import { wordsOf } from "./backend-failure.ts";

/** A backend of the configuration, not opened yet, with the keys that the configuration lists there. */
export interface ConfiguredPlace {
  readonly name: string;
  open(): Promise<Backend>;
  readonly keys: readonly { readonly keyId: string; readonly reference: string }[];
}

/** What one key did. `problem` is null if all is well; latencies are in milliseconds. */
export interface KeyFinding {
  readonly keyId: string;
  readonly publicKey: string | null;
  readonly p50Ms: number | null;
  readonly p95Ms: number | null;
  readonly problem: string | null;
}

/** What one backend did, and each of its keys. `place` is its own description of itself. */
export interface PlaceFinding {
  readonly backend: string;
  readonly place: string | null;
  readonly problem: string | null;
  readonly keys: readonly KeyFinding[];
}

export interface DoctorTools {
  readonly randomBytes: (size: number) => Uint8Array;
  /** Monotonic clock in milliseconds. */
  readonly now: () => number;
}

const DOMAIN = Buffer.from("countersign doctor v1\0");
const SIGNATURES = 20;
const CHECK_TIMEOUT_MS = 10_000;

/**
 * What the doctor has signed: the SHA-256 of "countersign doctor v1", a zero byte and 32 random bytes.
 *
 * These signatures are outside of the journal, so they must be worth nothing. NEAR signs SHA-256 of borsh too, whose
 * first four bytes say how long an account id is (a transaction), or are a prefix of their own (a delegate action,
 * NEP-366; an off-chain message, NEP-413). The first four here, "coun", are none of these prefixes and far longer than
 * an account id: that a transaction had this hash would be a collision of SHA-256.
 */
export function doctorMessage(random: Uint8Array): Uint8Array {
  return createHash("sha256").update(DOMAIN).update(random).digest();
}

/**
 * Opens every backend, reads the public half of every key, has each sign once and then 20 times more for the latency,
 * and verifies every signature. One that fails does not stop the others. Signs past policy and journal, nothing but
 * `doctorMessage`.
 */
export function examinePlaces(
  places: readonly ConfiguredPlace[],
  tools: DoctorTools,
): Promise<PlaceFinding[]> {
  return Promise.all(places.map((place) => examinePlace(place, tools)));
}

async function examinePlace(place: ConfiguredPlace, tools: DoctorTools): Promise<PlaceFinding> {
  let backend: Backend;
  try {
    backend = await place.open();
  } catch (error) {
    return { backend: place.name, place: null, problem: problemOf(error), keys: [] };
  }
  const found = { backend: place.name, place: backend.describe() };
  const keys: KeyFinding[] = [];
  let problem: string | null = null;
  try {
    // One key after the other: the latency is to be that of a place that has nothing else to do.
    for (const { keyId, open } of await keysOf(place, backend))
      keys.push(await examineKey(keyId, open, tools));
    await backend.check(AbortSignal.timeout(CHECK_TIMEOUT_MS));
  } catch (error) {
    problem = problemOf(error);
  }
  try {
    await backend.close();
  } catch (error) {
    problem ??= `could not be closed: ${problemOf(error)}`;
  }
  return { ...found, problem, keys };
}

/** Those that the configuration lists, and those that the place itself knows of. */
async function keysOf(
  { keys }: ConfiguredPlace,
  backend: Backend,
): Promise<{ keyId: string; open: () => Promise<KeyBackend> }[]> {
  const held = (await backend.heldKeys?.()) ?? [];
  return [
    ...held.map(({ keyId, backend: key }) => ({ keyId, open: async () => key })),
    ...keys.map(({ keyId, reference }) => ({ keyId, open: () => backend.open(reference) })),
  ];
}

async function examineKey(
  keyId: string,
  open: () => Promise<KeyBackend>,
  { randomBytes, now }: DoctorTools,
): Promise<KeyFinding> {
  const finding = { keyId, publicKey: null, p50Ms: null, p95Ms: null };
  try {
    const key = await open();
    const publicKey = await key.publicKey();
    const signOnce = async () => {
      const hash = doctorMessage(randomBytes(32));
      const start = now();
      const data = await key.sign(hash);
      const tookMs = now() - start;
      if (!verifySignature(publicKey, hash, { type: publicKey.type, data })) {
        throw new Error("the signature does not verify");
      }
      return tookMs;
    };
    // Not counted: the first one may have to connect.
    await signOnce();
    const took: number[] = [];
    for (let i = 0; i < SIGNATURES; i += 1) took.push(await signOnce());
    took.sort((a, b) => a - b);
    const [p50Ms, p95Ms] = [percentile(took, 50), percentile(took, 95)];
    return { keyId, publicKey: formatPublicKey(publicKey), p50Ms, p95Ms, problem: null };
  } catch (error) {
    return { ...finding, problem: problemOf(error) };
  }
}

/** By nearest rank, of numbers in ascending order. */
function percentile(sorted: readonly number[], percent: number): number | null {
  return sorted[Math.ceil((sorted.length * percent) / 100) - 1] ?? null;
}

/** With the cause, which the doctor is asked for. Neither holds a secret. */
function problemOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? ` (${error.cause.message})` : "";
  return `${wordsOf(error)}${cause}`;
}
