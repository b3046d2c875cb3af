import type { KeyType, PublicKey } from "@countersign/near";
import type * as Pkcs11Js from "pkcs11js";
import { recoverableSignature } from "../recoverable-signature.ts";
import { CURVES } from "./curves.ts";
import { returnValueOf, TokenFailure } from "./token-failure.ts";
import { findKey, findObjects, isMadeHere, type OpenToken, type TokenKey } from "./token-keys.ts";
import { makeSealingKey, sealOn, unsealOn } from "./token-sealing.ts";

/** Ed25519, and r ‖ s of secp256k1. */
const SIGNATURE_BYTES = 64;

/**
 * One session with one token, on a thread of its own: every call blocks until the token has answered. Each method
 * throws a TokenFailure, or what pkcs11js throws.
 */
export class TokenSession {
  readonly #pkcs11js: typeof Pkcs11Js;
  readonly #library: Pkcs11Js.PKCS11;
  #opened: OpenToken | undefined;
  /** Handles are good for as long as the session is. */
  readonly #keys = new Map<string, TokenKey>();

  /** Loads the library of a path. */
  constructor(pkcs11js: typeof Pkcs11Js, module: string) {
    this.#pkcs11js = pkcs11js;
    this.#library = new pkcs11js.PKCS11();
    try {
      this.#library.load(module);
    } catch (cause) {
      const message = cause instanceof Error ? cause.message : String(cause);
      throw new TokenFailure("module", `the PKCS#11 library cannot be loaded: ${message}`, { cause });
    }
  }

  /** Once for the whole process; done already is fine. */
  initialize(): void {
    const flags = this.#pkcs11js.CKF_OS_LOCKING_OK;
    tolerating("CKR_CRYPTOKI_ALREADY_INITIALIZED", () => this.#library.C_Initialize({ flags }));
  }

  /** Ends every session of the process with this library. No other call may be under way. */
  finalize(): void {
    this.#opened = undefined;
    tolerating("CKR_CRYPTOKI_NOT_INITIALIZED", () => this.#library.C_Finalize());
  }

  /** Opens a session with the token of this label; one that is open is closed first. */
  open(label: string): void {
    this.close();
    this.#keys.clear();
    const slots = this.#library.C_GetSlotList(true).filter((slot) => this.#labelOf(slot) === label);
    const [slot] = slots;
    if (slot === undefined) throw new TokenFailure("lost", `there is no token with the label ${label}`);
    if (slots.length > 1) throw new TokenFailure("lost", `${slots.length} tokens have the label ${label}`);
    const session = this.#library.C_OpenSession(slot, this.#pkcs11js.CKF_SERIAL_SESSION);
    this.#opened = { pkcs11js: this.#pkcs11js, library: this.#library, slot, session };
  }

  /** Logs in for all sessions that this process has with the token; logged in already is fine. */
  login(pin: string): void {
    const { session } = this.#token();
    tolerating("CKR_USER_ALREADY_LOGGED_IN", () =>
      this.#library.C_Login(session, this.#pkcs11js.CKU_USER, pin),
    );
  }

  /** Throws if the token does not answer, or if the user is not logged in any more. */
  check(): void {
    const { slot, session } = this.#token();
    this.#library.C_GetTokenInfo(slot);
    // CKS_RO_USER_FUNCTIONS and CKS_RW_USER_FUNCTIONS.
    const { state } = this.#library.C_GetSessionInfo(session);
    if (state !== 1 && state !== 3) throw new TokenFailure("lost", "the user is not logged in any more");
  }

  publicKey(reference: string): PublicKey {
    return this.#key(reference).publicKey;
  }

  /** Signs a 32-byte hash, in NEAR's form: 64 bytes for ed25519, 65 for secp256k1. */
  sign(reference: string, hash: Uint8Array): Uint8Array {
    const { privateKey, publicKey } = this.#key(reference);
    const { session } = this.#token();
    this.#library.C_SignInit(session, { mechanism: CURVES[publicKey.type].signing }, privateKey);
    const signature = this.#library.C_Sign(session, Buffer.from(hash), Buffer.alloc(SIGNATURE_BYTES));
    if (publicKey.type === "ed25519") return Uint8Array.from(signature);
    const recoverable = recoverableSignature(signature, hash, publicKey.data);
    if (recoverable === null) {
      throw new TokenFailure("answer", "what the token signed is not a signature of the key");
    }
    return recoverable;
  }

  /**
   * Makes a key pair whose private half cannot leave the token, or finds the one of this label that was made so
   * before; throws a TokenFailure "key" if the label is another key's.
   */
  generate(label: string, type: KeyType): { publicKey: PublicKey; isFound: boolean } {
    const { CKA_LABEL, CKO_PUBLIC_KEY, CKO_PRIVATE_KEY } = this.#pkcs11js;
    const token = this.#token();
    const existing = [CKO_PRIVATE_KEY, CKO_PUBLIC_KEY].flatMap((kind) =>
      findObjects(token, kind, { type: CKA_LABEL, value: label }),
    );
    if (existing.length === 0) this.#makeKeyPair(label, type);
    const key = this.#key(label);
    if (key.publicKey.type !== type || !isMadeHere(token, key)) {
      throw new TokenFailure("key", `the label ${label} is that of a key which was not made for this`);
    }
    return { publicKey: key.publicKey, isFound: existing.length > 0 };
  }

  makeSealingKey(label: string): void {
    makeSealingKey(this.#token(), label);
  }

  /** Ciphertext and tag of a secret under the AES key of a reference. */
  seal(reference: string, iv: Uint8Array, data: Uint8Array, secret: Uint8Array): Uint8Array {
    return this.#sealing(() => sealOn(this.#token(), reference, iv, data, secret));
  }

  unseal(reference: string, iv: Uint8Array, data: Uint8Array, sealed: Uint8Array): Uint8Array {
    return this.#sealing(() => unsealOn(this.#token(), reference, iv, data, sealed));
  }

  close(): void {
    const opened = this.#opened;
    this.#opened = undefined;
    if (opened === undefined) return;
    try {
      this.#library.C_CloseSession(opened.session);
    } catch {
      // Gone already.
    }
  }

  /** Tokens say in many ways that what is sealed does not open: while they are well otherwise, that is meant. */
  #sealing<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      this.check();
      if (error instanceof TokenFailure) throw error;
      const value = returnValueOf(error) ?? "no return value";
      throw new TokenFailure("key", `the token neither seals nor opens this: ${value}`, { cause: error });
    }
  }

  #makeKeyPair(label: string, type: KeyType): void {
    const c = this.#pkcs11js;
    const { slot } = this.#token();
    const parameters = Buffer.from(CURVES[type].parameters[0] ?? "", "hex");
    // Both halves are found by their label, and by an id that is the same text.
    const names = [
      { type: c.CKA_TOKEN, value: true },
      { type: c.CKA_LABEL, value: label },
      { type: c.CKA_ID, value: Buffer.from(label) },
    ];
    const writing = this.#library.C_OpenSession(slot, c.CKF_SERIAL_SESSION | c.CKF_RW_SESSION);
    try {
      this.#library.C_GenerateKeyPair(
        writing,
        { mechanism: CURVES[type].generating },
        [
          ...names,
          { type: c.CKA_KEY_TYPE, value: CURVES[type].keyType },
          { type: c.CKA_EC_PARAMS, value: parameters },
          { type: c.CKA_VERIFY, value: true },
        ],
        [
          ...names,
          { type: c.CKA_KEY_TYPE, value: CURVES[type].keyType },
          { type: c.CKA_PRIVATE, value: true },
          { type: c.CKA_SENSITIVE, value: true },
          { type: c.CKA_EXTRACTABLE, value: false },
          { type: c.CKA_SIGN, value: true },
        ],
      );
    } finally {
      this.#library.C_CloseSession(writing);
    }
  }

  #key(reference: string): TokenKey {
    const known = this.#keys.get(reference);
    if (known !== undefined) return known;
    let found: TokenKey;
    try {
      found = findKey(this.#token(), reference);
    } catch (error) {
      // A token that was removed seems to be empty.
      this.check();
      throw error;
    }
    this.#keys.set(reference, found);
    return found;
  }

  #token(): OpenToken {
    if (this.#opened === undefined) throw new TokenFailure("lost", "no session is open");
    return this.#opened;
  }

  /** Null where the slot's token does not answer: another one may be meant. */
  #labelOf(slot: Pkcs11Js.Handle): string | null {
    try {
      return this.#library.C_GetTokenInfo(slot).label.trimEnd();
    } catch {
      return null;
    }
  }
}

function tolerating(value: string, call: () => void): void {
  try {
    call();
  } catch (error) {
    if (returnValueOf(error) !== value) throw error;
  }
}
