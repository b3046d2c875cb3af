import type { SignedIn } from "@countersign/gen/countersign/session/v1/session_pb.ts";
import { AppTokenMinter } from "@countersign/server/session/app-token-minter.ts";
import { SigningKeys } from "@countersign/server/session/signing-keys.ts";
import { Secret } from "@countersign/service-kit";
import { ISSUER, SIGNING_SEED, TENANT } from "./session-relay.ts";

export interface MadeTokenOptions {
  readonly tenant?: string;
  /** By default this relay's. */
  readonly issuer?: string;
  /** How long before now the session began, and the token was made; seconds. */
  readonly startedAgoS?: number;
  readonly madeAgoS?: number;
}

/** An access token of the session as the relay makes them, good for five minutes from when it was made. */
export async function madeToken(
  { sessionId, user }: Pick<SignedIn, "sessionId" | "user">,
  { tenant = TENANT, issuer = ISSUER, startedAgoS = 0, madeAgoS = 0 }: MadeTokenOptions,
): Promise<string> {
  const ago = (seconds: number) => new Date(Date.now() - seconds * 1000);
  const now = () => ago(madeAgoS);
  const keys = new SigningKeys([{ id: "k1", seed: new Secret(SIGNING_SEED) }], now);
  const minter = new AppTokenMinter({ issuer, audience: "countersign", lifetimeS: 300, keys, now });
  const [createdAt, later] = [ago(Math.max(startedAgoS, madeAgoS)), ago(-3600)];
  const times = { createdAt, refreshedAt: createdAt, idleAt: later, expiresAt: later };
  return (await minter.mint({ id: sessionId, tenant, userId: user?.id ?? "", ...times })).token;
}
