// A presignature of two triples: the first holds k, a blinding d and e = k·d; the second blinds k and the key.

import { equalBytes } from "@noble/curves/utils.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { decodeBody, encodeArray, encodeOctets, octetsLimit } from "./codec.ts";
import { type Message, ROOT_SHARED } from "./framing.ts";
import { type Mailbox, Slots } from "./mailbox.ts";
import type { Presignature } from "./presignature.ts";
import { ProtocolAbort } from "./protocol-abort.ts";
import { invertPublic } from "./public-inverse.ts";
import type { RunTools } from "./run-tools.ts";
import { addScalars, isZero, multiplyScalars, SCALAR_SIZE, subtractScalars } from "./scalar.ts";
import { type Participant, PLACES, protocolShare } from "./shares.ts";
import type { TripleShare } from "./triples.ts";
import { wipe } from "./wipe.ts";

/** For whom, and under which key, a presignature is made. */
export interface PresignParty {
  /** 1 is the client, 2 the relayer. */
  readonly participant: Participant;
  /** The party's half of the sum that is the key, 32 bytes; secret. */
  readonly share: Uint8Array;
  /** The key X, 33 bytes. */
  readonly publicKey: Uint8Array;
}

/** Plain data, and secret. */
export interface PresignState {
  /** What comes next of the peer: its share of e, or those of α and β. */
  readonly step: "e" | "alpha and beta";
  readonly triples: readonly [TripleShare, TripleShare];
  /** This side's λ·c of the first triple. */
  readonly e: Uint8Array;
  /** e of both sides; empty until the peer's came. */
  readonly sum: Uint8Array;
}

/** A step's outcome. The state that was given is used up. */
export interface PresignStep {
  readonly state: PresignState;
  readonly messages: Message[];
  readonly presignature?: Presignature;
}

const E_WAITPOINT = 0;
const BLINDED_WAITPOINT = 1;

/** What the peer sends. */
export const presignSlots: Slots = new Slots([
  { tag: ROOT_SHARED, waitpoint: E_WAITPOINT, limit: octetsLimit(SCALAR_SIZE) },
  { tag: ROOT_SHARED, waitpoint: BLINDED_WAITPOINT, limit: 1 + 2 * octetsLimit(SCALAR_SIZE) },
]);

/** Takes two triples, which nothing else may use. Throws ProtocolAbort when they are the same. */
export function beginPresignature(
  { participant }: PresignParty,
  triples: readonly [TripleShare, TripleShare],
): PresignStep {
  if (equalBytes(triples[0].bigA, triples[1].bigA)) throw new ProtocolAbort("both triples are the same");
  const e = multiplyScalars(PLACES[participant].lambda, triples[0].c);
  const state: PresignState = { step: "e", triples, e, sum: new Uint8Array(0) };
  return { state, messages: [{ tag: ROOT_SHARED, waitpoint: E_WAITPOINT, body: encodeOctets(e) }] };
}

/**
 * Goes as far as the mailbox allows. When there is a presignature the state is wiped, and also when this throws: ProtocolAbort
 * for what the peer sent.
 */
export function advancePresignature(
  tools: RunTools,
  party: PresignParty,
  state: PresignState,
  mailbox: Mailbox,
): PresignStep {
  try {
    const messages: Message[] = [];
    let current = state;
    if (current.step === "e") {
      const body = mailbox.take(ROOT_SHARED, E_WAITPOINT);
      if (body === undefined) return { state: current, messages };
      current = takeE(tools, current, body);
      messages.push(blindedMessage(party, current));
    }
    const body = mailbox.take(ROOT_SHARED, BLINDED_WAITPOINT);
    if (body === undefined) return { state: current, messages };
    const presignature = finish(tools, party, current, body);
    wipe(current);
    return { state: current, messages, presignature };
  } catch (error) {
    wipe(state);
    throw error;
  }
}

function takeE({ points }: RunTools, state: PresignState, body: Uint8Array): PresignState {
  const peerE = decodeBody(body, "e", (reader) => reader.scalar());
  if (isZero(peerE)) throw new ProtocolAbort("the peer's e is zero");
  const sum = addScalars(state.e, peerE);
  if (!equalBytes(points.multiplyBase(sum), state.triples[0].bigC)) {
    throw new ProtocolAbort("e does not belong to the first triple");
  }
  return { ...state, step: "alpha and beta", sum };
}

/** α = λ(k + a) and β = λ(x + b). */
function blinded({ participant, share }: PresignParty, { triples: [first, second] }: PresignState) {
  const { lambda } = PLACES[participant];
  const own = protocolShare(participant, share);
  const alpha = multiplyScalars(lambda, addScalars(first.a, second.a));
  const beta = multiplyScalars(lambda, addScalars(own, second.b));
  return { own, alpha, beta };
}

function blindedMessage(party: PresignParty, state: PresignState): Message {
  const { own, alpha, beta } = blinded(party, state);
  wipe(own);
  const body = encodeArray([encodeOctets(alpha), encodeOctets(beta)]);
  return { tag: ROOT_SHARED, waitpoint: BLINDED_WAITPOINT, body };
}

function finish(
  { points }: RunTools,
  party: PresignParty,
  state: PresignState,
  body: Uint8Array,
): Presignature {
  const [first, second] = state.triples;
  const mine = blinded(party, state);
  const peer = decodeBody(body, "alpha and beta", (reader) => {
    reader.array(2);
    return { alpha: reader.scalar(), beta: reader.scalar() };
  });
  const alpha = addScalars(mine.alpha, peer.alpha);
  const beta = addScalars(mine.beta, peer.beta);
  assertPoint(points, alpha, "alpha", first.bigA, second.bigA);
  assertPoint(points, beta, "beta", party.publicKey, second.bigB);
  const bigR = points.multiplyPublic(invertPublic(state.sum), first.bigB);
  const blindedKey = multiplyScalars(alpha, mine.own);
  const blinding = multiplyScalars(beta, second.a);
  const rest = subtractScalars(blinding, second.c);
  const sigma = subtractScalars(blindedKey, rest);
  wipe([mine, blindedKey, blinding, rest]);
  return { id: sha256(bigR), bigR, k: first.a.slice(), sigma };
}

/** scalar·G has to be the sum of both points. */
function assertPoint(
  points: RunTools["points"],
  scalar: Uint8Array,
  name: string,
  ...terms: readonly [Uint8Array, Uint8Array]
): void {
  const expected = points.add(...terms);
  if (expected === undefined || !equalBytes(points.multiplyBase(scalar), expected)) {
    throw new ProtocolAbort(`${name} does not belong to the triples and the key`);
  }
}
