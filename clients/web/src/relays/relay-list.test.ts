import { Code } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { type Clock, systemClock } from "../clock.ts";
import { CountersignError } from "../countersign-error.ts";
import { memoryStore } from "../wallet/text-store.ts";
import type { WalletEvent } from "../wallet/wallet-events.ts";
import { type Relay, relaysAt } from "./relay.ts";
import { RelayList } from "./relay-list.ts";

const URLS = ["https://one.example", "https://two.example", "https://three.example/path"];
const AWAY = new CountersignError("away", { reason: "UNSPECIFIED", code: Code.Unavailable });
const UNKNOWN = new CountersignError("unknown", { reason: "LOCK_KEY_UNKNOWN", code: Code.NotFound });

/** What a relay does: an answer, an error, or nothing until it is aborted. */
type Deed = string | CountersignError | "hangs";

function listOver(deeds: readonly Deed[], hedgeAfterMs?: number, store = memoryStore()) {
  const time = { ms: 0 };
  const hedges: PromiseWithResolvers<void>[] = [];
  const clock: Clock = {
    ...systemClock,
    now: () => time.ms,
    wait: () => {
      const hedge = Promise.withResolvers<void>();
      hedges.push(hedge);
      return hedge.promise;
    },
  };
  const relays = relaysAt(URLS);
  const events: WalletEvent[] = [];
  const asked: string[] = [];
  const aborted: string[] = [];
  const list = new RelayList({
    ...{ relays, store, name: "last", hedgeAfterMs, clock, wallTime: () => 5 },
    tell: (event) => events.push(event),
  });
  const attempt = (relay: Relay, deed: Deed) => ({
    relay,
    make: (signal: AbortSignal) =>
      list.ask(
        relay,
        (own) => {
          asked.push(relay.baseUrl);
          if (deed instanceof CountersignError) return Promise.reject(deed);
          if (deed !== "hangs") return Promise.resolve(deed);
          return new Promise<string>((_, reject) => {
            own.addEventListener("abort", () => {
              aborted.push(relay.baseUrl);
              reject(own.reason);
            });
          });
        },
        signal,
      ),
  });
  const first = (signal?: AbortSignal) =>
    list.first(
      list.inOrder().map((relay) => attempt(relay, deeds[relays.indexOf(relay)] ?? AWAY)),
      signal,
    );
  return { list, relays, events, asked, aborted, time, hedges, first, attempt };
}

describe("the first answer", () => {
  it("is the first relay's where it answers, and nobody else is asked", async () => {
    const { first, asked } = listOver(["a", "b", "c"]);
    expect(await first()).toMatchObject({ relay: { baseUrl: URLS[0] }, answer: "a" });
    expect(asked).toEqual([URLS[0]]);
  });

  it("is the next one's after a failure or a refusal, which is asked first from then on", async () => {
    const store = memoryStore();
    const { first, asked } = listOver([AWAY, UNKNOWN, "c"], undefined, store);
    expect(await first()).toMatchObject({ relay: { baseUrl: URLS[2] }, answer: "c" });
    expect(await first()).toMatchObject({ answer: "c" });
    expect(asked).toEqual([...URLS, URLS[2]]);
    expect(
      listOver([], undefined, store)
        .list.inOrder()
        .map(({ baseUrl }) => baseUrl),
    ).toEqual([URLS[2], URLS[0], URLS[1]]);
  });

  it("counts, also where it cannot be remembered who gave it", async () => {
    const full = {
      ...memoryStore(),
      setItem: () => {
        throw new DOMException("full", "QuotaExceededError");
      },
    };
    expect(await listOver(["a"], undefined, full).first()).toMatchObject({ answer: "a" });
  });

  it("is the last error where there is none", async () => {
    await expect(listOver([UNKNOWN, AWAY, UNKNOWN]).first()).rejects.toBe(UNKNOWN);
    await expect(listOver([]).list.first([], undefined)).rejects.toMatchObject({ code: Code.Unavailable });
  });

  it("is not looked for at a relay that has failed, but at one that has refused", async () => {
    const { list, relays, asked, attempt } = listOver([]);
    const [one, two] = relays as [Relay, Relay];
    const attempts = [attempt(one, AWAY), attempt(two, UNKNOWN), attempt(one, "a"), attempt(two, "b")];
    expect(await list.first(attempts, undefined)).toMatchObject({ answer: "b" });
    expect(asked).toEqual([URLS[0], URLS[1], URLS[1]]);
  });

  it("is the faster one's where the first takes long, and the slower is given up", async () => {
    const { first, asked, aborted, hedges, events } = listOver(["hangs", "hangs", "c"], 300);
    const winning = first();
    expect(asked).toHaveLength(1);
    hedges[0]?.resolve();
    await expect.poll(() => hedges.length).toBe(2);
    hedges[1]?.resolve();
    expect(await winning).toMatchObject({ answer: "c" });
    await expect.poll(() => aborted).toEqual([URLS[0], URLS[1]]);
    expect(events).toEqual([]);
  });

  it("ends with the caller's signal", async () => {
    const { first, aborted } = listOver(["hangs", "b", "c"]);
    const abort = new AbortController();
    const asking = first(abort.signal);
    abort.abort();
    await expect(asking).rejects.toMatchObject({ code: Code.Canceled });
    expect(aborted).toEqual([URLS[0]]);
  });
});

describe("a relay that is down", () => {
  it("is not asked, and after 30 s behind all others", async () => {
    const { first, list, relays, events, asked, time, attempt } = listOver([AWAY, "b", "c"]);
    const [one] = relays as [Relay];
    const fail = () => list.first([attempt(one, AWAY)], undefined).catch(() => undefined);
    for (let i = 0; i < 3; i++) await fail();
    expect(events).toEqual([{ type: "relay-down", relay: URLS[0], error: AWAY, retryAt: 30_005 }]);
    expect(list.inOrder().map(({ baseUrl }) => baseUrl)).toEqual([URLS[1], URLS[2]]);
    await first();
    await expect(list.first([attempt(one, "a")], undefined)).rejects.toMatchObject({
      code: Code.Unavailable,
    });
    expect(asked).toEqual([URLS[0], URLS[0], URLS[0], URLS[1]]);
    time.ms = 30_000;
    expect(list.inOrder().map(({ baseUrl }) => baseUrl)).toEqual([URLS[1], URLS[2], URLS[0]]);
    // A refusal is an answer.
    await expect(list.first([attempt(one, UNKNOWN)], undefined)).rejects.toBe(UNKNOWN);
    expect(events.slice(1)).toEqual([{ type: "relay-up", relay: URLS[0] }]);
  });
});

it("relays of one origin are one relay", () => {
  const relays = relaysAt(["https://one.example:443/", "https://one.example/other", "http://one.example"]);
  expect(relays).toEqual([
    { baseUrl: "https://one.example:443/", origin: "https://one.example" },
    { baseUrl: "http://one.example", origin: "http://one.example" },
  ]);
  expect(() => relaysAt(["relay"])).toThrow(TypeError);
});
