import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { formatPublicKey, type PublicKey } from "@countersign/near";
import { recoverableSignature } from "@countersign/signer-service/backends/recoverable-signature.ts";
import type { TrustedKeys } from "@countersign/signer-service/grants/trusted-keys.ts";
import type { Journal } from "@countersign/signer-service/journal/journal.ts";
import { KeyRates } from "@countersign/signer-service/policy/key-rates.ts";
import { policiesSection } from "@countersign/signer-service/policy/policy-schema.ts";
import type { KeyBackend } from "@countersign/signer-service/relayer-signer/key-backend.ts";
import { signWith, verifiedSigning } from "@countersign/signer-service/relayer-signer/own-signature.ts";
import { type OpenKey, RelayerSigner } from "@countersign/signer-service/relayer-signer/relayer-signer.ts";
import type {
  GrantsAsSent,
  SigningRequest,
} from "@countersign/signer-service/relayer-signer/signing-call.ts";
import { SigningRules } from "@countersign/signer-service/relayer-signer/signing-rules.ts";
import { signerStoreOver } from "@countersign/signer-service/store/signer-store.ts";
import { SIGNER_STORE } from "@countersign/signer-service/store/store-kind.ts";
import { openEngine } from "@countersign/sql";
import { secp256k1 } from "@noble/curves/secp256k1.js";
import { onTestFinished } from "vitest";
import { openPolicy } from "../../support/signer-settings.ts";
import { temporaryDirectory } from "./temporary-directory.ts";
import { RELAYER } from "./transactions.ts";

export const AUDIENCE = "signer-a";

/** A relayer's key of a test: RELAYER's on testnet, unless it says otherwise. */
export interface PipelineKey {
  readonly keyId: string;
  readonly backend: KeyBackend;
  readonly network?: string;
}

export interface PipelineOptions {
  /** The relays' grant keys; without them no grants are asked for. */
  readonly grantKeys?: TrustedKeys;
  /** Stands before the journal. */
  readonly journal?: (journal: Journal) => Journal;
}

/** A call for the key "relayer-1" on testnet, or for what is given. */
export interface PipelineCall {
  readonly network?: string;
  readonly grants?: GrantsAsSent | null;
  readonly requests: readonly Partial<SigningRequest>[];
}

/** The relayer's signer with the rules of the configuration and a journal in SQLite; its keys stand at nonce 0. */
export async function startPipeline(keys: readonly PipelineKey[], options: PipelineOptions = {}) {
  const now = () => new Date();
  const engine = await openEngine(`sqlite:${join(temporaryDirectory(), "signer.db")}`, SIGNER_STORE);
  const store = signerStoreOver(engine, { now });
  onTestFinished(() => store.close());
  const open = new Map<string, OpenKey>();
  for (const { keyId, backend, network = "testnet" } of keys) {
    const publicKey = await backend.publicKey();
    const key = { keyId, network, accountId: RELAYER, publicKey };
    const sign = verifiedSigning(publicKey, (hash) => signWith(backend, hash));
    open.set(keyId, { key, publicKeyText: formatPublicKey(publicKey), sign });
  }
  const records = [...open.values()].map(({ key: { publicKey, ...names } }) => ({
    ...names,
    publicKey: formatPublicKey(publicKey),
    backend: "test",
    reference: names.keyId,
    state: "ACTIVE" as const,
  }));
  await store.keyRecords.enter(records, "test");
  await store.keyRecords.setFloors(
    records.map(({ keyId }) => ({ keyId, nonce: 0n })),
    "test",
  );
  const policies = policiesSection.parse(
    Object.fromEntries(
      records.map(({ keyId, network, accountId }) => [keyId, openPolicy(network, accountId)]),
    ),
  );
  const rules = new SigningRules({
    audience: AUDIENCE,
    policies,
    grantKeys: options.grantKeys ?? null,
    callers: null,
    keyManagementFacts: async () => ({ heldRecords: [], grants: [] }),
    rates: new KeyRates(() => performance.now()),
    now,
  });
  const journal = options.journal?.(store.journal) ?? store.journal;
  const signer = new RelayerSigner({ keyOf: (keyId) => open.get(keyId), rules: () => rules, journal });
  return {
    store,
    sign({ network = "testnet", grants = null, requests }: PipelineCall) {
      const whole = requests.map((request) => ({
        keyId: "relayer-1",
        transaction: new Uint8Array(),
        callerCredential: "",
        ...request,
      }));
      return signer.sign({ network, requests: whole, grants, requestId: "r", peer: "CN=relay" });
    },
  };
}

/** A key whose every signature is another one, as those of most HSMs are. */
export function randomisedBackend(): KeyBackend & { readonly signatures: Uint8Array[] } {
  const secret = secp256k1.utils.randomSecretKey(randomBytes(48));
  const data = secp256k1.getPublicKey(secret, false).subarray(1);
  const publicKey: PublicKey = { type: "secp256k1", data };
  const signatures: Uint8Array[] = [];
  return {
    signatures,
    describe: () => "randomised",
    publicKey: async () => publicKey,
    async sign(hash) {
      const compact = secp256k1.sign(hash, secret, { prehash: false, extraEntropy: true });
      const signature = recoverableSignature(compact, hash, data);
      if (signature === null) throw new Error("not a signature of the key");
      signatures.push(signature);
      return signature;
    },
  };
}
