import { SCHEME_ID as FROST } from "@countersign/crypto/frost-ed25519.ts";
import { SCHEME_ID as OT_ECDSA } from "@countersign/crypto/keys-secp256k1.ts";

/** The scheme of keys for NEAR. */
export const ED25519_SCHEME = FROST;
/** The scheme of keys for EVM chains. */
export const ECDSA_SCHEME = OT_ECDSA;

/** All that are served. */
export const SCHEME_IDS = [ED25519_SCHEME, ECDSA_SCHEME] as const;
