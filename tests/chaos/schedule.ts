import type { FaultKind } from "@countersign/devnet";
import { seededRandom } from "../support/seeded-random.ts";

/** Something that goes wrong, and goes on for a while where it says so. */
export type Disturbance =
  /** kill -9; started again afterwards. */
  | { readonly kind: "kill relay"; readonly relay: number }
  /** SIGSTOP, and SIGCONT afterwards. */
  | { readonly kind: "stop relay"; readonly relay: number }
  | { readonly kind: "kill signer" }
  /** kill -9; started again afterwards, empty. */
  | { readonly kind: "kill redis" }
  /** Connections stay, and nothing is answered. */
  | { readonly kind: "freeze redis" }
  /** As after a power cut, or in good order; started again afterwards. */
  | { readonly kind: "restart postgres"; readonly how: "immediate" | "fast" }
  | {
      readonly kind: "endpoint fault";
      readonly endpoint: number;
      readonly fault: FaultKind;
      /** Share of the calls. */
      readonly probability: number;
    }
  | { readonly kind: "endpoint stalls"; readonly endpoint: number }
  | { readonly kind: "endpoint lags"; readonly endpoint: number; readonly blocks: number }
  /** Somebody else uses a lane's key. */
  | { readonly kind: "bump nonce"; readonly key: number; readonly by: number };

/** One disturbance of a track, from the start of the run. */
interface Planned {
  readonly atMs: number;
  readonly untilMs: number;
  readonly disturbance: Disturbance;
}

/** What is disturbed by itself: in each track one thing comes after the other, and tracks do not wait for each other. */
export interface Track {
  readonly name: string;
  readonly planned: readonly Planned[];
}

export interface ScheduleOptions {
  readonly seed: number;
  readonly durationMs: number;
  readonly relays: number;
  readonly endpoints: number;
  readonly keys: number;
  readonly leaseMs: number;
  /** Whether processes are killed and stopped, and keys used by others. */
  readonly kills: boolean;
  /** The share of the usual pauses between disturbances; 1 if absent. */
  readonly pauses?: number | undefined;
}

const FAULTS: readonly FaultKind[] = [
  "drop_after",
  "drop_before",
  "hang_after",
  "hang_before",
  "internal_error",
  "timeout_error",
  "rate_limited",
  "bad_gateway",
  "latency",
];

/** The same for the same seed. Every kind of disturbance comes before one comes again in its track. */
export function scheduleOf(options: ScheduleOptions): Track[] {
  const { seed, durationMs, relays, endpoints, keys, leaseMs, kills, pauses = 1 } = options;
  const tracks: Track[] = [];
  const track = (name: string, gapMs: number, kinds: readonly Kind[]) => {
    const random = seededRandom(seed * 1_000 + tracks.length);
    tracks.push({ name, planned: plan(kinds, gapMs * pauses, durationMs, random) });
  };
  for (let endpoint = 0; endpoint < endpoints; endpoint++) {
    track(`endpoint ${endpoint}`, 600, endpointKinds(endpoint));
  }
  if (!kills) return tracks;
  for (let relay = 0; relay < relays; relay++) {
    track(`relay ${relay}`, 6_000, [
      { about: () => ({ kind: "kill relay", relay }), minMs: 0, maxMs: 2_000 },
      { about: () => ({ kind: "stop relay", relay }), minMs: leaseMs / 4, maxMs: leaseMs },
      { about: () => ({ kind: "stop relay", relay }), minMs: 2 * leaseMs, maxMs: 3 * leaseMs },
    ]);
  }
  track("signer", 8_000, [{ about: () => ({ kind: "kill signer" }), minMs: 0, maxMs: 1_500 }]);
  track("redis", 7_000, [
    { about: () => ({ kind: "kill redis" }), minMs: 0, maxMs: 2_000 },
    { about: () => ({ kind: "freeze redis" }), minMs: 200, maxMs: 2_000 },
  ]);
  track("postgres", 12_000, [
    { about: () => ({ kind: "restart postgres", how: "immediate" }), minMs: 0, maxMs: 1_500 },
    { about: () => ({ kind: "restart postgres", how: "fast" }), minMs: 0, maxMs: 1_500 },
  ]);
  const bump = (random: () => number): Disturbance => ({
    kind: "bump nonce",
    key: Math.floor(random() * keys),
    by: 1 + Math.floor(random() * 3),
  });
  track("nonces", 5_000, [{ about: bump, minMs: 0, maxMs: 0 }]);
  return tracks;
}

/** A kind of disturbance, and how long it goes on. */
interface Kind {
  readonly about: (random: () => number) => Disturbance;
  readonly minMs: number;
  readonly maxMs: number;
}

function endpointKinds(endpoint: number): Kind[] {
  return [
    ...FAULTS.map((fault): Kind => {
      const about = (random: () => number): Disturbance => ({
        kind: "endpoint fault",
        ...{ endpoint, fault },
        probability: random() < 0.5 ? 1 : 0.3,
      });
      return { about, minMs: 300, maxMs: 2_500 };
    }),
    { about: () => ({ kind: "endpoint stalls", endpoint }), minMs: 500, maxMs: 3_000 },
    {
      about: (random) => ({ kind: "endpoint lags", endpoint, blocks: 1 + Math.floor(random() * 8) }),
      minMs: 500,
      maxMs: 3_000,
    },
  ];
}

/** Fills the time: pauses of half to one and a half times `gapMs`, each followed by the next kind. */
function plan(kinds: readonly Kind[], gapMs: number, durationMs: number, random: () => number): Planned[] {
  const planned: Planned[] = [];
  let left: Kind[] = [];
  for (let atMs = 0; ; ) {
    atMs += Math.round(gapMs * (0.5 + random()));
    if (left.length === 0) left = [...kinds];
    const [kind] = left.splice(Math.floor(random() * left.length), 1);
    if (kind === undefined) throw new RangeError("a track without disturbances");
    const disturbance = kind.about(random);
    const untilMs = atMs + Math.round(kind.minMs + random() * (kind.maxMs - kind.minMs));
    if (untilMs > durationMs) return planned;
    planned.push({ atMs, untilMs, disturbance });
    atMs = untilMs;
  }
}
