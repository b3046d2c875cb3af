import type * as Pkcs11Js from "pkcs11js";
import { TokenFailure } from "./token-failure.ts";
import { attributeOf, findObjects, numberOf, type OpenToken, read } from "./token-keys.ts";

/** Of AES-GCM (NIST SP 800-38D). */
export const IV_BYTES = 12;
const TAG_BYTES = 16;
const KEY_BYTES = 32;

/** CKM_AES_GCM with additional data, as PKCS#11 2.40 has its parameters (section 2.12.2). */
function mechanismOf({ pkcs11js: c }: OpenToken, iv: Uint8Array, data: Uint8Array): Pkcs11Js.Mechanism {
  const parameter = {
    type: c.CK_PARAMS_AES_GCM_v240,
    iv: Buffer.from(iv),
    ivBits: 8 * IV_BYTES,
    aad: Buffer.from(data),
    tagBits: 8 * TAG_BYTES,
  };
  return { mechanism: c.CKM_AES_GCM, parameter };
}

/** The one AES key of a label, or of "id:" and an id in hex. Throws a TokenFailure "key" that says what is there instead. */
function sealingKey(token: OpenToken, reference: string): Pkcs11Js.Handle {
  const { CKO_SECRET_KEY, CKA_KEY_TYPE, CKK_AES } = token.pkcs11js;
  const found = findObjects(token, CKO_SECRET_KEY, attributeOf(token, reference));
  const [key] = found;
  if (key === undefined) throw new TokenFailure("key", `the token has no secret key ${reference}`);
  if (found.length > 1) throw new TokenFailure("key", `the token has more than one secret key ${reference}`);
  if (numberOf(read(token, key, CKA_KEY_TYPE)) !== CKK_AES) {
    throw new TokenFailure("key", `secret key ${reference} is not an AES key`);
  }
  return key;
}

/** Ciphertext and tag. */
export function sealOn(
  token: OpenToken,
  reference: string,
  iv: Uint8Array,
  data: Uint8Array,
  secret: Uint8Array,
): Uint8Array {
  const { library, session } = token;
  library.C_EncryptInit(session, mechanismOf(token, iv, data), sealingKey(token, reference));
  const sealed = Buffer.alloc(secret.length + TAG_BYTES);
  return Uint8Array.from(library.C_Encrypt(session, Buffer.from(secret), sealed));
}

export function unsealOn(
  token: OpenToken,
  reference: string,
  iv: Uint8Array,
  data: Uint8Array,
  sealed: Uint8Array,
): Uint8Array {
  const { library, session } = token;
  library.C_DecryptInit(session, mechanismOf(token, iv, data), sealingKey(token, reference));
  const secret = Buffer.alloc(sealed.length);
  try {
    return Uint8Array.from(library.C_Decrypt(session, Buffer.from(sealed), secret));
  } finally {
    secret.fill(0);
  }
}

/** An AES key that cannot leave the token; one of this label that is there already is left as it is. */
export function makeSealingKey(token: OpenToken, label: string): void {
  const { pkcs11js: c, library, slot } = token;
  if (findObjects(token, c.CKO_SECRET_KEY, { type: c.CKA_LABEL, value: label }).length > 0) return;
  const writing = library.C_OpenSession(slot, c.CKF_SERIAL_SESSION | c.CKF_RW_SESSION);
  try {
    library.C_GenerateKey(writing, { mechanism: c.CKM_AES_KEY_GEN }, [
      { type: c.CKA_CLASS, value: c.CKO_SECRET_KEY },
      { type: c.CKA_KEY_TYPE, value: c.CKK_AES },
      { type: c.CKA_VALUE_LEN, value: KEY_BYTES },
      { type: c.CKA_TOKEN, value: true },
      { type: c.CKA_LABEL, value: label },
      { type: c.CKA_ID, value: Buffer.from(label) },
      { type: c.CKA_PRIVATE, value: true },
      { type: c.CKA_SENSITIVE, value: true },
      { type: c.CKA_EXTRACTABLE, value: false },
      { type: c.CKA_ENCRYPT, value: true },
      { type: c.CKA_DECRYPT, value: true },
    ]);
  } finally {
    library.C_CloseSession(writing);
  }
}
