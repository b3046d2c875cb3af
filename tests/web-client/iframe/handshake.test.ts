import { describe, expect, test } from "vitest";
import { greet } from "../../../clients/web/src/iframe/host/handshake.ts";
import { APP, failure, nodePort, OTHER_APP, startGuest } from "./support/embedding.ts";

describe("a wallet's page", () => {
  test("does not answer an origin that it does not serve, and says so to its operator", async () => {
    const guest = startGuest();
    for (const origin of ["https://evil.example", "http://app.example", "https://app.example:8443", "null"]) {
      const error = await failure(
        greet({ loaded: Promise.resolve(), post: (m) => nodePort(guest.post(m, { origin })) }, 50),
      );
      expect(error).toMatchObject({ reason: "UNREACHABLE", code: "unavailable" });
      expect(guest.errors.at(-1)).toMatchObject({ origin, error: { reason: "ORIGIN_NOT_ALLOWED" } });
    }
  });

  test("does not answer an application that stands in a page that it does not serve", async () => {
    const guest = startGuest({}, [APP, "https://evil.example"]);
    const post = (m: string) => nodePort(guest.post(m));
    const error = await failure(greet({ loaded: Promise.resolve(), post }, 50));
    expect(error).toMatchObject({ reason: "UNREACHABLE" });
    expect(guest.errors).toMatchObject([
      { origin: "https://evil.example", error: { reason: "ORIGIN_NOT_ALLOWED" } },
    ]);
    // Of a page that hides its origin nothing is known.
    await startGuest({}, [APP, OTHER_APP]).open();
    await startGuest({}, ["null"]).open();
  });

  test("does not answer windows that are not around it", async () => {
    const guest = startGuest();
    const post = (m: string) => nodePort(guest.post(m, { source: {} }));
    const error = await failure(greet({ loaded: Promise.resolve(), post }, 50));
    expect(error).toMatchObject({ reason: "UNREACHABLE" });
    expect(guest.errors).toEqual([]);
  });

  test("of another version is an error on both sides", async () => {
    const guest = startGuest();
    const post = (message: string) => {
      const other = { ...JSON.parse(message), protocolVersion: 2 };
      return nodePort(guest.post(JSON.stringify(other)));
    };
    // The wallet says its own version, which happens to be this host's: as many ports cannot be.
    const port = guest.post(JSON.stringify({ type: "countersign-wallet-hello", protocolVersion: 2 }));
    const said = await new Promise((resolve) => port.once("message", resolve));
    expect(JSON.parse(said as string)).toEqual({ type: "refused", protocolVersion: 1 });
    expect(guest.errors).toMatchObject([{ origin: APP, error: { reason: "VERSION_MISMATCH" } }]);
    expect(await failure(greet({ loaded: Promise.resolve(), post }, 5_000))).toBeInstanceOf(Error);
    const newer = (type: string) => () => ({
      ...{ send: () => undefined, ended: () => undefined, close: () => undefined },
      receive: (listener: (data: unknown) => void) =>
        queueMicrotask(() => listener(JSON.stringify({ type, protocolVersion: 2 }))),
    });
    for (const type of ["refused", "welcome"]) {
      const error = await failure(greet({ loaded: Promise.resolve(), post: newer(type) }, 5_000));
      expect(error).toMatchObject({ reason: "VERSION_MISMATCH", code: "unimplemented" });
      expect(error.message).toContain("version 1, the wallet 2");
    }
  });
});
