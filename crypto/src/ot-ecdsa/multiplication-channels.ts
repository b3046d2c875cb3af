import { bytesToHex } from "@noble/hashes/utils.js";
import { TRANSFERS } from "./base-ot.ts";
import { encodeArray, encodeUint, octetsLimit, POINT_SIZE } from "./codec.ts";
import { hashOf } from "./commitment.ts";
import { CORRECTIONS_LIMIT } from "./correlated-ot.ts";
import { childTag, ROOT_PRIVATE } from "./framing.ts";
import type { Slot } from "./mailbox.ts";
import { OFFER_LIMIT, REPLY_LIMIT } from "./mta.ts";
import { CHECK_LIMIT } from "./ot-extension.ts";
import { SEED_SIZE } from "./transcript.ts";

/** The channels of one multiplication, by their tags. */
export interface Channels {
  /** The point that begins the base transfers. Its children carry the answers, one each. */
  readonly base: Uint8Array;
  /** The extension's seed, and the answer to it. */
  readonly extension: Uint8Array;
  readonly corrections: Uint8Array;
  /** Offer and reply of the products e·f and f·e, as the sender has them. */
  readonly products: readonly [Uint8Array, Uint8Array];
}

/** The channels of the multiplication for the triple with that index. */
export function channelsOf(index: number): Channels {
  const root = childTag(ROOT_PRIVATE, index);
  const extension = childTag(root, 1);
  return {
    base: childTag(root, 0),
    extension,
    corrections: childTag(extension, 0),
    products: [childTag(root, 2), childTag(root, 3)],
  };
}

/** The channels of the answers to a base point. */
export function answerTags({ base }: Channels): Uint8Array[] {
  return Array.from({ length: TRANSFERS }, (_, j) => childTag(base, j));
}

/** Whether `participant` is the sender of the extension: the one whose name for this index hashes higher. */
export function isSender(participant: 1 | 2, index: number): boolean {
  const name = (id: number) => bytesToHex(hashOf(encodeArray([encodeUint(index), encodeUint(id)])));
  return name(participant) > name(3 - participant);
}

/** What the peer sends to `participant` in the multiplication for the triple with that index. */
export function multiplicationSlots(participant: 1 | 2, index: number): Slot[] {
  const channels = channelsOf(index);
  const point = octetsLimit(POINT_SIZE);
  if (isSender(participant, index)) {
    return [
      { tag: channels.base, waitpoint: 0, limit: point },
      { tag: channels.corrections, waitpoint: 0, limit: CORRECTIONS_LIMIT },
      { tag: channels.extension, waitpoint: 1, limit: CHECK_LIMIT },
      ...channels.products.map((tag) => ({ tag, waitpoint: 1, limit: REPLY_LIMIT })),
    ];
  }
  return [
    ...answerTags(channels).map((tag) => ({ tag, waitpoint: 0, limit: point })),
    { tag: channels.extension, waitpoint: 0, limit: octetsLimit(SEED_SIZE) },
    ...channels.products.map((tag) => ({ tag, waitpoint: 0, limit: OFFER_LIMIT })),
  ];
}
