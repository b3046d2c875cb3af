// Additive shares of e₁f₂ + e₂f₁, where one side has e₁ and f₁ and the other e₂ and f₂: two products by oblivious
// transfer, out of one extension. Which side sends the extension's transfers follows from the triple's index.
import type { Message } from "./framing.ts";
import type { Mailbox } from "./mailbox.ts";
import { isSender } from "./multiplication-channels.ts";
import { answerSeed, replyToOffers, sendBasePoint, stretchAnswers } from "./multiplication-receiver.ts";
import { answerBasePoint, checkAndOffer, takeCorrections, takeReplies } from "./multiplication-sender.ts";
import type { Factors, MultiplicationState, MultiplicationStep } from "./multiplication-state.ts";
import type { RunTools } from "./run-tools.ts";

export { multiplicationSlots } from "./multiplication-channels.ts";
export type { Factors, MultiplicationState, MultiplicationStep } from "./multiplication-state.ts";

/** Starts the multiplication for the triple with that index. The factors are copied. */
export function beginMultiplication(
  tools: RunTools,
  participant: 1 | 2,
  index: number,
  factors: Factors,
): MultiplicationStep {
  const copies = { e: factors.e.slice(), f: factors.f.slice() };
  if (!isSender(participant, index)) return sendBasePoint(tools, index, copies);
  return { state: { step: "base point", index, factors: copies }, messages: [] };
}

/**
 * Takes what has come from the mailbox and goes as far as it can: without anything new it gives the same state and no
 * messages. `sid` is the confirmation of the commitments, 32 bytes. Throws ProtocolAbort; then the state is to be wiped.
 */
export async function advanceMultiplication(
  tools: RunTools,
  state: MultiplicationState,
  mailbox: Mailbox,
  sid: Uint8Array,
): Promise<MultiplicationStep> {
  const messages: Message[] = [];
  let current = state;
  for (;;) {
    const step = await next(tools, current, mailbox, sid);
    if (step === undefined) return { state: current, messages };
    current = step.state;
    messages.push(...step.messages);
  }
}

/** One step, or undefined while what it needs is not there. */
async function next(
  tools: RunTools,
  state: MultiplicationState,
  mailbox: Mailbox,
  sid: Uint8Array,
): Promise<MultiplicationStep | undefined> {
  switch (state.step) {
    case "base point":
      return answerBasePoint(tools, state, mailbox);
    case "corrections":
      return takeCorrections(tools, state, mailbox, sid);
    case "check":
      return checkAndOffer(tools, state, mailbox);
    case "replies":
      return takeReplies(tools, state, mailbox);
    case "base answers":
      return stretchAnswers(tools, state, mailbox, sid);
    case "seed":
      return answerSeed(tools, state, mailbox);
    case "offers":
      return replyToOffers(tools, state, mailbox);
    case "done":
      return undefined;
  }
}
