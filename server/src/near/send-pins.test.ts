import { describe, expect, it } from "vitest";
import { ChainError } from "./chain-error.ts";
import { Endpoints } from "./endpoints.ts";
import { SendPins } from "./send-pins.ts";

const NONE: ReadonlySet<number> = new Set();
const LOST = new ChainError("unavailable", "lost");

function start(count: number) {
  const clock = { now: 0 };
  const endpoints = new Endpoints({ count, now: () => clock.now, random: () => 1 });
  const send = (endpoint: number, works: boolean) => {
    const health = endpoints.at(endpoint);
    health.begin("send");
    if (works) health.answered("send", 1);
    else health.failed("send", LOST);
  };
  return { clock, endpoints, send, pins: new SendPins(endpoints) };
}

describe("a lane's transactions", () => {
  it("go to one endpoint while it works, however much better another one is for reads", () => {
    const { endpoints, send, pins } = start(2);
    for (let i = 0; i < 20; i++) endpoints.at(0).answered("read", 900);
    for (let i = 0; i < 20; i++) endpoints.at(1).answered("read", 1);
    expect(pins.choose("lane", NONE)).toBe(0);
    send(0, false);
    send(0, false);
    expect(endpoints.ranked("read")[0]?.endpoint).toBe(1);
    expect(pins.choose("lane", NONE)).toBe(0);
  });

  it("go elsewhere once it fails again and again, stay there when it is back, and return when the other one dies", () => {
    const { clock, send, pins } = start(2);
    pins.choose("lane", NONE);
    for (let i = 0; i < 3; i++) send(0, false);
    expect(pins.choose("lane", NONE)).toBe(1);
    clock.now = 60_000;
    expect(pins.choose("lane", NONE)).toBe(1);
    for (let i = 0; i < 3; i++) send(1, false);
    expect(pins.choose("lane", NONE)).toBe(0);
  });

  it("go elsewhere when it falls behind, asks to be left alone, or is of another network", () => {
    for (const [endpoint, spoil] of [
      [0, (e: Endpoints) => [e.at(0).noteHead(100n), e.at(1).noteHead(103n)]],
      [0, (e: Endpoints) => e.at(0).failed("read", new ChainError("rate-limited", "", { retryAfterMs: 9 }))],
      [0, (e: Endpoints) => e.at(0).noteHead(undefined)],
    ] as const) {
      const { endpoints, pins } = start(2);
      expect(pins.choose("lane", NONE)).toBe(endpoint);
      spoil(endpoints);
      expect(pins.choose("lane", NONE)).toBe(1);
    }
  });

  it("stay when no endpoint takes them", () => {
    const { send, pins } = start(2);
    pins.choose("lane", NONE);
    for (let i = 0; i < 3; i++) send(0, false);
    expect(pins.choose("lane", NONE)).toBe(1);
    for (let i = 0; i < 3; i++) send(1, false);
    expect(pins.choose("lane", NONE)).toBe(1);
  });

  it("are sent again at each of the others, and the lane does not follow them", () => {
    const { pins } = start(3);
    expect(pins.choose("lane", new Set([0]))).toBe(1);
    expect(pins.choose("lane", new Set([0, 1]))).toBe(2);
    expect(pins.choose("lane", new Set([0, 1, 2]))).toBeUndefined();
    expect(pins.choose("lane", NONE)).toBe(0);
  });
});
