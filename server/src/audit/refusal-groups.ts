import type { AuditEvent } from "../ledger/audit-types.ts";
import { boundedEvent, boundedText } from "./bounded-event.ts";

/** Something that an outsider can cause as often as they like. */
export interface Refusal {
  /** A tenant that exists; empty when the caller is not known. */
  readonly tenant: string;
  readonly kind: "auth.refused" | "rate.limited" | "call.denied";
  /** "anonymous" when the caller is not known. */
  readonly actor: string;
  /** The ErrorReason's name. */
  readonly reason: string;
  /** The RPC's name. */
  readonly method: string;
  /** The caller's IP address; empty where it does not matter. */
  readonly address: string;
}

interface Group {
  readonly event: AuditEvent;
  count: number;
}

export interface RefusalBounds {
  /** Most groups with an actor, a reason and an address of their own. */
  readonly maxGroups: number;
  /** Most tenants' groups of what found no room above; the rest goes to the relay's own log. */
  readonly maxOthers: number;
}

/** Counts refusals that are alike, in at most `maxGroups` groups, `maxOthers` groups "others", and one for each kind. */
export class RefusalGroups {
  readonly #bounds: RefusalBounds;
  #groups = new Map<string, Group>();
  #others = new Map<string, Group>();

  constructor(bounds: RefusalBounds) {
    this.#bounds = bounds;
  }

  get empty(): boolean {
    return this.#groups.size === 0 && this.#others.size === 0;
  }

  add(refusal: Refusal, at: Date): void {
    const { tenant, kind, method } = refusal;
    const [actor, reason, address] = [refusal.actor, refusal.reason, refusal.address].map(boundedText);
    const key = JSON.stringify([tenant, kind, actor, reason, method, address]);
    if (this.#groups.has(key) || this.#groups.size < this.#bounds.maxGroups) {
      count(this.#groups, key, { ...refusal, at });
      return;
    }
    const roomy = this.#others.has(`${kind} ${tenant}`) || this.#others.size < this.#bounds.maxOthers;
    const owner = roomy ? tenant : "";
    const others = { tenant: owner, kind, actor: "others", reason: "", method: "", address: "" };
    count(this.#others, `${kind} ${owner}`, { ...others, at });
  }

  /** Empties the groups: one event each, dated at its first refusal. */
  take(): AuditEvent[] {
    const groups = [...this.#groups.values(), ...this.#others.values()];
    this.#groups = new Map();
    this.#others = new Map();
    return groups.map(({ event, count }) => ({ ...event, detail: { ...event.detail, count } }));
  }
}

function count(groups: Map<string, Group>, key: string, refusal: Refusal & { at: Date }): void {
  const group = groups.get(key);
  if (group !== undefined) {
    group.count += 1;
    return;
  }
  const { tenant, kind, actor, reason, method, address, at } = refusal;
  const detail = Object.fromEntries(
    Object.entries({ reason, method, address }).filter(([, value]) => value !== ""),
  );
  groups.set(key, { event: boundedEvent({ tenant, kind, actor, at, detail }), count: 1 });
}
