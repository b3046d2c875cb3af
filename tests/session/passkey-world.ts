import { randomBytes } from "node:crypto";
import { keyCaller, userCaller } from "@countersign/server/access/callers.ts";
import type { Pause } from "@countersign/server/ledger/protection-types.ts";
import { beginRegistration, finishRegistration } from "@countersign/server/session/passkey-registration.ts";
import { beginSignIn, finishSignIn } from "@countersign/server/session/passkey-sign-in.ts";
import type { PasskeyContext } from "@countersign/server/session/passkeys.ts";
import type { SignInSettings } from "@countersign/server/session/ports.ts";
import { createUsers } from "@countersign/server/session/users.ts";
import { openPending } from "@countersign/server/shared-state/open-pending.ts";
import { onTestFinished } from "vitest";
import { at } from "../ledger/builders.ts";
import { sqliteHome } from "../ledger/engines.ts";
import type { CeremonyOptions, SoftwarePasskey } from "../support/software-passkey.ts";

export const ORIGIN = "https://wallet.example";
export const RP_ID = "wallet.example";

/** Relying parties, one for each rule about user verification. */
function settings(...ids: string[]): SignInSettings {
  const party = (id: string, userVerificationOptional: boolean) => ({
    id,
    name: "Wallet",
    origins: [`https://${id}`, `https://www.${id}`],
    userVerificationOptional,
  });
  return {
    relyingParties: ids.map((id) => party(id, id.startsWith("lax."))),
    providers: [],
    scopes: ["read"],
  };
}

/** The session part of a relay over its own SQLite ledger: tenants "shop" and "other", and "closed", which is disabled. */
export async function passkeyWorld(overrides: Partial<PasskeyContext> = {}) {
  const home = sqliteHome();
  onTestFinished(() => home.remove());
  const ledger = await home.open();
  let now = at(0).getTime();
  const signIns = new Map([
    ["shop", settings(RP_ID, "lax.example")],
    ["other", settings("other.example")],
    ["closed", settings("closed.example")],
  ]);
  const disabled = new Set(["closed"]);
  const tenants = new Set([...signIns.keys(), "plain"]);
  const ended: string[] = [];
  const users = createUsers({
    ...{ store: ledger, now: () => new Date(now), randomBytes },
    ended: { add: (ids) => void ended.push(...ids) },
  });
  const pauses: Pause[] = [];
  const context: PasskeyContext = {
    directory: {
      tenant: (id) => (tenants.has(id) ? { disabled: disabled.has(id) } : undefined),
      signIn: (id) => signIns.get(id),
      pauses,
    },
    users,
    pending: await openPending({ now: () => now, onFailed: () => {} }),
    randomBytes,
    assertFresh: () => undefined,
    contractCheck: undefined,
    ...overrides,
  };
  return {
    ledger,
    users,
    context,
    signIns,
    disabled,
    pauses,
    /** The sessions that a merge has ended. */
    ended,
    pass: (ms: number) => {
      now += ms;
    },
  };
}

export type PasskeyWorld = Awaited<ReturnType<typeof passkeyWorld>>;

/** Who calls with an app session of the user. */
export const sessionOf = (userId: string, tenant = "shop") => ({
  ...userCaller(tenant, userId, ["read"]),
  appSession: { id: `s_${userId}`, startedAt: at(0) },
});

/** Who calls with an API key. */
export const apiKeyCaller = keyCaller({ id: "k1", tenant: "shop", scopes: ["read"] });

const base64url = (bytes: Uint8Array) => Buffer.from(bytes).toString("base64url");
export const bytesOf = (text: string) => new Uint8Array(Buffer.from(text, "base64url"));

/** A RegistrationResponseJSON of the passkey, as browsers write it. */
export function registrationJson(passkey: SoftwarePasskey, challenge: string, options: CeremonyOptions = {}) {
  const made = passkey.register(bytesOf(challenge), options);
  const id = base64url(made.credentialId);
  return {
    id,
    rawId: id,
    type: "public-key",
    authenticatorAttachment: "platform",
    clientExtensionResults: { credProps: { rk: true }, prf: { enabled: true } } as Record<string, unknown>,
    response: {
      clientDataJSON: base64url(made.clientDataJson),
      attestationObject: base64url(made.attestationObject),
      transports: ["internal"],
    },
  };
}

/** An AuthenticationResponseJSON of the passkey, as browsers write it. */
export function assertionJson(
  passkey: SoftwarePasskey,
  challenge: string,
  userHandle: string,
  options: CeremonyOptions = {},
) {
  const made = passkey.assert(bytesOf(challenge), options);
  const id = base64url(made.credentialId);
  return {
    id,
    rawId: id,
    type: "public-key",
    clientExtensionResults: {} as Record<string, unknown>,
    response: {
      clientDataJSON: base64url(made.clientDataJson),
      authenticatorData: base64url(made.authenticatorData),
      signature: base64url(made.signature),
      userHandle: base64url(Buffer.from(userHandle)),
    },
  };
}

/** What is asked of the calls beside their challenge. */
export interface Calling {
  readonly tenant?: string;
  readonly rpId?: string;
  readonly caller?: Parameters<typeof beginRegistration>[2];
  readonly origin?: string | null;
}

export async function begunRegistration(world: PasskeyWorld, calling: Calling = {}) {
  const { tenant = "shop", rpId = RP_ID, caller, origin = null } = calling;
  const request = { tenant, rpId, userName: "alice" };
  const { id, optionsJson } = await beginRegistration(world.context, request, caller, origin);
  return { id, options: JSON.parse(optionsJson) };
}

export function finishedRegistration(
  world: PasskeyWorld,
  registrationId: string,
  json: unknown,
  { caller, origin = null }: Calling = {},
) {
  const request = { registrationId, credentialJson: JSON.stringify(json), name: "my key" };
  return finishRegistration(world.context, request, caller, origin);
}

/** Registers the passkey; answers its user. */
export async function registered(world: PasskeyWorld, passkey: SoftwarePasskey, calling: Calling = {}) {
  const { id, options } = await begunRegistration(world, { rpId: passkey.rpId, ...calling });
  return finishedRegistration(world, id, registrationJson(passkey, options.challenge), calling);
}

export async function begunSignIn(world: PasskeyWorld, calling: Calling = {}) {
  const { tenant = "shop", rpId = RP_ID, origin = null } = calling;
  const { id, optionsJson } = await beginSignIn(world.context, { tenant, rpId }, origin);
  return { id, options: JSON.parse(optionsJson) };
}

export function finishedSignIn(
  world: PasskeyWorld,
  signInId: string,
  json: unknown,
  { origin = null, accountId = "" }: { origin?: string | null; accountId?: string } = {},
) {
  return finishSignIn(world.context, { signInId, credentialJson: JSON.stringify(json), accountId }, origin);
}
