import { generateKeyPairSync } from "node:crypto";
import { formatPublicKey } from "@countersign/near";
import { expect, it } from "vitest";
import { KeystoreKey } from "../backends/keystore/keystore-key.ts";
import { signWith, verifiedSigning } from "./own-signature.ts";
import { type OpenKey, RelayerSigner } from "./relayer-signer.ts";

async function openKey(accountId: string): Promise<OpenKey> {
  const backend = new KeystoreKey(generateKeyPairSync("ed25519").privateKey);
  const publicKey = await backend.publicKey();
  const key = { keyId: "relayer-1", network: "testnet", accountId, publicKey };
  return {
    key,
    publicKeyText: formatPublicKey(publicKey),
    sign: verifiedSigning(publicKey, (hash) => signWith(backend, hash)),
  };
}

it("a call whose grants are verified while a reload takes place keeps its keys with its rules", async () => {
  let held = await openKey("before.testnet");
  const after = await openKey("after.testnet");
  const examined: string[] = [];
  const signer = new RelayerSigner({
    keyOf: () => held,
    rules: () => ({
      grantsOf: async () => {
        held = after;
        return null;
      },
      examine: async (_request, _network, { accountId }) => {
        examined.push(accountId);
        const nothing = { deposit: 0n, depositPerDay: 0n, gas: 0n, gasPerDay: 0n };
        return { purpose: "TRANSFER", nonce: 1n, ...nothing };
      },
    }),
    journal: {
      reserve: async (requests) => requests.map(() => ({ kind: "reserved" })),
      record: async (made) => made.map(({ signature }) => signature),
    },
  });
  const requests = [{ keyId: "relayer-1", transaction: new Uint8Array(8), callerCredential: "" }];
  await signer.sign({ network: "testnet", requests, grants: null, requestId: "", peer: "" });
  expect(examined).toEqual(["before.testnet"]);
});
