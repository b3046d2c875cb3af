import type { Authenticator } from "@countersign/server/access/authenticator.ts";
import { userCaller } from "@countersign/server/access/callers.ts";
import { CountersignError, createRelayClient } from "@countersign/web";
import { expect, onTestFinished, test } from "vitest";
import { startTestRelay } from "../support/test-relay.ts";
import { TEST_ORIGIN, TEST_TENANT } from "../support/test-tenant.ts";

/** A deployment's own sign-in: the session is a cookie that its own server has set. */
const sessions: Authenticator = {
  async authenticate({ headers }) {
    const session = /(?:^|; )__Host-session=([^;]+)/.exec(headers.get("cookie") ?? "")?.[1];
    return session === "alices" ? userCaller(TEST_TENANT, "alice", ["read", "list"]) : undefined;
  },
};

/** As a browser on a page of this origin: sends cookies only with credentials, and hides what CORS does not allow. */
function browserFetch(origin: string, cookie: string): typeof fetch {
  return async (input, init) => {
    const headers = new Headers(init?.headers);
    headers.set("origin", origin);
    if (init?.credentials === "include") headers.set("cookie", cookie);
    const response = await fetch(input, { ...init, headers });
    const allowed = response.headers.get("access-control-allow-origin") === origin;
    const withCookies = response.headers.get("access-control-allow-credentials") === "true";
    if (!allowed || (init?.credentials === "include" && !withCookies)) throw new TypeError("Failed to fetch");
    return response;
  };
}

async function protectedRelay(credentials: boolean) {
  const relay = await startTestRelay({
    overrides: { authenticators: [sessions] },
    settings: { "cors.credentials": String(credentials) },
  });
  onTestFinished(() => relay.stop());
  const open = (origin: string, mode: "include" | "omit", cookie = "theme=dark; __Host-session=alices") =>
    createRelayClient({
      baseUrl: relay.app.address,
      credentials: mode,
      fetch: browserFetch(origin, cookie),
      retry: { attempts: 1 },
    });
  return { open, address: relay.app.address };
}

const reasonOf = (call: Promise<unknown>) =>
  call.then(
    () => "answered",
    (error: unknown) => (error instanceof CountersignError ? error.reason : error),
  );

test("a page calls a protected relay with the session's cookie, and only with credentials: include", async () => {
  const { open } = await protectedRelay(true);
  expect(await reasonOf(open(TEST_ORIGIN, "include").listSubmissions({}))).toBe("answered");
  expect(await reasonOf(open(TEST_ORIGIN, "omit").listSubmissions({}))).toBe("CREDENTIALS_MISSING");
  expect(await reasonOf(open(TEST_ORIGIN, "include", "__Host-session=x").listSubmissions({}))).toBe(
    "CREDENTIALS_MISSING",
  );
});

test("another site's page cannot use the cookie: its origin is refused before anything is done", async () => {
  const { open, address } = await protectedRelay(true);
  expect(await reasonOf(open("https://evil.example", "include").listSubmissions({}))).toBe("UNSPECIFIED");
  const response = await fetch(`${address}/countersign.relay.v1.RelayService/ListSubmissions`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      cookie: "__Host-session=alices",
      origin: "https://evil.example",
    },
    body: "{}",
  });
  expect(response.status).toBe(403);
  expect(await response.text()).toContain("ORIGIN_NOT_ALLOWED");
});

test("without cors.credentials browsers keep the answers to calls with cookies from the page", async () => {
  const { open } = await protectedRelay(false);
  expect(await reasonOf(open(TEST_ORIGIN, "include").listSubmissions({}))).toBe("UNSPECIFIED");
});
