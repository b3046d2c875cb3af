import { expect, test } from "vitest";
import { SessionCookies } from "./session-cookies.ts";

const NOW = new Date("2026-11-01T12:00:00Z");
const ISSUED = {
  sessionId: "ses_1",
  accessToken: "access",
  accessExpiresAt: new Date(NOW.getTime() + 300_000),
  refreshToken: "refresh",
  sessionExpiresAt: new Date(NOW.getTime() + 86_400_000),
};
const ATTRIBUTES = "Path=/; Secure; HttpOnly; SameSite=Strict";

function jar(options: { sameSite: "strict" | "none"; partitioned: boolean }) {
  const call = { requestHeader: new Headers(), responseHeader: new Headers() };
  return { call, cookies: new SessionCookies({ ...options, now: () => NOW }) };
}

test("tokens go into cookies of this host alone, and not to the page", () => {
  const { call, cookies } = jar({ sameSite: "strict", partitioned: false });
  const left = cookies.handOut(ISSUED, call);
  expect(left).toEqual({ ...ISSUED, accessToken: "", refreshToken: "" });
  expect(call.responseHeader.getSetCookie()).toEqual([
    `__Host-cs_session=access; ${ATTRIBUTES}; Max-Age=300`,
    `__Host-cs_refresh=refresh; ${ATTRIBUTES}; Max-Age=86400`,
  ]);
});

test("for wallets that other sites embed, each site has a jar of its own", () => {
  const { call, cookies } = jar({ sameSite: "none", partitioned: true });
  cookies.clear(call);
  const attributes = "Path=/; Secure; HttpOnly; SameSite=None; Partitioned; Max-Age=0";
  expect(call.responseHeader.getSetCookie()).toEqual([
    `__Host-cs_session=; ${attributes}`,
    `__Host-cs_refresh=; ${attributes}`,
  ]);
});

test("a refresh token counts only from a page that says that it means it", () => {
  const { call, cookies } = jar({ sameSite: "strict", partitioned: false });
  call.requestHeader.set("cookie", "a=b; __Host-cs_refresh=csr_x");
  expect(() => cookies.refreshToken(call)).toThrow("X-Countersign-CSRF");
  call.requestHeader.set("origin", "https://wallet.example");
  expect(() => cookies.refreshToken(call)).toThrow("X-Countersign-CSRF");
  call.requestHeader.set("x-countersign-csrf", "1");
  expect(cookies.refreshToken(call)).toBe("csr_x");
});
