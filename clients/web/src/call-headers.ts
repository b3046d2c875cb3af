import { Code, type Interceptor } from "@connectrpc/connect";
import { unlessAborted } from "./clock.ts";
import { CountersignError } from "./countersign-error.ts";

type HeadersLike = NonNullable<ConstructorParameters<typeof Headers>[0]>;

/** What a header's value or a set of headers comes from. A function is asked for every attempt. */
type Given<T> = T | (() => T | Promise<T>);

/** Who calls, and what else goes along with every call. */
export interface CallHeaders {
  /** Sent as `X-API-Key`. For backends: a key in a page is everybody's key. */
  readonly apiKey?: string;
  /** Sent as `Authorization: Bearer`, for example a JWT. A function is asked anew for every attempt. */
  readonly token?: Given<string>;
  /** Further headers; a function is asked anew for every attempt. A call's own headers go before these. */
  readonly headers?: Given<HeadersLike>;
  /** Sent as `X-End-User`: on whose behalf a trusted backend calls. */
  readonly endUser?: string;
  /** Sent as `X-Tenant`. */
  readonly tenant?: string;
}

/** Adds the headers to every attempt. A callback that fails ends the call and is not asked again. */
export function callHeaders({ apiKey, token, headers, endUser, tenant }: CallHeaders): Interceptor {
  const fixed = new Headers();
  if (apiKey !== undefined) fixed.set("X-API-Key", apiKey);
  if (endUser !== undefined) fixed.set("X-End-User", endUser);
  if (tenant !== undefined) fixed.set("X-Tenant", tenant);
  const gather = async () => {
    const [bearer, further] = await Promise.all([given(token), given(headers)]);
    const all = new Headers(fixed);
    if (bearer !== undefined) all.set("Authorization", `Bearer ${bearer}`);
    for (const [name, value] of new Headers(further)) all.set(name, value);
    return all;
  };
  return (next) => async (request) => {
    const gathered = gather().catch((cause) => {
      const failure = { reason: "UNSPECIFIED", code: Code.Unknown, cause } as const;
      throw new CountersignError("the headers of the call could not be made", failure);
    });
    for (const [name, value] of await unlessAborted(gathered, request.signal)) {
      if (!request.header.has(name)) request.header.set(name, value);
    }
    return next(request);
  };
}

async function given<T>(value: Given<T> | undefined): Promise<T | undefined> {
  return value instanceof Function ? value() : value;
}
