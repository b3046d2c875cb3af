import { secp256k1 } from "@noble/curves/secp256k1.js";
import {
  bytesToHex,
  type Hex,
  parseTransaction,
  recoverAddress,
  recoverTransactionAddress,
  serializeTransaction,
} from "viem";
import { publicKeyToAddress } from "viem/accounts";
import { expect, test } from "vitest";
import { outcomeOf } from "../threshold/support/reason.ts";
import { EcdsaWallet } from "./support/ecdsa-client.ts";
import { startEcdsaSigner } from "./support/ecdsa-signer.ts";
import { evmMessage, evmTransactions, transfer } from "./support/evm-payloads.ts";
import { evmSettings } from "./support/evm-signer.ts";

/** The EVM account of a key. */
function addressOf({ publicKey }: EcdsaWallet): Hex {
  return publicKeyToAddress(bytesToHex(secp256k1.Point.fromBytes(publicKey).toBytes(false)));
}

test("a key, a presignature and a payload make a transaction that is the key's account's", async () => {
  const { client } = await startEcdsaSigner({ threshold: evmSettings() });
  const wallet = await EcdsaWallet.withKey(client);
  const token = await wallet.mint();
  const unsigned = transfer();
  const [given] = await wallet.authorizeEcdsa(evmTransactions(unsigned).payload, token);
  if (given === undefined) expect.fail("nothing was authorised");
  const { r, s, recovery } = await wallet.signEcdsa(given, await wallet.presign(token));
  const signature = { r: bytesToHex(r), s: bytesToHex(s), yParity: recovery };
  const serializedTransaction = serializeTransaction(unsigned, signature);
  expect(parseTransaction(serializedTransaction)).toMatchObject({ to: unsigned.to, value: unsigned.value });
  expect(await recoverTransactionAddress({ serializedTransaction })).toBe(addressOf(wallet));
  expect(await wallet.pool()).toEqual([]);
});

test("a presignature makes one signature, also for whoever the user was merged into", async () => {
  const { client } = await startEcdsaSigner({ threshold: evmSettings() });
  const first = await EcdsaWallet.withKey(client);
  const made = await first.presign(await first.mint());
  const merged = { ...first.caller, user: "user-2", mergedUsers: [first.caller.user] };
  const wallet = first.with({ caller: merged });
  expect(await wallet.pool()).toEqual([made.id]);
  const token = await wallet.mint();
  const { payload, digests } = evmMessage();
  const [given, again] = [
    ...(await wallet.authorizeEcdsa(payload, token)),
    ...(await wallet.authorizeEcdsa(payload, token)),
  ];
  if (given === undefined || again === undefined) expect.fail("nothing was authorised");
  const { r, s, recovery } = await wallet.signEcdsa(given, made);
  const hash = bytesToHex(digests[0] ?? new Uint8Array());
  const signature = { r: bytesToHex(r), s: bytesToHex(s), yParity: recovery };
  expect(await recoverAddress({ hash, signature })).toBe(addressOf(wallet));
  expect(await outcomeOf(wallet.beginEcdsa(again, made))).toBe("PRESIGNATURE_POOL_EMPTY");
});
