import { Code } from "@connectrpc/connect";
import { groupKey, keyId, SCHEME_ID, verifyingShare } from "@countersign/crypto/keys-secp256k1.ts";
import { proveSecp256k1 } from "@countersign/crypto/possession-secp256k1.ts";
import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { parsePublicKey } from "@countersign/near";
import { errorOf } from "@countersign/web";
import { ed25519 } from "@noble/curves/ed25519.js";
import { recoverMessageAddress } from "viem";
import { privateKeyToAddress } from "viem/accounts";
import { describe, expect, it } from "vitest";
import { refusal } from "../scripted-relay.ts";
import { ACCOUNT, walletWithKey } from "../wallet/support/node-wallet.ts";
import { random } from "../wallet/support/relayers-half.ts";
import { RP_ID, softwarePasskeys } from "../wallet/support/software-passkeys.ts";
import { TENANT, USER } from "../wallet/support/wallet-relay.ts";
import { evmWorldWithKey, startEvmWorld } from "./support/evm-wallet.ts";

const failed = () => expect.fail("it should have failed");
type Answer = { key: Record<string, unknown> } & Record<string, unknown>;

it("bootstrap makes key, session and account with two touches; once there is a key, with one", async () => {
  const { wallet, relay, passkeys } = await startEvmWorld();
  const before = passkeys.touches.length;
  const { account, key, session } = await wallet.evm.bootstrap({ accountId: ACCOUNT });
  expect(passkeys.touches.length - before).toBe(2);
  expect(session.maxUses).toBe(100);
  expect(key).toMatchObject({ schemeId: SCHEME_ID, accountId: ACCOUNT, rpId: RP_ID });
  expect(wallet.evm.account(ACCOUNT)?.address).toBe(account.address);
  const again = await wallet.evm.bootstrap({ accountId: ACCOUNT });
  expect(again.account.address).toBe(account.address);
  expect(passkeys.touches.length - before).toBe(3);
  expect([relay.of("finishKey").length, relay.of("mintSession").length]).toEqual([1, 2]);
});

it("an account outlives its page: one touch mints a session, unlocks the share and signs", async () => {
  const world = await evmWorldWithKey();
  const wallet = world.reload();
  await wallet.resume();
  const account = wallet.evm.account(ACCOUNT);
  const touches = world.passkeys.touches.length;
  const signature = await account?.signMessage({ message: "hello" });
  expect(await recoverMessageAddress({ message: "hello", signature: signature ?? "0x" })).toBe(
    world.account.address,
  );
  expect(world.passkeys.touches.slice(touches).map(({ withPrf }) => withPrf)).toEqual([true]);
});

it("a passkey whose PRF does not make the key is refused before anything is sent of a round", async () => {
  const world = await evmWorldWithKey();
  const other = softwarePasskeys();
  const wallet = world.reload({
    ...world.passkeys,
    assert: async (wanted, signal) => {
      const { prfFirst } = await other.assert(wanted, signal);
      return { ...(await world.passkeys.assert(wanted, signal)), prfFirst };
    },
  });
  await wallet.resume();
  const wrong = { reason: "THRESHOLD_KEY_NOT_FOUND", code: Code.FailedPrecondition };
  const account = wallet.evm.account(ACCOUNT);
  expect(await account?.signMessage({ message: "hello" }).then(failed, errorOf)).toMatchObject(wrong);
  expect(await wallet.evm.bootstrap({ accountId: ACCOUNT }).then(failed, errorOf)).toMatchObject(wrong);
  expect(world.relay.of("signEcdsaInit")).toEqual([]);
});

describe("a key is not taken when the relay answers with", () => {
  const flip = (bytes: unknown) =>
    Uint8Array.from(bytes as Uint8Array, (byte, i) => (i === 40 ? byte ^ 1 : byte));
  const inKey = (changes: object) => (answer: Answer) => ({ ...answer, key: { ...answer.key, ...changes } });
  const point = verifyingShare(Uint8Array.of(...new Uint8Array(31), 5));
  it.each<[string, (answer: Answer) => object, string]>([
    [
      "a proof with a bit changed",
      (a) => ({ ...a, relayerProof: flip(a.relayerProof) }),
      "POSSESSION_PROOF_INVALID",
    ],
    ["no proof", (a) => ({ ...a, relayerProof: new Uint8Array() }), "POSSESSION_PROOF_INVALID"],
    ["the name of another key", inKey({ keyId: keyId("testnet", point) }), "THRESHOLD_KEY_BROKEN"],
    ["another network", inKey({ network: "mainnet" }), "THRESHOLD_KEY_BROKEN"],
    ["another scheme", inKey({ schemeId: "threshold-ed25519-frost-2p-v1" }), "THRESHOLD_KEY_BROKEN"],
    ["another client's share", inKey({ clientVerifyingShare: point }), "THRESHOLD_KEY_BROKEN"],
    ["another relayer's share", inKey({ relayerVerifyingShare: point }), "POSSESSION_PROOF_INVALID"],
    ["other participants", (a) => ({ ...a, relayerId: 3 }), "THRESHOLD_KEY_BROKEN"],
  ])("%s", async (_, tamper, reason) => {
    const { wallet, relay } = await startEvmWorld();
    relay.deeds.finishKey = (honest) => tamper(honest());
    const creating = wallet.evm.bootstrap({ accountId: ACCOUNT });
    expect(await creating.then(failed, errorOf)).toMatchObject({ reason, code: Code.DataLoss });
    expect(wallet.evm.account(ACCOUNT)).toBeUndefined();
    expect([relay.of("mintSession").length, relay.of("presignInit").length]).toEqual([0, 0]);
  });

  it("a public share that makes the whole key its own", async () => {
    // P_r = x·G − P_c, so that the key is x·G, and a proof for x, which is all that the relay knows.
    const { wallet, relay } = await startEvmWorld();
    const x = Uint8Array.of(...new Uint8Array(31), 9);
    const own = verifyingShare(x);
    relay.deeds.finishKey = (honest, { request }) => {
      const answer = honest();
      const peerShare: Uint8Array = request.clientVerifyingShare;
      const names = { schemeId: SCHEME_ID, network: "testnet", accountId: ACCOUNT, rpId: RP_ID };
      const ceremony = { tenant: TENANT, user: USER, challenge: request.challenge };
      const context = { ...names, ...ceremony, role: "relayer", ownShare: own, peerShare } as const;
      const negated = Uint8Array.from(peerShare, (byte, i) => (i === 0 ? byte ^ 1 : byte));
      const relayerVerifyingShare = groupKey(own, negated);
      const key = { ...answer.key, keyId: keyId("testnet", own), relayerVerifyingShare };
      return { ...answer, key, relayerProof: proveSecp256k1(x, context, random) };
    };
    const creating = wallet.evm.bootstrap({ accountId: ACCOUNT });
    expect(await creating.then(failed, errorOf)).toMatchObject({ reason: "POSSESSION_PROOF_INVALID" });
  });
});

describe("an export", () => {
  it("gives the private key of the account's address, with one touch", async () => {
    const { wallet, account, passkeys } = await evmWorldWithKey();
    const touches = passkeys.touches.length;
    expect(privateKeyToAddress(await wallet.evm.exportKey({ accountId: ACCOUNT }))).toBe(account.address);
    expect(passkeys.touches.length - touches).toBe(1);
  });

  it("of a NEAR key gives the scalar of its public key", async () => {
    const { wallet } = await walletWithKey();
    const scalar = await wallet.exportKey({ accountId: ACCOUNT });
    const made = ed25519.Point.BASE.multiply(ed25519.Point.Fn.fromBytes(scalar)).toBytes();
    expect(made).toEqual(parsePublicKey(wallet.key(ACCOUNT)?.keyId ?? "").data);
  });

  it.each<[string, (answer: Record<string, Uint8Array>) => object, string]>([
    [
      "is not opened with a bit changed",
      (a) => ({ ...a, sealedShare: a.sealedShare?.map((byte, i) => (i === 9 ? byte ^ 1 : byte)) }),
      "ROUND_MESSAGE_INVALID",
    ],
    ["has to be there", (a) => ({ ...a, encapsulatedKey: new Uint8Array() }), "ROUND_MESSAGE_INVALID"],
  ])("%s", async (_, tamper, reason) => {
    const { wallet, relay } = await evmWorldWithKey();
    relay.deeds.exportShare = async (honest) => tamper(await honest());
    const exporting = wallet.evm.exportKey({ accountId: ACCOUNT });
    expect(await exporting.then(failed, errorOf)).toMatchObject({ reason, code: Code.DataLoss });
  });

  it("of a share that is not the key's is refused", async () => {
    const { wallet, half } = await evmWorldWithKey();
    const { share } = half.key();
    share.set([(share.at(31) ?? 0) ^ 1], 31);
    expect(await wallet.evm.exportKey({ accountId: ACCOUNT }).then(failed, errorOf)).toMatchObject({
      reason: "THRESHOLD_KEY_BROKEN",
      code: Code.DataLoss,
    });
  });

  it("that the operator does not allow ends in the signer's reason", async () => {
    const { wallet, relay } = await evmWorldWithKey();
    relay.deeds.exportShare = () => {
      throw refusal(ErrorReason.EXPORT_DISABLED);
    };
    expect(await wallet.evm.exportKey({ accountId: ACCOUNT }).then(failed, errorOf)).toMatchObject({
      reason: "EXPORT_DISABLED",
    });
  });
});
