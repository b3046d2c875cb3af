import { describe, expect, test, vi } from "vitest";
import { WalletPort } from "../../../clients/web/src/iframe/host/wallet-port.ts";
import { ALIVE_MS } from "../../../clients/web/src/iframe/protocol.ts";
import { APP, failure, nodePort, startGuest } from "./support/embedding.ts";
import { BATCH } from "./support/requests.ts";

describe("a wallet's page", () => {
  test("that closes ends what is asked of it, on both sides", async () => {
    const guest = startGuest();
    const app = await guest.connected();
    const outcome = failure(app.relay(BATCH));
    const { signal } = await guest.screen.next();
    guest.server.resize(321);
    guest.server.close();
    expect(signal.aborted).toBe(true);
    expect(await outcome).toMatchObject({ reason: "CLOSED" });
    expect(await app.closed).toMatchObject({ reason: "CLOSED" });
    expect(await failure(app.connect())).toMatchObject({ reason: "CLOSED" });
    expect(guest.frames[APP]?.at(-1)).toBe(321);
  });

  test("whose application closes takes the request from the screen", async () => {
    const guest = startGuest();
    const app = await guest.connected();
    const outcome = failure(app.relay(BATCH));
    const { signal } = await guest.screen.next();
    const gone = new Promise((resolve) => signal.addEventListener("abort", resolve));
    app.close();
    await gone;
    expect(await outcome).toMatchObject({ reason: "CLOSED" });
  });

  test("says that it is there while a user thinks, and nothing once they have answered", async () => {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
    try {
      const guest = startGuest();
      const app = await guest.connected();
      expect(vi.getTimerCount()).toBe(0);
      const outcome = app.relay(BATCH);
      const question = await guest.screen.next();
      expect(vi.getTimerCount()).toBe(1);
      vi.advanceTimersByTime(ALIVE_MS);
      question.answer(true);
      await outcome;
      expect(vi.getTimerCount()).toBe(0);
    } finally {
      vi.useRealTimers();
    }
  });
});

test("a wallet that says nothing any more is given up, and hears so", async () => {
  const guest = startGuest();
  // A port that nobody answers on.
  const port = nodePort(guest.post("nothing"));
  const sent: string[] = [];
  const mute = { ...port, send: (message: string) => sent.push(message) };
  const shown: boolean[] = [];
  const frame = { show: (isVisible: boolean) => shown.push(isVisible), resize: () => undefined };
  const wallet = new WalletPort({ ...mute, send: (m) => void mute.send(m) }, frame, 20);
  expect(await failure(wallet.request("connect", {}))).toMatchObject({
    ...{ reason: "TIMEOUT", code: "deadline_exceeded" },
  });
  expect(sent.map((text) => JSON.parse(text).type)).toEqual(["request", "cancel"]);
  expect(shown).toEqual([false]);
});
