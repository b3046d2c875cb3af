import { timestampMs } from "@bufbuild/protobuf/wkt";
import { type Client, Code } from "@connectrpc/connect";
import type { SignedIn, User } from "@countersign/gen/countersign/session/v1/session_pb.ts";
import type { SessionService } from "@countersign/gen/countersign/session/v1/session_service_pb.ts";
import { unlessAborted } from "../clock.ts";
import { CountersignError, errorOf } from "../countersign-error.ts";
import type { TextStore } from "./text-store.ts";

/** A token is renewed when less than this is left of it. */
const MARGIN_MS = 30_000;

/** Reasons for which a refresh token is worth nothing any more. */
const ENDED = ["REFRESH_TOKEN_INVALID", "REFRESH_TOKEN_REUSED", "TENANT_DISABLED"];

interface Current {
  readonly accessToken: string;
  /** Milliseconds since 1970; 0 for a token that the relay has refused. */
  readonly expiresAt: number;
  readonly sessionId: string;
  readonly user: User;
}

type SessionCalls = Pick<Client<typeof SessionService>, "refreshSession" | "revokeSession">;

/**
 * The session of whoever is signed in. The access token stays in memory; the refresh token is in `store`, and each is sent
 * once: a second use ends the session.
 */
export class AppSession {
  readonly #service: SessionCalls;
  readonly #store: TextStore;
  readonly #name: string;
  readonly #wallTime: () => number;
  #current: Current | undefined;
  #renewing: Promise<Current> | undefined;
  #epoch = 0;

  /**
   * @param service repeats nothing itself
   * @param name of the refresh token in `store`
   * @param wallTime milliseconds since 1970
   */
  constructor(service: SessionCalls, store: TextStore, name: string, wallTime: () => number) {
    this.#service = service;
    this.#store = store;
    this.#name = name;
    this.#wallTime = wallTime;
  }

  /** Who is signed in, as far as this page knows. */
  get user(): User | undefined {
    return this.#current?.user;
  }

  get sessionId(): string | undefined {
    return this.#current?.sessionId;
  }

  /** Whether there is a session, or may be one after a refresh. */
  get isSignedIn(): boolean {
    return this.#current !== undefined || this.#store.getItem(this.#name) !== null;
  }

  /** Changes whenever somebody signs in or out: an answer that was asked for before is not this session's. */
  get epoch(): number {
    return this.#epoch;
  }

  /** Takes the tokens of a sign-in. */
  accept(signedIn: SignedIn | undefined): User {
    const user = this.#take(signedIn);
    this.#begin();
    return user;
  }

  /** An access token that holds for now, without asking for another; undefined when there is none. */
  get heldToken(): string | undefined {
    const current = this.#current;
    return current !== undefined && current.expiresAt > this.#wallTime() ? current.accessToken : undefined;
  }

  #take(signedIn: SignedIn | undefined): User {
    const { accessToken, accessExpiresAt, refreshToken, sessionId, user } = signedIn ?? {};
    if (!accessToken || accessExpiresAt === undefined || user === undefined || sessionId === undefined) {
      throw new CountersignError("the relay gave no session", { reason: "UNSPECIFIED", code: Code.DataLoss });
    }
    if (refreshToken) this.#store.setItem(this.#name, refreshToken);
    else this.#store.removeItem(this.#name);
    this.#current = { accessToken, expiresAt: timestampMs(accessExpiresAt), sessionId, user };
    return user;
  }

  /**
   * An access token that holds for a while: renewed first when it is about to expire. Throws CREDENTIALS_MISSING when
   * nobody is signed in, and what RefreshSession throws.
   */
  async token(signal: AbortSignal | undefined): Promise<string> {
    const current = this.#current;
    if (current !== undefined && current.expiresAt - MARGIN_MS > this.#wallTime()) return current.accessToken;
    // Shared by all callers: the signal ends one caller's waiting and not the refresh, whose token is used up.
    this.#renewing ??= this.#renewOnce();
    try {
      return (await unlessAborted(this.#renewing, signal)).accessToken;
    } catch (error) {
      if (signal?.aborted) throw cancelled(signal);
      throw error;
    }
  }

  /** The relay calls the token expired, whatever this clock says: the next call renews it. */
  refused(accessToken: string): void {
    if (this.#current?.accessToken === accessToken) this.#current = { ...this.#current, expiresAt: 0 };
  }

  /** Forgets the session here. */
  clear(): void {
    this.#current = undefined;
    this.#store.removeItem(this.#name);
    this.#begin();
  }

  #begin(): void {
    this.#epoch++;
    this.#renewing = undefined;
  }

  #renewOnce(): Promise<Current> {
    const renewing = this.#renew().finally(() => {
      if (this.#renewing === renewing) this.#renewing = undefined;
    });
    return renewing;
  }

  async #renew(): Promise<Current> {
    const refreshToken = this.#store.getItem(this.#name);
    if (refreshToken === null) {
      this.#current = undefined;
      throw new CountersignError("nobody is signed in", {
        reason: "CREDENTIALS_MISSING",
        code: Code.Unauthenticated,
      });
    }
    const epoch = this.#epoch;
    let signedIn: SignedIn | undefined;
    try {
      signedIn = (await this.#service.refreshSession({ refreshToken })).signedIn;
    } catch (thrown) {
      const error = errorOf(thrown);
      if (epoch === this.#epoch && ENDED.includes(error.reason)) this.clear();
      throw error;
    }
    if (epoch !== this.#epoch) {
      await endSession(this.#service, signedIn);
      throw overtaken();
    }
    this.#take(signedIn);
    const renewed = this.#current;
    if (renewed === undefined) throw new Error("the session was accepted and is not there");
    return renewed;
  }
}

/** CANCELED, with the signal's reason as cause. */
export function cancelled({ reason }: AbortSignal): CountersignError {
  return new CountersignError("cancelled", { reason: "UNSPECIFIED", code: Code.Canceled, cause: reason });
}

/** Somebody signed in or out while something was asked for in a session's name. */
export function overtaken(): CountersignError {
  return new CountersignError("the session has ended meanwhile", {
    reason: "CREDENTIALS_MISSING",
    code: Code.Unauthenticated,
  });
}

/** Ends a session that was not taken up, as far as the relay can be reached: it ends by itself, too. */
export async function endSession(
  open: Pick<SessionCalls, "revokeSession">,
  signedIn: SignedIn | undefined,
): Promise<void> {
  if (!signedIn?.accessToken) return;
  const headers = { Authorization: `Bearer ${signedIn.accessToken}` };
  await open.revokeSession({}, { headers }).catch(() => undefined);
}
