// The side that receives the extension's transfers: it begins the base transfers, and replies to the offers.
import { bothKeys } from "./base-ot.ts";
import { decodeBody, encodeOctets } from "./codec.ts";
import { COLUMN_SIZE, encodeCorrections, stretchBoth } from "./correlated-ot.ts";
import { channelName } from "./framing.ts";
import type { Mailbox } from "./mailbox.ts";
import { MTA_TRANSFERS, replyToOffer } from "./mta.ts";
import { answerTags, channelsOf } from "./multiplication-channels.ts";
import type { Awaiting, Factors, MultiplicationStep } from "./multiplication-state.ts";
import { answerCheck, chosenScalars } from "./ot-extension.ts";
import type { RunTools } from "./run-tools.ts";
import { addScalars, randomBytes, randomScalar, SCALAR_SIZE } from "./scalar.ts";
import { SEED_SIZE } from "./transcript.ts";
import { wipe } from "./wipe.ts";

/** Sends the base point. */
export function sendBasePoint(tools: RunTools, index: number, factors: Factors): MultiplicationStep {
  const { base } = channelsOf(index);
  const y = randomScalar(tools.random, `rot.y@${channelName(base)}`);
  const basePoint = tools.points.multiplyBase(y);
  return {
    state: { step: "base answers", index, factors, y, basePoint },
    messages: [{ tag: base, waitpoint: 0, body: encodeOctets(basePoint) }],
  };
}

/** With all answers in hand the transfers are stretched, and the sender gets its corrections. */
export async function stretchAnswers(
  tools: RunTools,
  { index, factors, y, basePoint }: Awaiting<"base answers">,
  mailbox: Mailbox,
  sid: Uint8Array,
): Promise<MultiplicationStep | undefined> {
  const channels = channelsOf(index);
  const answers = mailbox.takeAll(answerTags(channels), 0);
  if (answers === undefined) return undefined;
  const peerPoints = answers.map((body) =>
    decodeBody(body, "an answer to the base point", (reader) => reader.point(tools.points)),
  );
  const { keys0, keys1 } = await bothKeys(tools, y, basePoint, peerPoints);
  const purpose = `rote.b@${channelName(channels.extension)}`;
  const choices = randomBytes(tools.random, purpose, COLUMN_SIZE);
  const { t, u } = stretchBoth(sid, keys0, keys1, choices);
  wipe([y, keys0, keys1]);
  return {
    state: { step: "seed", index, factors, choices, t },
    messages: [{ tag: channels.corrections, waitpoint: 0, body: encodeCorrections(u) }],
  };
}

/** Shows with the sender's seed that the choices were the same in all columns. */
export async function answerSeed(
  tools: RunTools,
  state: Awaiting<"seed">,
  mailbox: Mailbox,
): Promise<MultiplicationStep | undefined> {
  const { extension } = channelsOf(state.index);
  const body = mailbox.take(extension, 0);
  if (body === undefined) return undefined;
  const seed = decodeBody(body, "the seed of the OT extension", (reader) => reader.octets(SEED_SIZE));
  const answer = await answerCheck(tools, seed, state.choices, state.t);
  return {
    state: { ...state, step: "offers" },
    messages: [{ tag: extension, waitpoint: 1, body: answer }],
  };
}

/** Replies to both offers. The factors meet crosswise: e₁f₂ first, where e₁ is the sender's, then f₁e₂. */
export async function replyToOffers(
  tools: RunTools,
  { index, factors, choices, t }: Awaiting<"offers">,
  mailbox: Mailbox,
): Promise<MultiplicationStep | undefined> {
  const { products } = channelsOf(index);
  const offers = mailbox.takeAll(products, 0);
  if (offers === undefined) return undefined;
  const v = await chosenScalars(tools, t);
  const reply = (product: 0 | 1, factor: Uint8Array) => {
    const [from, to] = [product * MTA_TRANSFERS, (product + 1) * MTA_TRANSFERS];
    return replyToOffer(
      tools,
      `mta.seed@${channelName(products[product])}`,
      v.subarray(from * SCALAR_SIZE, to * SCALAR_SIZE),
      choices.subarray(from / 8, to / 8),
      factor,
      offers[product],
    );
  };
  const first = await reply(0, factors.f);
  const second = await reply(1, factors.e);
  const product = addScalars(first.share, second.share);
  wipe([v, choices, t, factors, first.share, second.share]);
  return {
    state: { step: "done", product },
    messages: [
      { tag: products[0], waitpoint: 1, body: first.body },
      { tag: products[1], waitpoint: 1, body: second.body },
    ],
  };
}
