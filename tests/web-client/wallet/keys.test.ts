import { Code } from "@connectrpc/connect";
import { groupKey, keyId, SCHEME_ID, verifyingShare } from "@countersign/crypto/frost-ed25519.ts";
import { proveEd25519 } from "@countersign/crypto/possession.ts";
import { errorOf } from "@countersign/web";
import { describe, expect, it } from "vitest";
import type { TextStore } from "../../../clients/web/src/wallet/text-store.ts";
import { ACCOUNT, signHello, startNodeWallet, walletWithKey } from "./support/node-wallet.ts";
import { random } from "./support/relayers-half.ts";
import { RP_ID, softwarePasskeys } from "./support/software-passkeys.ts";
import { TENANT, USER } from "./support/wallet-relay.ts";

const failed = () => expect.fail("it should have failed");
type Answer = { key: Record<string, unknown> } & Record<string, unknown>;

async function registered() {
  const made = await startNodeWallet();
  await made.wallet.register({ userName: "Alice", accountId: ACCOUNT });
  return made;
}

describe("a key is not taken when the relay answers with", () => {
  const flip = (bytes: unknown) =>
    Uint8Array.from(bytes as Uint8Array, (byte, i) => (i === 40 ? byte ^ 1 : byte));
  const inKey = (changes: object) => (answer: Answer) => ({ ...answer, key: { ...answer.key, ...changes } });
  it.each<[string, (answer: Answer) => object, string]>([
    [
      "a proof with a bit changed",
      (a) => ({ ...a, relayerProof: flip(a.relayerProof) }),
      "POSSESSION_PROOF_INVALID",
    ],
    ["no proof", (a) => ({ ...a, relayerProof: new Uint8Array() }), "POSSESSION_PROOF_INVALID"],
    [
      "the name of another key",
      inKey({ keyId: "ed25519:G4jVBejLprjNapGGvf9jz6DMP2G6Md7FXSBXdhANRxXd" }),
      "THRESHOLD_KEY_BROKEN",
    ],
    ["another network", inKey({ network: "mainnet" }), "THRESHOLD_KEY_BROKEN"],
    ["another account", inKey({ accountId: "bob.testnet" }), "THRESHOLD_KEY_BROKEN"],
    ["another relying party", inKey({ rpId: "other.example" }), "THRESHOLD_KEY_BROKEN"],
    ["another scheme", inKey({ schemeId: "threshold-ed25519-frost-2p-v2" }), "THRESHOLD_KEY_BROKEN"],
    [
      "another client's share",
      inKey({ clientVerifyingShare: verifyingShare(Uint8Array.of(5, ...new Uint8Array(31))) }),
      "THRESHOLD_KEY_BROKEN",
    ],
    ["other participants", (a) => ({ ...a, relayerId: 3 }), "THRESHOLD_KEY_BROKEN"],
    ["no key", (a) => ({ ...a, key: undefined }), "THRESHOLD_KEY_BROKEN"],
  ])("%s", async (_, tamper, reason) => {
    const made = await registered();
    made.relay.deeds.finishKey = (honest) => tamper(honest());
    const creating = made.wallet.createKey({ accountId: ACCOUNT });
    expect(await creating.then(failed, errorOf)).toMatchObject({ reason, code: Code.DataLoss });
    expect(made.wallet.key(ACCOUNT)).toBeUndefined();
    expect(await signHello(made).then(failed, errorOf)).toMatchObject({ reason: "THRESHOLD_KEY_NOT_FOUND" });
    expect(made.relay.of("signInit")).toHaveLength(0);
  });

  it("a public share that makes the whole key its own", async () => {
    // P_r = 2·P_c − x·B, so that the group's key is x·B, and a proof for x, which is all that the relay knows.
    const made = await registered();
    const x = Uint8Array.of(9, ...new Uint8Array(31));
    const own = verifyingShare(x);
    const { calls } = made.relay;
    made.relay.deeds.finishKey = (honest, { request }) => {
      const answer = honest();
      const peerShare: Uint8Array = request.clientVerifyingShare;
      const relayerProof = proveEd25519(
        x,
        {
          ...{ schemeId: SCHEME_ID, role: "relayer", network: "testnet", accountId: ACCOUNT, rpId: RP_ID },
          ...{ tenant: TENANT, user: USER, challenge: request.challenge, ownShare: own, peerShare },
        },
        random,
      );
      const relayerVerifyingShare = groupKey(peerShare, own);
      return { ...answer, key: { ...answer.key, keyId: keyId(own), relayerVerifyingShare }, relayerProof };
    };
    const creating = made.wallet.createKey({ accountId: ACCOUNT });
    expect(await creating.then(failed, errorOf)).toMatchObject({ reason: "POSSESSION_PROOF_INVALID" });
    expect(made.wallet.key(ACCOUNT)).toBeUndefined();
    expect(calls.filter(({ method }) => method === "finishKey")).toHaveLength(1);
  });

  it.each(["tenant", "user"])("a challenge for another %s: nothing is proved for it", async (field) => {
    const made = await registered();
    made.relay.deeds.beginKey = (honest) => ({ ...honest(), [field]: "another" });
    const creating = made.wallet.createKey({ accountId: ACCOUNT });
    expect(await creating.then(failed, errorOf)).toMatchObject({ code: Code.DataLoss });
    expect(made.relay.of("finishKey")).toHaveLength(0);
  });
});

it("a key outlives its page: one touch mints a session and unlocks the share", async () => {
  const made = await walletWithKey();
  const wallet = made.reload();
  await wallet.resume();
  const touches = made.passkeys.touches.length;
  await signHello({ wallet });
  expect(made.passkeys.touches.slice(touches).map(({ withPrf }) => withPrf)).toEqual([true]);
  expect(made.relay.of("finishKey")).toHaveLength(1);
});

it("a user who signed in with another passkey is asked for the key's", async () => {
  const made = await walletWithKey();
  const wallet = made.reload(softwarePasskeys());
  await wallet.signIn({ accountId: ACCOUNT });
  expect(await signHello({ wallet }).then(failed, errorOf)).toMatchObject({
    message: "the passkey derives another share than the key's",
  });
  const both = softwarePasskeys();
  const returning = made.reload({ ...made.passkeys, signIn: both.signIn });
  await returning.signIn({ accountId: ACCOUNT });
  expect((await signHello({ wallet: returning })).publicKey).toBe(made.wallet.key(ACCOUNT)?.keyId);
});

it("a share that another passkey derives does not sign with the key", async () => {
  // The second wallet finds the first one's key, whatever the name.
  const texts: string[] = [];
  const keyStore: TextStore = {
    getItem: () => texts[0] ?? null,
    setItem: (_, text) => void texts.push(text),
    removeItem: () => undefined,
  };
  const owner = await walletWithKey({ keyStore });
  const other = await startNodeWallet({ keyStore });
  await other.wallet.register({ userName: "Mallory", accountId: ACCOUNT });
  expect(other.wallet.key(ACCOUNT)).toEqual(owner.wallet.key(ACCOUNT));
  expect(await signHello(other).then(failed, errorOf)).toMatchObject({
    reason: "THRESHOLD_KEY_NOT_FOUND",
    message: "the passkey derives another share than the key's",
  });
  expect(other.relay.of("signInit")).toHaveLength(0);
});

it("a PRF result is taken from the page, or wiped where nothing needs it", async () => {
  const made = await startNodeWallet();
  await made.wallet.register({ userName: "Alice" });
  await made.wallet.signIn({ accountId: ACCOUNT });
  const [wiped, taken] = made.passkeys.results;
  expect(new Uint8Array(wiped ?? new ArrayBuffer(1))).toEqual(new Uint8Array(32));
  expect(taken?.byteLength).toBe(0);
});

it("what is sent of a passkey has no results of extensions", async () => {
  const made = await walletWithKey();
  await made.wallet.signIn({ accountId: ACCOUNT });
  const sent = made.relay.calls.flatMap(({ request }) =>
    typeof request.credentialJson === "string" ? [JSON.parse(request.credentialJson)] : [],
  );
  expect(sent.map(({ clientExtensionResults }) => clientExtensionResults)).toEqual([{}, {}]);
});
