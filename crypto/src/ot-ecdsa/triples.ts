// Shares of two random triples a, b and c = a·b, made by both participants at once: what a presignature takes. The state
// machine goes on with whatever came; triple-steps.ts has the cryptography.
import { equalBytes } from "@noble/curves/utils.js";
import { decodeBody, encodeOctetsArray } from "./codec.ts";
import { type Message, ROOT_SHARED } from "./framing.ts";
import { type Mailbox, Slots } from "./mailbox.ts";
import {
  advanceMultiplication,
  beginMultiplication,
  type MultiplicationState,
  multiplicationSlots,
} from "./multiplication.ts";
import { ProtocolAbort } from "./protocol-abort.ts";
import type { RunTools } from "./run-tools.ts";
import { SCALAR_SIZE } from "./scalar.ts";
import type { Participant } from "./shares.ts";
import { type Contribution, drawContributions, openingsLimit } from "./triple-openings.ts";
import {
  confirm,
  constantsBody,
  lValuesBody,
  type OpenTriple,
  type OwnL,
  openingsBody,
  openTriples,
  ownLs,
  productsBody,
  productsLimit,
  type Step,
  scalarsLimit,
  type TripleShare,
  takeConstants,
  takeProducts,
  transcriptOf,
  valuesBody,
} from "./triple-steps.ts";
import { wipe } from "./wipe.ts";

export type { TripleShare } from "./triple-steps.ts";

/** How many triples are made at once. */
const COUNT = 2;

/** Plain data, and secret. It changes as the messages come. */
export interface TriplesState {
  readonly participant: Participant;
  /** The messages that come next, or the multiplications. */
  step: "commitments" | "openings" | "products" | "multiplications" | "constants";
  readonly own: readonly Contribution[];
  readonly multiplications: MultiplicationState[];
  /** Empty until the step that fills it. */
  peerCommitments: readonly Uint8Array[];
  confirmations: readonly Uint8Array[];
  open: readonly OpenTriple[];
  bigCs: readonly Uint8Array[];
  ls: readonly OwnL[];
}

/** The waitpoints of the shared channel. */
const WAITPOINTS = {
  commitments: 0,
  confirmations: 1,
  openings: 2,
  values: 3,
  products: 4,
  constants: 5,
  lValues: 6,
} as const;
type Shared = keyof typeof WAITPOINTS;

const LIMITS: Readonly<Record<Shared, number>> = {
  commitments: scalarsLimit(COUNT),
  confirmations: scalarsLimit(COUNT),
  openings: openingsLimit(COUNT),
  values: 1 + 2 * scalarsLimit(COUNT),
  products: productsLimit(COUNT),
  constants: productsLimit(COUNT),
  lValues: scalarsLimit(COUNT),
};
const NAMES = Object.keys(WAITPOINTS) as Shared[];

/** What the peer sends to each participant. */
export const tripleSlots: Readonly<Record<Participant, Slots>> = { 1: slotsFor(1), 2: slotsFor(2) };

function slotsFor(participant: Participant): Slots {
  const shared = NAMES.map((name) => ({
    tag: ROOT_SHARED,
    waitpoint: WAITPOINTS[name],
    limit: LIMITS[name],
  }));
  const multiplications = Array.from({ length: COUNT }, (_, index) =>
    multiplicationSlots(participant, index),
  );
  return new Slots([...shared, ...multiplications.flat()]);
}

/** Draws all that this side brings. The messages may go out at once. */
export function beginTriples(
  tools: RunTools,
  participant: Participant,
): { state: TriplesState; messages: Message[] } {
  const own = drawContributions(tools, COUNT);
  const begun = own.map(({ secrets: { e, f } }, index) =>
    beginMultiplication(tools, participant, index, { e: e.constant, f: f.constant }),
  );
  const state: TriplesState = {
    participant,
    step: "commitments",
    own,
    multiplications: begun.map((one) => one.state),
    peerCommitments: [],
    confirmations: [],
    open: [],
    bigCs: [],
    ls: [],
  };
  const commitments = encodeOctetsArray(own.map(({ commitment }) => commitment));
  return { state, messages: [shared("commitments", commitments), ...begun.flatMap((one) => one.messages)] };
}

/**
 * Goes as far as the mailbox allows. With the triples, which are for one presignature, the state is wiped. Throws
 * ProtocolAbort: then the caller wipes it.
 */
export async function advanceTriples(
  tools: RunTools,
  state: TriplesState,
  mailbox: Mailbox,
): Promise<{ messages: Message[]; triples?: readonly [TripleShare, TripleShare] }> {
  const messages = takeCommitments(tools, state, mailbox);
  if (state.step === "commitments") return { messages };
  const step = stepOf(tools, state);
  messages.push(...takeOpenings(step, state, mailbox));
  await tools.pause();
  takeBigCs(step, state, mailbox);
  messages.push(...(await multiply(tools, state, mailbox)));
  messages.push(...takeMultiplications(step, state));
  await tools.pause();
  const triples = finish(step, state, mailbox);
  return triples === undefined ? { messages } : { messages, triples };
}

/** Opens what this side committed to, once the peer has committed itself. */
function takeCommitments(tools: RunTools, state: TriplesState, mailbox: Mailbox): Message[] {
  const body = state.step === "commitments" ? take(mailbox, "commitments") : undefined;
  if (body === undefined) return [];
  const { own, participant } = state;
  state.peerCommitments = readOctets(body, "commitments");
  state.confirmations = confirm(
    participant,
    own.map(({ commitment }) => commitment),
    state.peerCommitments,
  );
  state.step = "openings";
  return [
    shared("confirmations", encodeOctetsArray(state.confirmations)),
    shared("openings", openingsBody(stepOf(tools, state), own)),
    shared("values", valuesBody(participant, own)),
  ];
}

function takeOpenings(step: Step, state: TriplesState, mailbox: Mailbox): Message[] {
  if (state.step !== "openings") return [];
  const bodies = takeAll(mailbox, ["confirmations", "openings", "values"]);
  if (bodies === undefined) return [];
  const [confirmations, openings, values] = bodies;
  const peers = readOctets(confirmations, "confirmations");
  if (peers.some((one, index) => !equalBytes(one, state.confirmations[index] ?? new Uint8Array(0)))) {
    throw new ProtocolAbort("the confirmations differ");
  }
  state.open = openTriples(step, state.own, state.peerCommitments, { openings, values });
  state.step = "products";
  return [shared("products", productsBody(step, state.own, state.open))];
}

function takeBigCs(step: Step, state: TriplesState, mailbox: Mailbox): void {
  const body = state.step === "products" ? take(mailbox, "products") : undefined;
  if (body === undefined) return;
  state.bigCs = takeProducts(step, state.open, body);
  state.step = "multiplications";
}

/** The multiplications go on beside the steps: their session ids are the confirmations. */
async function multiply(tools: RunTools, state: TriplesState, mailbox: Mailbox): Promise<Message[]> {
  const messages: Message[] = [];
  for (const [index, sid] of state.confirmations.entries()) {
    const before = state.multiplications[index];
    if (before === undefined) throw new RangeError("a multiplication is missing");
    const advanced = await advanceMultiplication(tools, before, mailbox, sid);
    messages.push(...advanced.messages);
    state.multiplications[index] = advanced.state;
  }
  return messages;
}

function takeMultiplications(step: Step, state: TriplesState): Message[] {
  const products = state.multiplications.flatMap((one) => (one.step === "done" ? [one.product] : []));
  if (state.step !== "multiplications" || products.length < COUNT) return [];
  state.ls = ownLs(step.points, state.own, products);
  state.step = "constants";
  return [
    shared("constants", constantsBody(step, state.ls)),
    shared("lValues", lValuesBody(state.participant, state.ls)),
  ];
}

function finish(
  step: Step,
  state: TriplesState,
  mailbox: Mailbox,
): readonly [TripleShare, TripleShare] | undefined {
  const bodies = state.step === "constants" ? takeAll(mailbox, ["constants", "lValues"]) : undefined;
  if (bodies === undefined) return undefined;
  const [constants, values] = bodies;
  const [first, second] = takeConstants(step, state.open, state.bigCs, state.ls, { constants, values });
  if (first === undefined || second === undefined) throw new RangeError("a triple is missing");
  wipe([state.own.map(({ secrets }) => secrets), state.multiplications, state.ls]);
  wipe(state.open.flatMap(({ a, b }) => [a, b]));
  return [first, second];
}

function stepOf(tools: RunTools, { participant, confirmations }: TriplesState): Step {
  return { ...tools, participant, transcript: transcriptOf(confirmations) };
}

function shared(name: Shared, body: Uint8Array): Message {
  return { tag: ROOT_SHARED, waitpoint: WAITPOINTS[name], body };
}

function take(mailbox: Mailbox, name: Shared): Uint8Array | undefined {
  return mailbox.take(ROOT_SHARED, WAITPOINTS[name]);
}

/** The bodies of all of these messages, or of none while one is missing. */
function takeAll<Names extends readonly Shared[]>(
  mailbox: Mailbox,
  names: readonly [...Names],
): { [Name in keyof Names]: Uint8Array } | undefined {
  if (!names.every((name) => mailbox.holds(ROOT_SHARED, WAITPOINTS[name]))) return undefined;
  return names.map((name) => take(mailbox, name)) as { [Name in keyof Names]: Uint8Array };
}

function readOctets(body: Uint8Array, what: "commitments" | "confirmations"): Uint8Array[] {
  return decodeBody(body, `the ${what}`, (reader) => reader.items(COUNT, () => reader.octets(SCALAR_SIZE)));
}
