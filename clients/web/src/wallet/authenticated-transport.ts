import { Code, type Transport } from "@connectrpc/connect";
import { CountersignError, errorOf } from "../countersign-error.ts";
import { isRound } from "../rounds.ts";
import type { AppSession } from "./app-session.ts";

type HeadersLike = Parameters<Transport["unary"]>[3];

/**
 * A transport whose calls carry the session's access token. A call that the relay refuses with CREDENTIALS_EXPIRED is made
 * once again with a new one: it was refused before it was looked at. Rounds are not: a relay that means harm might say
 * so after it looked. Their own code begins again.
 */
export function authenticated(wire: Transport, session: AppSession): Transport {
  return {
    async unary(method, signal, timeoutMs, header, ...rest) {
      const token = await session.token(signal);
      try {
        return await wire.unary(method, signal, timeoutMs, bearing(header, token), ...rest);
      } catch (thrown) {
        const error = errorOf(thrown);
        if (error.reason !== "CREDENTIALS_EXPIRED") throw error;
        session.refused(token);
        if (isRound(method)) throw error;
        const renewed = bearing(header, await session.token(signal));
        return wire.unary(method, signal, timeoutMs, renewed, ...rest);
      }
    },
    async stream(method, signal, timeoutMs, header, ...rest) {
      const token = await session.token(signal);
      return wire.stream(method, signal, timeoutMs, bearing(header, token), ...rest);
    },
  };
}

/**
 * A transport to a peer, whose calls carry the token that the session has: it is not renewed, which only the first relay
 * does, and what the peer says of it does not count there. Throws CREDENTIALS_EXPIRED without one.
 */
export function authenticatedAsHeld(wire: Transport, session: AppSession): Transport {
  const held = (header: HeadersLike) => {
    const token = session.heldToken;
    if (token !== undefined) return bearing(header, token);
    throw new CountersignError("the access token is over, and a peer cannot renew it", {
      reason: "CREDENTIALS_EXPIRED",
      code: Code.Unauthenticated,
    });
  };
  return {
    unary: async (method, signal, timeoutMs, header, ...rest) =>
      wire.unary(method, signal, timeoutMs, held(header), ...rest),
    stream: async (method, signal, timeoutMs, header, ...rest) =>
      wire.stream(method, signal, timeoutMs, held(header), ...rest),
  };
}

function bearing(header: HeadersLike, token: string): Headers {
  const headers = new Headers(header);
  headers.set("Authorization", `Bearer ${token}`);
  return headers;
}
