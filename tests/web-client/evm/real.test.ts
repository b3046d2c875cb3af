import { randomBytes } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createConnectTransport } from "@connectrpc/connect-node";
import { libsecp256k1Points } from "@countersign/crypto/ot-ecdsa/libsecp256k1-points.ts";
import { Purpose } from "@countersign/gen/countersign/threshold/v1/threshold_pb.ts";
import { errorOf } from "@countersign/web";
import {
  type Hex,
  keccak256,
  recoverMessageAddress,
  recoverTransactionAddress,
  recoverTypedDataAddress,
  type TransactionSerializable,
} from "viem";
import { privateKeyToAddress } from "viem/accounts";
import { Transaction } from "viem/tempo";
import { recoverAuthorizationAddress } from "viem/utils";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { systemClock } from "../../../clients/web/src/clock.ts";
import type { EvmAccount } from "../../../clients/web/src/evm/evm-account.ts";
import type { WalletWithEvm } from "../../../clients/web/src/evm/evm-wallet.ts";
import { evmWalletOver } from "../../../clients/web/src/evm/evm-wallet-over.ts";
import { memoryPresignatures } from "../../../clients/web/src/vault/presignature-store.ts";
import { memoryStore } from "../../../clients/web/src/wallet/text-store.ts";
import { NETWORK } from "../../support/test-relay.ts";
import { startWalletWorld, WALLET_TENANT, type WalletWorld } from "../../support/wallet-world.ts";
import { openVault } from "../wallet/support/node-wallet.ts";
import { ORIGIN, RP_ID, softwarePasskeys } from "../wallet/support/software-passkeys.ts";

const ACCOUNT = "alice.test";
const TO = "0x70997970c51812dc3a010c7d01b50e0d17dc79c8";
const OTHER = "0x3c44cdddb6a900fa2b585dd299e03d12fa4293bc";
const failed = () => expect.fail("it should have failed");
const fees = { maxFeePerGas: 2_000_000_000n, maxPriorityFeePerGas: 1_000_000_000n };
const common = { chainId: 1, nonce: 7, to: TO, value: 1n, gas: 21_000n } as const;

/** Relay and signer as they are, in this process; the signer keeps three presignatures a key. */
describe("a wallet with a real relay and signer", { timeout: 180_000 }, () => {
  const store = memoryPresignatures();
  let folder: string;
  let world: WalletWorld;
  let wallet: WalletWithEvm;
  let account: EvmAccount;
  let keyId: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "evm-wallet-"));
    const secret = async (name: string) => {
      const file = join(folder, name);
      await writeFile(file, randomBytes(32).toString("hex"), { mode: 0o600 });
      return `file:${file}`;
    };
    const scheme = "threshold-secp256k1-ecdsa-2p-v1";
    const evm = {
      chains: [
        {
          chain_id: 1,
          calls: [{ recipient: TO, selectors: "any", max_value: "1000" }],
          typed_data: [{ verifying_contract: TO, primary_types: ["Mail"] }],
          authorizations: [TO],
        },
      ],
      messages: true,
    };
    world = await startWalletWorld({
      rpId: RP_ID,
      origin: ORIGIN,
      threshold: {
        master_secrets: [{ scheme, network: NETWORK, epoch: 1, secret: await secret("master-secret-ecdsa") }],
        tenants: [
          { tenant: WALLET_TENANT, relying_parties: [{ id: RP_ID, origins: [ORIGIN] }], export: true, evm },
        ],
        presign: { capacity: 3 },
      },
    });
    const vault = openVault({ points: libsecp256k1Points, presignatures: store });
    wallet = evmWalletOver(
      {
        relay: {
          baseUrl: world.relayUrl,
          transport: ({ baseUrl, interceptors = [] }) =>
            createConnectTransport({ baseUrl, interceptors, httpVersion: "2" }),
        },
        tenant: WALLET_TENANT,
        rpId: RP_ID,
        network: NETWORK,
        near: () => Promise.reject(new Error("nothing is asked of NEAR here")),
        tokens: memoryStore(),
        keyStore: memoryStore(),
      },
      { passkeys: softwarePasskeys(), vault, clock: systemClock, wallTime: () => Date.now() },
    );
    await wallet.register({ userName: "Alice", accountId: ACCOUNT });
    const made = await wallet.evm.bootstrap({ accountId: ACCOUNT });
    account = made.account;
    keyId = made.key.keyId;
  }, 120_000);
  afterAll(async () => {
    wallet?.close();
    await world?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  it("fills its pool in the background, up to what the signer holds", async () => {
    await vi.waitFor(async () => expect(await store.ids(keyId)).toHaveLength(3), { timeout: 150_000 });
  });

  it("signs transactions of every type, also Tempo's", async () => {
    const authorization = await account.signAuthorization({ chainId: 1, address: TO, nonce: 8 });
    expect(await recoverAuthorizationAddress({ authorization })).toBe(account.address);
    const accessList = [{ address: TO, storageKeys: [keccak256("0x01")] }] as const;
    const transactions: TransactionSerializable[] = [
      { ...common, type: "legacy", gasPrice: 1n },
      { ...common, type: "eip2930", gasPrice: 1n, accessList },
      { ...common, ...fees, type: "eip1559", data: "0x010203" },
      { ...common, ...fees, type: "eip7702", authorizationList: [authorization] },
    ];
    for (const transaction of transactions) {
      const serializedTransaction = (await account.signTransaction(transaction)) as `0x02${string}`;
      expect(await recoverTransactionAddress({ serializedTransaction })).toBe(account.address);
    }
    const tempo = {
      chainId: 1,
      nonce: 3,
      gas: 100_000n,
      ...fees,
      calls: [{ to: TO, data: "0x01" }],
    } as const;
    const serializer = ((...of: Parameters<typeof Transaction.serialize>) =>
      Transaction.serialize(...of)) as never;
    const signed: Hex = await account.signTransaction(tempo as never, { serializer });
    expect(signed.slice(0, 4)).toBe("0x76");
  });

  it("signs messages and typed data", async () => {
    const signature = await account.signMessage({ message: "hello" });
    expect(await recoverMessageAddress({ message: "hello", signature })).toBe(account.address);
    const typedData = {
      domain: { name: "Mail", version: "1", chainId: 1, verifyingContract: TO },
      types: {
        Mail: [
          { name: "to", type: "address" },
          { name: "amount", type: "uint256" },
          { name: "data", type: "bytes" },
          { name: "ids", type: "uint8[]" },
        ],
      },
      primaryType: "Mail",
      message: {
        to: "0x70997970C51812dc3A010C7d01b50e0d17dc79C8",
        amount: 2n ** 255n,
        data: "0x0102",
        ids: [1, 2],
      },
    } as const;
    const signed = await account.signTypedData(typedData);
    expect(await recoverTypedDataAddress({ ...typedData, signature: signed })).toBe(account.address);
  });

  it("hands on what the tenant's policy does not allow, and spends no presignature on it", async () => {
    await vi.waitFor(async () => expect((await store.ids(keyId)).length).toBeGreaterThan(0), {
      timeout: 150_000,
    });
    const taken = vi.spyOn(store, "take");
    const other = account.signTransaction({ ...common, ...fees, to: OTHER });
    expect(await other.then(failed, errorOf)).toMatchObject({ reason: "EVM_POLICY_DENIED" });
    const raw = account.sign({ hash: keccak256("0x01") });
    expect(await raw.then(failed, errorOf)).toMatchObject({ reason: "EVM_POLICY_DENIED" });
    const unbound = { ...common, type: "legacy", gasPrice: 1n } as const;
    const { chainId: _, ...anywhere } = unbound;
    expect(await account.signTransaction(anywhere).then(failed, errorOf)).toMatchObject({
      reason: "PAYLOAD_MALFORMED",
    });
    expect(taken).not.toHaveBeenCalled();
  });

  it("signs on when its own presignatures are lost and the signer's pool is full of them", async () => {
    await vi.waitFor(async () => expect((await store.ids(keyId)).length).toBeGreaterThan(0), {
      timeout: 150_000,
    });
    await store.forget(keyId, await store.ids(keyId));
    const signature = await account.signMessage({ message: "on" });
    expect(await recoverMessageAddress({ message: "on", signature })).toBe(account.address);
  });

  it("signs four at once, with a presignature each", async () => {
    const messages = Array.from({ length: 4 }, (_, i) => `message ${i}`);
    const signatures = await Promise.all(messages.map((message) => account.signMessage({ message })));
    for (const [i, message] of messages.entries()) {
      const signature = signatures[i] ?? "0x";
      expect(await recoverMessageAddress({ message, signature })).toBe(account.address);
    }
  });

  it("exports the private key of its address", async () => {
    expect(privateKeyToAddress(await wallet.evm.exportKey({ accountId: ACCOUNT }))).toBe(account.address);
  });

  it("mints a session with purposes of the user's choice", async () => {
    const policy = { purposes: [Purpose.EVM_MESSAGE], maxUses: 5 };
    const { session } = await wallet.evm.bootstrap({ accountId: ACCOUNT, policy });
    expect(session.maxUses).toBe(5);
    const transaction = account.signTransaction({ ...common, ...fees });
    expect(await transaction.then(failed, errorOf)).toMatchObject({
      reason: "THRESHOLD_PURPOSE_NOT_ALLOWED",
    });
  });
});
