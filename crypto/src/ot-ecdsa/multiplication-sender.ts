// The side that sends the extension's transfers: it chooses δ in the base transfers, and offers its factors.
import { choose, TRANSFERS } from "./base-ot.ts";
import { decodeBody, encodeOctets } from "./codec.ts";
import { decodeCorrections, stretchChosen } from "./correlated-ot.ts";
import { channelName, childTag } from "./framing.ts";
import type { Mailbox } from "./mailbox.ts";
import { MTA_TRANSFERS, offerFactor, shareOfReply } from "./mta.ts";
import { channelsOf } from "./multiplication-channels.ts";
import type { Awaiting, MultiplicationStep } from "./multiplication-state.ts";
import { bothScalars, checkHolds } from "./ot-extension.ts";
import { ProtocolAbort } from "./protocol-abort.ts";
import type { RunTools } from "./run-tools.ts";
import { addScalars, randomBytes, SCALAR_SIZE } from "./scalar.ts";
import { SEED_SIZE } from "./transcript.ts";
import { wipe } from "./wipe.ts";

/** Answers the peer's base point with a point for each transfer. */
export async function answerBasePoint(
  tools: RunTools,
  { index, factors }: Awaiting<"base point">,
  mailbox: Mailbox,
): Promise<MultiplicationStep | undefined> {
  const channels = channelsOf(index);
  const body = mailbox.take(channels.base, 0);
  if (body === undefined) return undefined;
  const peerPoint = decodeBody(body, "the base point", (reader) => reader.point(tools.points));
  const name = channelName(channels.base);
  const delta = randomBytes(tools.random, `rot.delta@${name}`, TRANSFERS / 8);
  const { points, keys } = await choose(tools, `rot.x@${name}`, delta, peerPoint);
  return {
    state: { step: "corrections", index, factors, delta, keys },
    messages: points.map((point, j) => ({
      tag: childTag(channels.base, j),
      waitpoint: 0,
      body: encodeOctets(point),
    })),
  };
}

/** With the receiver's corrections in hand it may learn the seed of its check. */
export async function takeCorrections(
  tools: RunTools,
  { index, factors, delta, keys }: Awaiting<"corrections">,
  mailbox: Mailbox,
  sid: Uint8Array,
): Promise<MultiplicationStep | undefined> {
  const { corrections, extension } = channelsOf(index);
  const body = mailbox.take(corrections, 0);
  if (body === undefined) return undefined;
  const q = stretchChosen(sid, keys, delta, decodeCorrections(body));
  const seed = randomBytes(tools.random, `rote.seed@${channelName(extension)}`, SEED_SIZE);
  wipe(keys);
  return {
    state: { step: "check", index, factors, delta, q, seed },
    messages: [{ tag: extension, waitpoint: 0, body: encodeOctets(seed) }],
  };
}

/** Checks the receiver's choices, and only then offers both factors. */
export async function checkAndOffer(
  tools: RunTools,
  { index, factors, delta, q, seed }: Awaiting<"check">,
  mailbox: Mailbox,
): Promise<MultiplicationStep | undefined> {
  const { extension, products } = channelsOf(index);
  const answer = mailbox.take(extension, 1);
  if (answer === undefined) return undefined;
  if (!(await checkHolds(tools, seed, delta, q, answer))) {
    throw new ProtocolAbort("the check of the OT extension fails");
  }
  const { v0, v1 } = await bothScalars(tools, q, delta);
  const half = MTA_TRANSFERS * SCALAR_SIZE;
  const offer = (product: 0 | 1, factor: Uint8Array) => {
    const [from, to] = [product * half, (product + 1) * half];
    const purpose = `mta.delta@${channelName(products[product])}`;
    return offerFactor(tools, purpose, v0.subarray(from, to), v1.subarray(from, to), factor);
  };
  const first = await offer(0, factors.e);
  const second = await offer(1, factors.f);
  wipe([delta, q, v0, v1]);
  return {
    state: { step: "replies", index, factors, masks: [first.masks, second.masks] },
    messages: [
      { tag: products[0], waitpoint: 0, body: first.body },
      { tag: products[1], waitpoint: 0, body: second.body },
    ],
  };
}

/** Takes both replies. */
export async function takeReplies(
  tools: RunTools,
  { index, factors, masks }: Awaiting<"replies">,
  mailbox: Mailbox,
): Promise<MultiplicationStep | undefined> {
  const replies = mailbox.takeAll(channelsOf(index).products, 1);
  if (replies === undefined) return undefined;
  const shares = [
    await shareOfReply(tools, masks[0], replies[0]),
    await shareOfReply(tools, masks[1], replies[1]),
  ];
  const product = addScalars(...shares);
  wipe([masks, factors, shares]);
  return { state: { step: "done", product }, messages: [] };
}
