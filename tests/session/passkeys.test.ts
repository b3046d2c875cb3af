import { isSignInChallenge } from "@countersign/crypto/assertion-challenge.ts";
import { DomainError } from "@countersign/service-kit";
import { describe, expect, test } from "vitest";
import { auditLog } from "../ledger/protection-builders.ts";
import { type CeremonyOptions, SoftwarePasskey } from "../support/software-passkey.ts";
import {
  apiKeyCaller,
  assertionJson,
  begunRegistration,
  begunSignIn,
  bytesOf,
  type Calling,
  finishedRegistration,
  finishedSignIn,
  ORIGIN,
  type PasskeyWorld,
  passkeyWorld,
  RP_ID,
  registered,
  registrationJson,
  sessionOf,
} from "./passkey-world.ts";
import { reasonOf } from "./reason-of.ts";
import { SelfAttestingPasskey } from "./self-attesting-passkey.ts";

const FIVE_MINUTES = 5 * 60_000;

const newPasskey = (changes: { rpId?: string; origin?: string; counts?: boolean } = {}) =>
  new SoftwarePasskey({ rpId: RP_ID, origin: ORIGIN, ...changes });

/** A world with a user whose passkey is registered. */
async function signedUp(counts = false) {
  const world = await passkeyWorld();
  const passkey = newPasskey({ counts });
  const { newUser } = await registered(world, passkey);
  if (newUser === undefined) throw new Error("no new user");
  return { world, passkey, user: newUser };
}

/** What is wrong with an answer, and what is said of it. */
const wrongAnswers: [string, CeremonyOptions, string][] = [
  ["on a page of an application", { origin: "https://app.example" }, "WEBAUTHN_RESPONSE_INVALID"],
  ["on another port", { origin: `${ORIGIN}:8443` }, "WEBAUTHN_RESPONSE_INVALID"],
  ["without TLS", { origin: "http://wallet.example" }, "WEBAUTHN_RESPONSE_INVALID"],
  ["for another relying party", { rpId: "evil.example" }, "WEBAUTHN_RESPONSE_INVALID"],
  ["for the relying party in other case", { rpId: "Wallet.example" }, "WEBAUTHN_RESPONSE_INVALID"],
  ["without anybody there", { userPresent: false }, "WEBAUTHN_RESPONSE_INVALID"],
  ["without knowing who was there", { userVerified: false }, "USER_VERIFICATION_MISSING"],
];

describe("a registration", () => {
  test("makes a new user, whose id is the passkey's user handle", async () => {
    const world = await passkeyWorld();
    const passkey = newPasskey();
    const { id, options } = await begunRegistration(world);
    const { identity, newUser } = await finishedRegistration(
      world,
      id,
      registrationJson(passkey, options.challenge),
    );
    expect(Buffer.from(options.user.id, "base64url").toString()).toBe(newUser?.id);
    expect(identity.kind).toEqual({
      case: "passkey",
      passkey: {
        credentialId: passkey.credentialId,
        publicKey: passkey.publicKey,
        rpId: RP_ID,
        name: "my key",
        backedUp: true,
        transports: ["internal"],
      },
    });
    expect(await world.users.user("shop", newUser?.id ?? "")).toEqual(newUser);
  });

  test("asks for a discoverable passkey with user verification and no attestation", async () => {
    const { options } = await begunRegistration(await passkeyWorld(), { rpId: "Wallet.EXAMPLE" });
    expect(options).toMatchObject({
      rp: { id: RP_ID, name: "Wallet" },
      user: { name: "alice", displayName: "alice" },
      attestation: "none",
      authenticatorSelection: { residentKey: "required", userVerification: "required" },
      timeout: FIVE_MINUTES,
      excludeCredentials: [],
    });
    expect(options.pubKeyCredParams.map(({ alg }: { alg: number }) => alg)).toEqual([-8, -7, -257]);
    expect(bytesOf(options.challenge)).toHaveLength("countersign/registration/v1".length + 32);
  });

  test("asks nobody to prove who it is where the relying party says so", async () => {
    const world = await passkeyWorld();
    const rpId = "lax.example";
    const { id, options } = await begunRegistration(world, { rpId });
    expect(options.authenticatorSelection.userVerification).toBe("preferred");
    const passkey = newPasskey({ rpId, origin: "https://www.lax.example" });
    const json = registrationJson(passkey, options.challenge, { userVerified: false });
    expect((await finishedRegistration(world, id, json)).newUser).toBeDefined();
  });

  test("of somebody signed in links the passkey, and does not offer those that are linked", async () => {
    const { world, passkey, user } = await signedUp();
    const caller = sessionOf(user.id);
    // The oldest comes first.
    world.pass(1);
    const { id, options } = await begunRegistration(world, { caller });
    expect(options.user.id).toBe(Buffer.from(user.id).toString("base64url"));
    expect(options.excludeCredentials).toEqual([
      {
        id: Buffer.from(passkey.credentialId).toString("base64url"),
        type: "public-key",
        transports: ["internal"],
      },
    ]);
    const json = registrationJson(newPasskey(), options.challenge);
    const { identity, newUser } = await finishedRegistration(world, id, json, { caller });
    expect(newUser).toBeUndefined();
    expect((await world.users.user("shop", user.id))?.identities).toEqual([...user.identities, identity]);
  });

  test.each<[string, (userId: string) => Calling, (userId: string) => Calling]>([
    ["by somebody else", (id) => ({ caller: sessionOf(id) }), () => ({ caller: sessionOf("u_other") })],
    ["by nobody", (id) => ({ caller: sessionOf(id) }), () => ({})],
    ["by somebody, after it was begun by nobody", () => ({}), (id) => ({ caller: sessionOf(id) })],
  ])("is not finished %s", async (_who, beginner, finisher) => {
    const { world, user } = await signedUp();
    const { id, options } = await begunRegistration(world, beginner(user.id));
    const json = registrationJson(newPasskey(), options.challenge);
    expect(await reasonOf(finishedRegistration(world, id, json, finisher(user.id)))).toBe(
      "CHALLENGE_INVALID",
    );
  });

  test("takes no credentials but app sessions of its tenant, and no user that was merged", async () => {
    const { world, user } = await signedUp();
    for (const caller of [apiKeyCaller, sessionOf(user.id, "other")]) {
      expect(await reasonOf(begunRegistration(world, { caller }))).toBe("CREDENTIALS_INVALID");
    }
    const { newUser } = await registered(world, newPasskey());
    const caller = sessionOf(user.id);
    const { id, options } = await begunRegistration(world, { caller });
    await world.users.merge("shop", newUser?.id ?? "", user.id);
    expect(await reasonOf(begunRegistration(world, { caller }))).toBe("CREDENTIALS_REVOKED");
    const json = registrationJson(newPasskey(), options.challenge);
    expect(await reasonOf(finishedRegistration(world, id, json, { caller }))).toBe("CREDENTIALS_REVOKED");
  });

  test("of a passkey that is registered already is refused", async () => {
    const { world, passkey, user } = await signedUp();
    expect(await reasonOf(registered(world, passkey))).toBe("PASSKEY_EXISTS");
    expect(await reasonOf(registered(world, passkey, { caller: sessionOf(user.id) }))).toBe("PASSKEY_EXISTS");
  });

  test.each(wrongAnswers)("answered %s is refused", async (_how, options, reason) => {
    const world = await passkeyWorld();
    const begun = await begunRegistration(world);
    const passkey = newPasskey();
    const json = registrationJson(passkey, begun.options.challenge, options);
    expect(await reasonOf(finishedRegistration(world, begun.id, json))).toBe(reason);
    expect(await world.users.passkey("shop", passkey.credentialId)).toBeUndefined();
  });

  test("answered with an assertion, another challenge or another credential's id is refused", async () => {
    const world = await passkeyWorld();
    const answers = [
      (challenge: string) => registrationJson(newPasskey(), challenge, { type: "webauthn.get" }),
      () => registrationJson(newPasskey(), Buffer.alloc(32).toString("base64url")),
      (challenge: string) => ({ ...registrationJson(newPasskey(), challenge), id: "AAEC", rawId: "AAEC" }),
      (challenge: string) => ({ ...registrationJson(newPasskey(), challenge), rawId: "AAEC" }),
    ];
    for (const answer of answers) {
      const { id, options } = await begunRegistration(world);
      expect(await reasonOf(finishedRegistration(world, id, answer(options.challenge)))).toBe(
        "WEBAUTHN_RESPONSE_INVALID",
      );
    }
  });
});

describe("a sign-in", () => {
  /** Signs in with the passkey; `options` say how it answers. */
  async function signIn(
    { world, passkey, user }: Awaited<ReturnType<typeof signedUp>>,
    options: CeremonyOptions = {},
  ) {
    const begun = await begunSignIn(world);
    return finishedSignIn(world, begun.id, assertionJson(passkey, begun.options.challenge, user.id, options));
  }

  test("finds the user by the passkey, whichever it picks", async () => {
    const there = await signedUp();
    expect(await signIn(there)).toEqual(there.user);
    const { options } = await begunSignIn(there.world, { rpId: "WALLET.example" });
    expect(options).toMatchObject({
      rpId: RP_ID,
      allowCredentials: [],
      userVerification: "required",
      timeout: FIVE_MINUTES,
    });
    expect(isSignInChallenge(bytesOf(options.challenge))).toBe(true);
  });

  test("is possible in a wallet that an application frames", async () => {
    const there = await signedUp();
    expect(await signIn(there, { topOrigin: "https://app.example" })).toEqual(there.user);
  });

  test.each(wrongAnswers)("answered %s is refused", async (_how, options, reason) => {
    expect(await reasonOf(signIn(await signedUp(), options))).toBe(reason);
  });

  test("answered as a registration, or with anything changed, is refused", async () => {
    const { world, passkey, user } = await signedUp();
    const flipped = (text: string) => {
      const bytes = bytesOf(text);
      bytes[bytes.length - 1] = (bytes[bytes.length - 1] ?? 0) ^ 1;
      return Buffer.from(bytes).toString("base64url");
    };
    type Answer = ReturnType<typeof assertionJson>;
    const changes: ((json: Answer) => unknown)[] = [
      (json) => ({ ...json, response: { ...json.response, signature: flipped(json.response.signature) } }),
      (json) => ({
        ...json,
        response: { ...json.response, authenticatorData: flipped(json.response.authenticatorData) },
      }),
      (json) => ({ ...json, response: { ...json.response, signature: "" } }),
      (json) => ({ ...json, response: { ...json.response, userHandle: flipped(json.response.userHandle) } }),
      (json) => ({ ...json, response: { ...json.response, userHandle: undefined } }),
      (json) => ({ ...json, rawId: "AAEC" }),
    ];
    for (const change of changes) {
      const { id, options } = await begunSignIn(world);
      const json = change(assertionJson(passkey, options.challenge, user.id));
      expect(await reasonOf(finishedSignIn(world, id, json))).toBe("WEBAUTHN_RESPONSE_INVALID");
    }
    expect(await reasonOf(signIn({ world, passkey, user }, { type: "webauthn.create" }))).toBe(
      "WEBAUTHN_RESPONSE_INVALID",
    );
  });

  test("with a passkey that is not there, was unlinked, or is of another relying party is refused", async () => {
    const { world, passkey, user } = await signedUp();
    const { id, options } = await begunSignIn(world);
    const stranger = assertionJson(newPasskey(), options.challenge, user.id);
    expect(await reasonOf(finishedSignIn(world, id, stranger))).toBe("PASSKEY_NOT_FOUND");

    const lax = await begunSignIn(world, { rpId: "lax.example" });
    const moved = { rpId: "lax.example", origin: "https://lax.example" };
    const json = assertionJson(passkey, lax.options.challenge, user.id, moved);
    expect(await reasonOf(finishedSignIn(world, lax.id, json))).toBe("PASSKEY_NOT_FOUND");

    await registered(world, newPasskey(), { caller: sessionOf(user.id) });
    await world.users.unlink("shop", user.id, user.identities[0]?.id ?? "");
    expect(await reasonOf(signIn({ world, passkey, user }))).toBe("PASSKEY_NOT_FOUND");
  });

  test("works with a passkey of a user that was merged, for the user that it became", async () => {
    const { world, passkey, user } = await signedUp();
    const { newUser } = await registered(world, newPasskey());
    const merged = await world.users.merge("shop", newUser?.id ?? "", user.id);
    expect(await signIn({ world, passkey, user })).toEqual(merged);
  });

  test("with a counter that did not rise is refused, and stands in the audit log", async () => {
    const there = await signedUp(true);
    expect(await signIn(there)).toEqual(there.user);
    for (const counter of [0, 1, 2]) {
      expect(await reasonOf(signIn(there, { counter }))).toBe("PASSKEY_COUNTER_WENT_BACK");
    }
    await signIn(there, { counter: 9 });
    const log = await auditLog(there.world.ledger, "shop");
    expect(log.filter(({ kind }) => kind === "passkey.counter-went-back")).toHaveLength(3);
    expect(log.at(-1)?.actor).toBe(`user:${there.user.id}`);
  });

  test("does not raise the counter of a passkey whose signature is wrong", async () => {
    const there = await signedUp(true);
    await reasonOf(signIn(there, { counter: 2 ** 31, origin: "https://evil.example" }));
    expect(await signIn(there, { counter: 2 })).toEqual(there.user);
  });
});

describe("what was begun", () => {
  /** Both ceremonies, as far as their finish. */
  const ceremonies = [
    {
      name: "registration",
      begin: (world: PasskeyWorld, calling?: Calling) => begunRegistration(world, calling),
      finish: finishedRegistration,
      answer: (_there: Awaited<ReturnType<typeof signedUp>>, challenge: string) =>
        registrationJson(newPasskey(), challenge),
    },
    {
      name: "sign-in",
      begin: (world: PasskeyWorld, calling?: Calling) => begunSignIn(world, calling),
      finish: finishedSignIn,
      answer: ({ passkey, user }: Awaited<ReturnType<typeof signedUp>>, challenge: string) =>
        assertionJson(passkey, challenge, user.id),
    },
  ];

  describe.each(ceremonies)("as a $name", ({ begin, finish, answer }) => {
    test("is finished once, also by many at the same time", async () => {
      const there = await signedUp();
      const { id, options } = await begin(there.world);
      const json = answer(there, options.challenge);
      const calls = Array.from({ length: 10 }, () => reasonOf(finish(there.world, id, json)));
      const reasons = await Promise.all(calls);
      expect(reasons.filter((reason) => reason === "none")).toHaveLength(1);
      expect(reasons.filter((reason) => reason === "CHALLENGE_INVALID")).toHaveLength(9);
    });

    test("is spent by an answer that is wrong", async () => {
      const there = await signedUp();
      const { id, options } = await begin(there.world);
      const wrong = answer(there, Buffer.alloc(32).toString("base64url"));
      expect(await reasonOf(finish(there.world, id, wrong))).toBe("WEBAUTHN_RESPONSE_INVALID");
      expect(await reasonOf(finish(there.world, id, answer(there, options.challenge)))).toBe(
        "CHALLENGE_INVALID",
      );
    });

    test("is over after five minutes", async () => {
      const there = await signedUp();
      const { id, options } = await begin(there.world);
      there.world.pass(FIVE_MINUTES);
      expect(await reasonOf(finish(there.world, id, answer(there, options.challenge)))).toBe(
        "CHALLENGE_INVALID",
      );
    });

    test("is not finished as something else, or under another id", async () => {
      const there = await signedUp();
      const { id, options } = await begin(there.world);
      const other = await begin(there.world);
      expect(await reasonOf(finish(there.world, other.id, answer(there, options.challenge)))).toBe(
        "WEBAUTHN_RESPONSE_INVALID",
      );
      for (const { finish: finishOther, answer: answerOther } of ceremonies.filter(
        (c) => c.finish !== finish,
      )) {
        const json = answerOther(there, options.challenge);
        expect(await reasonOf(finishOther(there.world, id, json))).toBe("CHALLENGE_INVALID");
      }
      expect(await reasonOf(finish(there.world, "unknown", answer(there, options.challenge)))).toBe(
        "CHALLENGE_INVALID",
      );
    });

    test("is finished on a page of the relying party, the one where the passkey answered", async () => {
      const there = await signedUp();
      const finishFrom = async (origin: string) => {
        const { id, options } = await begin(there.world, { origin: ORIGIN });
        const json = answer(there, options.challenge);
        return reasonOf(finish(there.world, id, json, { origin }));
      };
      expect(await finishFrom(ORIGIN)).toBe("none");
      expect(await finishFrom("https://www.wallet.example")).toBe("WEBAUTHN_RESPONSE_INVALID");
      expect(await finishFrom("https://app.example")).toBe("ORIGIN_NOT_ALLOWED");
      expect(await finishFrom("null")).toBe("ORIGIN_NOT_ALLOWED");
    });

    test("is begun at an enabled tenant's relying party, on one of its pages", async () => {
      const world = await passkeyWorld();
      const reasonFor = (calling: Calling) => reasonOf(begin(world, calling));
      expect(await reasonFor({ tenant: "nobody" })).toBe("TENANT_NOT_FOUND");
      expect(await reasonFor({ tenant: "closed", rpId: "closed.example" })).toBe("TENANT_DISABLED");
      expect(await reasonFor({ tenant: "plain" })).toBe("RELYING_PARTY_NOT_FOUND");
      expect(await reasonFor({ rpId: "other.example" })).toBe("RELYING_PARTY_NOT_FOUND");
      expect(await reasonFor({ origin: "https://app.example" })).toBe("ORIGIN_NOT_ALLOWED");
      expect(await reasonFor({ origin: "https://www.wallet.example" })).toBe("none");
    });

    test("is not finished once its tenant is disabled, or has no such relying party any more", async () => {
      const there = await signedUp();
      const [first, second] = [await begin(there.world), await begin(there.world)];
      there.world.disabled.add("shop");
      expect(await reasonOf(finish(there.world, first.id, answer(there, first.options.challenge)))).toBe(
        "TENANT_DISABLED",
      );
      there.world.disabled.delete("shop");
      there.world.signIns.set("shop", { relyingParties: [], providers: [], scopes: [] });
      expect(await reasonOf(finish(there.world, second.id, answer(there, second.options.challenge)))).toBe(
        "CHALLENGE_INVALID",
      );
    });

    test("is not answered with what was made for another tenant", async () => {
      const there = await signedUp();
      const elsewhere = await begin(there.world, { tenant: "other", rpId: "other.example" });
      expect(
        await reasonOf(finish(there.world, elsewhere.id, answer(there, elsewhere.options.challenge))),
      ).not.toBe("none");
      const { id } = await begin(there.world);
      expect(await reasonOf(finish(there.world, id, answer(there, elsewhere.options.challenge)))).toBe(
        "WEBAUTHN_RESPONSE_INVALID",
      );
    });

    test("is refused with PRF results, which are in no error", async () => {
      const there = await signedUp();
      const { id, options } = await begin(there.world);
      const json = answer(there, options.challenge);
      const first = "c2VjcmV0LXByZi1vdXRwdXQtb2YtMzItYnl0ZXMtISE";
      json.clientExtensionResults = { prf: { enabled: true, results: { first } } };
      const error = await finish(there.world, id, json).then(
        () => undefined,
        (e: unknown) => e,
      );
      expect(await reasonOf(Promise.reject(error))).toBe("WEBAUTHN_SECRET_PRESENT");
      if (!(error instanceof DomainError)) throw new Error("no refusal");
      expect(error.cause).toBeUndefined();
      expect(error.message).not.toContain(first);
    });
  });
});

test.each(["EdDSA", "RS256"] as const)(
  "a %s passkey that signs its own attestation registers and signs in",
  async (algorithm) => {
    const world = await passkeyWorld();
    const passkey = new SelfAttestingPasskey(algorithm, RP_ID, ORIGIN);
    const wrong = await begunRegistration(world);
    const forged = passkey.registrationJson(wrong.options.challenge, Buffer.from("other data"));
    expect(await reasonOf(finishedRegistration(world, wrong.id, forged))).toBe("WEBAUTHN_RESPONSE_INVALID");

    const { id, options } = await begunRegistration(world);
    const { newUser } = await finishedRegistration(world, id, passkey.registrationJson(options.challenge));
    const begun = await begunSignIn(world);
    const json = passkey.assertionJson(begun.options.challenge, newUser?.id ?? "");
    expect(await finishedSignIn(world, begun.id, json)).toEqual(newUser);
  },
);

describe("where a contract holds the passkeys", () => {
  test("it is asked with each sign-in, once the rest is right", async () => {
    const asked: unknown[] = [];
    const world = await passkeyWorld({ contractCheck: async (question) => void asked.push(question) });
    const passkey = newPasskey();
    const { newUser } = await registered(world, passkey);
    const userId = newUser?.id ?? "";

    const { id, options } = await begunSignIn(world);
    const json = assertionJson(passkey, options.challenge, userId);
    expect(await finishedSignIn(world, id, json, { accountId: "alice.testnet" })).toEqual(newUser);
    const { clientDataJSON, authenticatorData, signature } = json.response;
    expect(asked).toEqual([
      {
        account_id: "alice.testnet",
        rp_id: RP_ID,
        credential_id: json.id,
        client_data_json: clientDataJSON,
        authenticator_data: authenticatorData,
        signature,
      },
    ]);

    const unnamed = await begunSignIn(world);
    const second = assertionJson(passkey, unnamed.options.challenge, userId);
    expect(await reasonOf(finishedSignIn(world, unnamed.id, second))).toBe("CONTRACT_DENIED");
    const wrong = await begunSignIn(world);
    const third = assertionJson(passkey, wrong.options.challenge, userId, { userVerified: false });
    await reasonOf(finishedSignIn(world, wrong.id, third, { accountId: "alice.testnet" }));
    expect(asked).toHaveLength(1);
  });

  test("naming an account is refused where none is asked", async () => {
    const { world, passkey, user } = await signedUp();
    const { id, options } = await begunSignIn(world);
    const json = assertionJson(passkey, options.challenge, user.id);
    expect(await reasonOf(finishedSignIn(world, id, json, { accountId: "alice.testnet" }))).toBe(
      "CONTRACT_DENIED",
    );
  });
});
