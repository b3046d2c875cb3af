import type { AuditEvent } from "../ledger/protection-types.ts";
import { boundedEvent, boundedText } from "./bounded-event.ts";

/** Something that an outsider can cause as often as they like. */
export interface Refusal {
  /** A tenant that exists; empty when the caller is not known. */
  readonly tenant: string;
  readonly kind: "auth.refused" | "rate.limited" | "call.denied";
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

/** Most groups with an actor, a reason and an address of their own. */
const MAX_GROUPS = 256;
/** Most tenants' groups of what found no room above; the rest goes to the relay's own log. */
const MAX_OTHERS = 64;

/** Counts refusals that are alike. Holds at most 256 groups, 64 groups "others", and one for each kind. */
export class RefusalGroups {
  #groups = new Map<string, Group>();
  #others = new Map<string, Group>();

  get empty(): boolean {
    return this.#groups.size === 0 && this.#others.size === 0;
  }

  add(refusal: Refusal, at: Date): void {
    const { tenant, kind } = refusal;
    const { method } = refusal;
    const [actor, reason, address] = [refusal.actor, refusal.reason, refusal.address].map(boundedText);
    const key = JSON.stringify([tenant, kind, actor, reason, method, address]);
    if (this.#groups.has(key) || this.#groups.size < MAX_GROUPS) {
      count(this.#groups, key, { ...refusal, at });
      return;
    }
    const roomy = this.#others.has(`${kind} ${tenant}`) || this.#others.size < MAX_OTHERS;
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
