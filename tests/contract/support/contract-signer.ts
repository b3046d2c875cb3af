import type { Client } from "@connectrpc/connect";
import type { RelayerSignerService } from "@countersign/gen/countersign/signer/v1/relayer_signer_service_pb.ts";
import { KeystoreKey } from "@countersign/signer-service/backends/keystore/keystore-key.ts";
import type { KeyBackend } from "@countersign/signer-service/relayer-signer/key-backend.ts";
import { PublicKey } from "near-api-js";
import { type RunningSigner, runLockedSigner, signerConfig } from "../../signer/support/running-signer.ts";
import { signerClient, unixTransport } from "../../signer/support/signer-client.ts";
import { RELAYER, transactionBytes } from "../../signer/support/transactions.ts";
import { openPolicy, type SignerSettings } from "../../support/signer-settings.ts";
import { relayerKey, testBackend } from "../../support/test-signer.ts";

export const NETWORK = "testnet";

type Overrides = NonNullable<Parameters<typeof transactionBytes>[1]>;

/** A signer of a test's own; it asks for no grants, unless its settings say so. */
export interface ContractSigner {
  readonly client: Client<typeof RelayerSignerService>;
  /** "unix:/…". */
  readonly address: string;
  readonly admin: RunningSigner["admin"];
  /** In text, by key id. */
  readonly publicKeys: ReadonlyMap<string, string>;
  /** A transaction of one of its keys: a transfer of 1 yoctoNEAR to alice.testnet, unless it says otherwise. */
  bytes(keyId: string, overrides?: Overrides): Uint8Array;
  /** The same of any public key. */
  bytesOf(publicKey: string, overrides?: Overrides): Uint8Array;
}

/** What one of its keys does when it is asked for a signature. */
const SIGN: Readonly<Record<string, (key: KeystoreKey) => KeyBackend["sign"]>> = {
  broken: () => async () => new Uint8Array(64),
  away: () => () => Promise.reject(new Error("the token was removed")),
};

const TRANSFERS = {
  network: NETWORK,
  account_id: RELAYER,
  deposit_per_day: "9",
  gas_per_day: "25000000000000",
  transfers: { receivers: ["alice.testnet"], max_deposit: "5" },
};

const POLICIES: Readonly<Record<string, object>> = {
  whole: openPolicy(NETWORK, RELAYER),
  /** Gives wrong signatures. */
  broken: openPolicy(NETWORK, RELAYER),
  /** Gives no answer. */
  away: openPolicy(NETWORK, RELAYER),
  /** Nobody has read its nonce from the chain. */
  unread: openPolicy(NETWORK, RELAYER),
  /** Transfers little, to alice.testnet. */
  modest: TRANSFERS,
  /** Signs once, and then for long not again. */
  hasty: { ...TRANSFERS, rate: { per_second: 0.001, burst: 1 } },
};

/** Starts it, with a key for each of POLICIES; it is drained when the test ends. */
export async function startContractSigner(
  settings: SignerSettings = {},
  env: Readonly<Record<string, string>> = {},
): Promise<ContractSigner> {
  const keys = await Promise.all(Object.keys(POLICIES).map((keyId) => relayerKey(keyId, RELAYER)));
  const held = keys.map(({ keyId, accountId, privateKey }) => {
    const key = new KeystoreKey(privateKey);
    const backend: KeyBackend = {
      describe: () => keyId,
      publicKey: () => key.publicKey(),
      sign: SIGN[keyId]?.(key) ?? ((hash) => key.sign(hash)),
    };
    return { keyId, network: NETWORK, accountId, backend };
  });
  const config = signerConfig("unused", { policies: POLICIES, ...settings }, env);
  const openBackends = async () => [testBackend("keystore", held)];
  const { address, admin } = await runLockedSigner(config, { openBackends });
  const read = keys.filter(({ keyId }) => keyId !== "unread");
  await admin.setNonceFloors({ floors: read.map(({ keyId }) => ({ keyId, nonce: 0n })) });
  const publicKeys = new Map(keys.map(({ keyId, publicKey }) => [keyId, publicKey]));
  const bytesOf: ContractSigner["bytesOf"] = (publicKey, overrides) =>
    transactionBytes(PublicKey.from(publicKey), overrides);
  return {
    client: signerClient(unixTransport(address)),
    address,
    admin,
    publicKeys,
    bytes: (keyId, overrides) => bytesOf(publicKeys.get(keyId) ?? "", overrides),
    bytesOf,
  };
}
