// A run makes one presignature: two triples, then the presignature of them. It sends whatever can be sent, so that five calls
// and their answers do when the client speaks first. It is plain data between two flights.
import { BadInput } from "../bad-input.ts";
import { encodeMessage, type Message } from "./framing.ts";
import { Mailbox, type MailboxState } from "./mailbox.ts";
import {
  advancePresignature,
  beginPresignature,
  type PresignParty,
  type PresignState,
  presignSlots,
} from "./presign.ts";
import type { Presignature } from "./presignature.ts";
import { ProtocolAbort } from "./protocol-abort.ts";
import type { RunTools } from "./run-tools.ts";
import { isScalar, isZero } from "./scalar.ts";
import { advanceTriples, beginTriples, type TriplesState, tripleSlots } from "./triples.ts";
import { wipe } from "./wipe.ts";

export type { PresignParty } from "./presign.ts";
export { type Presignature, wipePresignature } from "./presignature.ts";

/** The protocol's phases. Messages of different phases bear the same headers. */
export type Phase = "triples" | "presign" | "sign";

/** A message between the parties. */
export interface WireMessage {
  readonly phase: Phase;
  /** A header of 40 bytes (channel tag, waitpoint) and a body. */
  readonly data: Uint8Array;
}

/**
 * A run between two flights: plain data that can be cloned and serialised, and that holds secrets. It never goes back. Where
 * it stands: the triples are being made, they are there and the peer's part of the presignature is not, the presignature is
 * being made, all is over.
 */
export interface PresignRun {
  readonly stage: "triples" | "triples_done" | "presign" | "done";
  readonly mail: { readonly triples: MailboxState; readonly presign: MailboxState };
  /** What the relayer sends when the client has spoken. */
  readonly greeting: readonly WireMessage[];
  readonly triples: TriplesState | undefined;
  readonly presign: PresignState | undefined;
}

/** What a step of a run gives: the run from now on, and what goes to the peer. */
export interface PresignAdvance {
  readonly run: PresignRun;
  readonly flight: WireMessage[];
  /** With the last step. */
  readonly presignature?: Presignature;
}

/** Begins a run. The relayer's flight is empty: it answers the client's first one. Throws BadInput for a party that is none. */
export async function beginPresign(
  tools: RunTools,
  party: PresignParty,
): Promise<{ run: PresignRun; flight: WireMessage[] }> {
  assertParty(tools, party);
  const { participant } = party;
  const { state, messages } = beginTriples(tools, participant);
  await tools.pause();
  const first = wired("triples", messages);
  const run: PresignRun = {
    stage: "triples",
    mail: {
      triples: new Mailbox(tripleSlots[participant]).state,
      presign: new Mailbox(presignSlots).state,
    },
    greeting: participant === 1 ? [] : first,
    triples: state,
    presign: undefined,
  };
  return { run, flight: participant === 1 ? first : [] };
}

/**
 * Takes the peer's whole flight and gives all that can be sent now. The run that was given is used up, whatever comes of it,
 * and shares its memory with the next one: no run may be advanced twice, because two answers from the same secrets give them
 * away. Throws ProtocolAbort for messages that are malformed, unexpected, doubled or wrong, and for a flight that brings
 * nothing forward: the run is wiped then.
 */
export async function advancePresign(
  tools: RunTools,
  party: PresignParty,
  run: PresignRun,
  flight: readonly WireMessage[],
): Promise<PresignAdvance> {
  try {
    const advanced = await advance(tools, party, run, flight);
    if (advanced.flight.length === run.greeting.length && advanced.presignature === undefined) {
      throw new ProtocolAbort("the flight brings nothing forward");
    }
    return advanced;
  } catch (error) {
    wipePresign(run);
    throw error;
  }
}

async function advance(
  tools: RunTools,
  party: PresignParty,
  run: PresignRun,
  flight: readonly WireMessage[],
): Promise<PresignAdvance> {
  if (run.stage === "done") throw new ProtocolAbort("the run is over");
  const mail = {
    triples: new Mailbox(tripleSlots[party.participant], run.mail.triples),
    presign: new Mailbox(presignSlots, run.mail.presign),
  };
  for (const { phase, data } of flight) {
    if (phase === "sign") throw new ProtocolAbort("a message is not of a presignature's phases");
    mail[phase].deliver(data);
  }
  const out: WireMessage[] = run.greeting.map(({ phase, data }) => ({ phase, data: data.slice() }));
  let presign = run.presign;
  if (run.triples !== undefined) {
    const { messages, triples } = await advanceTriples(tools, run.triples, mail.triples);
    out.push(...wired("triples", messages));
    if (triples === undefined) return { run: { ...run, greeting: [] }, flight: out };
    const begun = beginPresignature(party, triples);
    out.push(...wired("presign", begun.messages));
    presign = begun.state;
  }
  if (presign === undefined) throw new ProtocolAbort("the run has no state");
  const { state, messages, presignature } = advancePresignature(tools, party, presign, mail.presign);
  out.push(...wired("presign", messages));
  const rest = { ...run, greeting: [], triples: undefined };
  if (presignature !== undefined) {
    return { run: { ...rest, stage: "done", presign: undefined }, flight: out, presignature };
  }
  const stage = state.step === "e" ? "triples_done" : "presign";
  return { run: { ...rest, stage, presign: state }, flight: out };
}

/** Erases a run, which does not go on then. */
export function wipePresign(run: PresignRun): void {
  wipe(run);
  Object.assign(run, { stage: "done" } satisfies Partial<PresignRun>);
}

function assertParty({ points }: RunTools, { share, publicKey }: PresignParty): void {
  if (!isScalar(share) || isZero(share)) throw new BadInput("the share is no secret scalar of 32 bytes");
  if (!points.isPoint(publicKey)) throw new BadInput("the key is no point of 33 bytes");
}

function wired(phase: Phase, messages: readonly Message[]): WireMessage[] {
  return messages.map((message) => ({ phase, data: encodeMessage(message) }));
}
