import { relayerShare } from "@countersign/crypto/derive-secp256k1.ts";
import { CLIENT_ID, RELAYER_ID } from "@countersign/crypto/frost-ed25519.ts";
import { assertPoint, keyId, SCHEME_ID } from "@countersign/crypto/keys-secp256k1.ts";
import { proveSecp256k1, verifySecp256k1 } from "@countersign/crypto/possession-secp256k1.ts";
import { points } from "../../ecdsa/points.ts";
import { clientContext, relayerContext } from "../possession-contexts.ts";
import { readingClient } from "../reading-client.ts";
import type { SchemeModule } from "../scheme-module.ts";

/**
 * The keys of the OT-based ECDSA over secp256k1 between two (docs/threshold-ecdsa.md): a key is the sum of both verifying
 * shares, 33 bytes each. Its presignatures and signatures are in threshold/ecdsa.
 */
export const thresholdEcdsa: SchemeModule = {
  id: SCHEME_ID,
  clientId: CLIENT_ID,
  relayerId: RELAYER_ID,

  derive(masterSecret, { clientVerifyingShare, accountId, rpId, network }) {
    readingClient(() => assertPoint(clientVerifyingShare));
    const share = relayerShare(masterSecret, clientVerifyingShare, accountId, rpId);
    const own = points.multiplyBase(share);
    const publicKey = points.add(clientVerifyingShare, own);
    // Chance does this never, and nobody can choose a share for it: ours depends on a hash of the client's.
    if (publicKey === undefined) throw new Error("both shares cancel each other out");
    return { share, verifyingShare: own, publicKey, keyId: keyId(network, publicKey) };
  },

  verifyPossession(proof, facts) {
    readingClient(() => assertPoint(facts.clientVerifyingShare));
    return verifySecp256k1(proof, clientContext(SCHEME_ID, facts));
  },

  provePossession(half, facts, random) {
    return proveSecp256k1(half.share, relayerContext(SCHEME_ID, facts, half), random);
  },
};
