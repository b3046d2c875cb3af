import { describe, expect, test, vi } from "vitest";
import type { WalletProgress } from "../../../clients/web/src/iframe/api.ts";
import { MAX_PENDING } from "../../../clients/web/src/iframe/protocol.ts";
import { failure, OTHER_APP, startGuest } from "./support/embedding.ts";
import { BATCH } from "./support/requests.ts";

describe("a wallet's page", () => {
  test("takes so many requests at once, and refuses more with a reason", async () => {
    const guest = startGuest();
    const app = await guest.connected();
    const controller = new AbortController();
    const { signal } = controller;
    const waiting = Array.from({ length: MAX_PENDING }, () => failure(app.relay(BATCH, { signal })));
    expect(await failure(app.relay(BATCH))).toMatchObject({
      ...{ reason: "TOO_MANY_REQUESTS", code: "resource_exhausted" },
    });
    controller.abort();
    for (const outcome of waiting) expect(await outcome).toMatchObject({ reason: "CANCELLED" });
    const outcome = app.relay({ ...BATCH, receiverId: "last.testnet" });
    // Those that were given up may be shown for a moment.
    let question = await guest.screen.next();
    while (question.request?.kind !== "near-relay" || question.request.receiverId !== "last.testnet") {
      question = await guest.screen.next();
    }
    question.answer(true);
    expect(await outcome).toMatchObject({ state: "SUCCEEDED" });
  });

  test("takes so many requests of an origin through all of its ports", async () => {
    const guest = startGuest();
    const [app, again] = [await guest.connected(), await guest.open()];
    const other = await guest.connected(OTHER_APP);
    const controller = new AbortController();
    const { signal } = controller;
    const waiting = Array.from({ length: MAX_PENDING }, () => failure(app.relay(BATCH, { signal })));
    await guest.screen.next();
    await vi.waitFor(async () => {
      expect(await failure(again.relay({ ...BATCH, actions: [] }))).toMatchObject({
        reason: "TOO_MANY_REQUESTS",
      });
    });
    expect(await failure(other.relay({ ...BATCH, actions: [] }))).toMatchObject({
      reason: "REQUEST_INVALID",
    });
    controller.abort();
    await Promise.all(waiting);
    // The cancels come through the other port.
    await vi.waitFor(async () => {
      expect(await failure(again.relay({ ...BATCH, actions: [] }))).toMatchObject({
        reason: "REQUEST_INVALID",
      });
    });
  });

  test("does not go on asking for an origin whose user has declined three times in a row", async () => {
    const guest = startGuest();
    const [app, again] = [await guest.connected(), await guest.open()];
    const other = await guest.connected(OTHER_APP);
    const asked = guest.screen.count;
    const isQueued = Promise.withResolvers<WalletProgress>();
    const outcomes = Array.from({ length: 8 }, (_, i) => failure((i % 2 === 0 ? app : again).relay(BATCH)));
    const first = await guest.screen.next();
    const last = other.relay(BATCH, { onProgress: isQueued.resolve });
    await isQueued.promise;
    first.answer(false);
    for (let i = 0; i < 2; i++) (await guest.screen.next()).answer(false);
    for (const outcome of outcomes) expect(await outcome).toMatchObject({ reason: "DECLINED" });
    const next = await guest.screen.next();
    expect(next.origin).toBe(OTHER_APP);
    next.answer(true);
    expect(await last).toMatchObject({ state: "SUCCEEDED" });
    expect(guest.screen.count - asked).toBe(4);
    // It may ask again.
    const later = app.relay(BATCH);
    (await guest.screen.next()).answer(true);
    expect(await later).toMatchObject({ state: "SUCCEEDED" });
  });

  test("takes so many ports, and listens to new ones when old ones say goodbye", async () => {
    const guest = startGuest();
    const apps = await Promise.all(Array.from({ length: 16 }, () => guest.open()));
    expect(await failure(guest.open())).toMatchObject({ reason: "TOO_MANY_REQUESTS" });
    apps[3]?.close();
    const left = await apps[3]?.closed;
    expect(left).toMatchObject({ reason: "CLOSED", code: "aborted" });
    // The goodbye and the next hello take different ways: the goodbye's port closes when it was heard.
    await vi.waitFor(() => guest.open());
  });
});
