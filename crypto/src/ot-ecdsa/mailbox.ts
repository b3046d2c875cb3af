// The peer's messages until they are asked for. What a phase does not have is refused, so memory is bounded.
import { bytesToHex } from "@noble/hashes/utils.js";
import { decodeMessage } from "./framing.ts";
import { ProtocolAbort } from "./protocol-abort.ts";

/** A message that the peer sends in a phase, once. */
export interface Slot {
  readonly tag: Uint8Array;
  readonly waitpoint: number;
  /** The most bytes that its body may have. */
  readonly limit: number;
}

/** All that the peer sends in a phase. */
export class Slots {
  readonly #byHeader = new Map<string, { readonly index: number; readonly limit: number }>();

  constructor(slots: readonly Slot[]) {
    for (const [index, { tag, waitpoint, limit }] of slots.entries()) {
      this.#byHeader.set(headerOf(tag, waitpoint), { index, limit });
    }
  }

  get size(): number {
    return this.#byHeader.size;
  }

  find(tag: Uint8Array, waitpoint: number): { readonly index: number; readonly limit: number } | undefined {
    return this.#byHeader.get(headerOf(tag, waitpoint));
  }
}

/** Plain data: what a mailbox is between two steps. */
export interface MailboxState {
  /** A byte a slot: 1 once its message came. */
  readonly arrived: Uint8Array;
  /** The bodies that nobody took yet, by slot. */
  readonly held: Record<number, Uint8Array>;
}

/** The mailbox of one phase of one run. It changes the state that it was opened with. */
export class Mailbox {
  readonly state: MailboxState;
  readonly #slots: Slots;

  constructor(slots: Slots, state: MailboxState = { arrived: new Uint8Array(slots.size), held: {} }) {
    this.#slots = slots;
    this.state = state;
  }

  /** Takes in a message, header and body. Throws ProtocolAbort for one that is unknown, too large or not the first. */
  deliver(bytes: Uint8Array): void {
    const { tag, waitpoint, body } = decodeMessage(bytes);
    const slot = this.#slots.find(tag, waitpoint);
    if (slot === undefined) throw new ProtocolAbort("a message is not of this phase");
    if (body.length > slot.limit) throw new ProtocolAbort("a message is too large");
    if (this.state.arrived[slot.index] === 1) throw new ProtocolAbort("a message came twice");
    this.state.arrived[slot.index] = 1;
    this.state.held[slot.index] = body;
  }

  /** Whether the message is here and was not taken. */
  holds(tag: Uint8Array, waitpoint: number): boolean {
    const slot = this.#slots.find(tag, waitpoint);
    return slot !== undefined && this.state.held[slot.index] !== undefined;
  }

  /** Gives a body away, once; undefined while it has not come. */
  take(tag: Uint8Array, waitpoint: number): Uint8Array | undefined {
    const slot = this.#slots.find(tag, waitpoint);
    if (slot === undefined) return undefined;
    const body = this.state.held[slot.index];
    delete this.state.held[slot.index];
    return body;
  }

  /** Gives away the bodies at that waitpoint of all these channels; undefined, and nothing taken, while one is missing. */
  takeAll<const Tags extends readonly Uint8Array[]>(
    tags: Tags,
    waitpoint: number,
  ): { readonly [Index in keyof Tags]: Uint8Array } | undefined {
    if (!tags.every((tag) => this.holds(tag, waitpoint))) return undefined;
    return tags.map((tag) => this.take(tag, waitpoint)) as { [Index in keyof Tags]: Uint8Array };
  }

  /** Whether every message of the phase came and was taken. */
  get finished(): boolean {
    return this.state.arrived.every((one) => one === 1) && Object.keys(this.state.held).length === 0;
  }
}

function headerOf(tag: Uint8Array, waitpoint: number): string {
  return `${bytesToHex(tag)}/${waitpoint}`;
}
