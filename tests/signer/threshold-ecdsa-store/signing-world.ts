import { createHash, randomBytes } from "node:crypto";
import { createClient, createRouterTransport } from "@connectrpc/connect";
import { clientShare } from "@countersign/crypto/derive-secp256k1.ts";
import { verifyingShare } from "@countersign/crypto/keys-secp256k1.ts";
import { libsecp256k1Points as points } from "@countersign/crypto/ot-ecdsa/libsecp256k1-points.ts";
import type { Presignature } from "@countersign/crypto/ot-ecdsa/presignature.ts";
import { rerandomise, signingEntropy } from "@countersign/crypto/ot-ecdsa/rerandomise.ts";
import {
  addScalars,
  multiplyScalars,
  ORDER,
  reduce,
  toInteger,
} from "@countersign/crypto/ot-ecdsa/scalar.ts";
import { PLACES } from "@countersign/crypto/ot-ecdsa/shares.ts";
import { combineSignature, decodeSignMessage, signatureShare } from "@countersign/crypto/ot-ecdsa/sign.ts";
import { ThresholdSignerService } from "@countersign/gen/countersign/signer/v1/threshold_signer_service_pb.ts";
import { createLogger, standardInterceptors } from "@countersign/service-kit";
import { thresholdSignerService } from "@countersign/signer-service/rpc/threshold/threshold-signer-service.ts";
import type { EcdsaStore } from "@countersign/signer-service/threshold/ecdsa/ecdsa-store.ts";
import { PresignRooms } from "@countersign/signer-service/threshold/ecdsa/presign-rooms.ts";
import { PresignTurns } from "@countersign/signer-service/threshold/ecdsa/presign-turns.ts";
import { encodePresignature } from "@countersign/signer-service/threshold/ecdsa/presignature-bytes.ts";
import { ExportRates } from "@countersign/signer-service/threshold/export/export-rates.ts";
import { ECDSA_SCHEME } from "@countersign/signer-service/threshold/schemes/scheme-ids.ts";
import { schemeOf } from "@countersign/signer-service/threshold/schemes/scheme-registry.ts";
import type { SigningRequestRecord } from "@countersign/signer-service/threshold/threshold-store.ts";
import { at, keyRecord, request, session } from "../threshold-store/threshold-builders.ts";
import type { ThresholdHome } from "../threshold-store/threshold-homes.ts";
import { BUDGET, LAST, presign, step } from "./ecdsa-builders.ts";

const FACTS = { accountId: "alice.testnet", rpId: "example.com", network: "testnet" };
const MASTER_SECRET = new Uint8Array(32).fill(0x63);
export const CALLER = { tenant: "acme", user: "alice" };

const sha256 = (bytes: Uint8Array) => Uint8Array.from(createHash("sha256").update(bytes).digest());
const randomScalar = () => reduce(toInteger(Uint8Array.from(randomBytes(32))));

export type SigningWorld = Awaited<ReturnType<typeof signingWorld>>;

/** Two signers that serve one key, and a dealer who makes presignatures of it: both halves at once. */
export async function signingWorld(on: ThresholdHome) {
  let now = at(0);
  let masterSecret = MASTER_SECRET;
  const share = clientShare(new Uint8Array(32).fill(7), FACTS.accountId, FACTS.rpId);
  const clientVerifyingShare = verifyingShare(share);
  const half = schemeOf(ECDSA_SCHEME).derive(MASTER_SECRET, { ...FACTS, clientVerifyingShare });
  const { keyId, publicKey, verifyingShare: relayerVerifyingShare } = half;
  const [{ store, ecdsa }] = on.signers;
  const facts = { ...FACTS, clientVerifyingShare, relayerVerifyingShare };
  await store.insertKey(keyRecord({ ...facts, keyId, schemeId: ECDSA_SCHEME }));
  // Of its own: another life of a store may still have the rows of the one before.
  const tokenHash = randomBytes(32).toString("hex");
  await store.putSession(session({ keyId, tokenHash, expiresAt: at(200_000_000) }));

  const secret = addScalars(share, half.share);
  const clientHalves = new Map<string, Presignature>();
  const clients = on.signers.map(({ store, ecdsa }) => {
    const { implementation } = thresholdSignerService({
      parts: {
        store,
        ecdsa,
        presignWork: { advance: () => Promise.reject(new Error("nothing is made here")) },
        presignRooms: new PresignRooms(),
        presignTurns: new PresignTurns(),
        masterSecrets: { currentEpoch: () => 1, epochs: () => [1], use: (_, fn) => fn(masterSecret) },
        config: () => CONFIG,
        exportRates: new ExportRates(() => 0),
        now: () => now,
        random: randomBytes,
      },
      audit: { record: async () => {}, refused: () => {} },
      events: { thresholdAnswered: () => {} },
      now: () => 0,
    });
    const interceptors = standardInterceptors(createLogger("signer", "silent"), new AbortController().signal);
    const transport = createRouterTransport(
      ({ service }) => void service(ThresholdSignerService, implementation),
      { router: { interceptors } },
    );
    return createClient(ThresholdSignerService, transport);
  });
  const [first, second] = clients;
  if (first === undefined || second === undefined) throw new Error("two signers are needed");

  return {
    keyId,
    publicKey,
    clients: [first, second] as const,
    setTime: (time: Date) => {
      now = time;
    },
    /** As an operator does who has put the wrong one into the configuration. */
    exchangeMasterSecret: () => {
      masterSecret = new Uint8Array(32).fill(1);
    },
    /** Makes a presignature: the client's half stays here, the relayer's goes into the pool. */
    async deal(store: EcdsaStore = ecdsa): Promise<Uint8Array> {
      const [own, relayers] = dealt(secret);
      clientHalves.set(Buffer.from(own.id).toString("hex"), own);
      const begun = presign({ keyId, tokenHash });
      await store.openPresign(begun, step(), BUDGET, at(0));
      const entry = { id: own.id, state: encodePresignature(relayers) };
      if (!(await store.finishPresign(begun, 1, LAST, entry, now))) throw new Error("not made");
      return own.id;
    },
    /** A request that was authorised. */
    async authorised(digest: Uint8Array): Promise<SigningRequestRecord> {
      const made = request({ keyId, digest });
      await store.putRequests([made]);
      return made;
    },
    /** The client's part: the signature of the relayer's message and its own share. Throws when it does not verify. */
    sign(of: ClientSide, message: Uint8Array) {
      const presignature = clientHalves.get(Buffer.from(of.presignatureId).toString("hex"));
      if (presignature === undefined) throw new Error("a presignature that the client does not have");
      const { digest } = of;
      const entropy = signingEntropy(of.signingSessionId, of.clientEntropy, of.relayerEntropy);
      const values = rerandomise({ points }, { presignature, publicKey, digest, entropy });
      const shares = [signatureShare(1, values, digest), decodeSignMessage(message)] as const;
      return combineSignature({ points }, { publicKey, digest, bigR: values.bigR, shares });
    },
  };
}

/** What the client knows of a signature. */
export interface ClientSide {
  readonly presignatureId: Uint8Array;
  readonly digest: Uint8Array;
  readonly signingSessionId: string;
  readonly clientEntropy: Uint8Array;
  readonly relayerEntropy: Uint8Array;
}

/** R = k⁻¹·G, and both parties' places on the lines through k and k·x. */
function dealt(secret: Uint8Array): [Presignature, Presignature] {
  const [k, slope, otherSlope] = [randomScalar(), randomScalar(), randomScalar()];
  const bigR = points.multiplyBase(inverse(k));
  const id = sha256(bigR);
  const kx = multiplyScalars(k, secret);
  const placed = (participant: 1 | 2): Presignature => {
    const { x } = PLACES[participant];
    const on = (start: Uint8Array, by: Uint8Array) => addScalars(start, multiplyScalars(by, x));
    return { id, bigR, k: on(k, slope), sigma: on(kx, otherSlope) };
  };
  return [placed(1), placed(2)];
}

/** By Fermat's little theorem. */
function inverse(scalar: Uint8Array): Uint8Array {
  let [result, base] = [reduce(1n), scalar];
  for (let rest = ORDER - 2n; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = multiplyScalars(result, base);
    base = multiplyScalars(base, base);
  }
  return result;
}

const CONFIG = {
  sealingKeys: [],
  masterSecrets: [],
  tenants: [
    {
      tenant: CALLER.tenant,
      relyingParties: [{ id: FACTS.rpId, origins: [] }],
      export: false,
      evm: { chains: [], messages: false, rawDigests: false },
    },
  ],
  sessions: { defaultLifetimeSeconds: 900, maxLifetimeSeconds: 900, defaultUses: 100, maxUses: 100 },
  presign: {
    ...{ perSession: 100, perUserDay: 100, capacity: 8, refillBelow: 2 },
    ...{ concurrent: 8, concurrentPerTenant: 4, concurrentPerUser: 4 },
  },
  exports: { userPerHour: 1, tenantPerHour: 1 },
};
