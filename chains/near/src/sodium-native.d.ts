/** The part of libsodium's addon that is used. */
declare module "sodium-native" {
  const sodium: {
    /** Throws if the signature has less than 64 bytes or the key not 32; ignores what a signature has beyond. */
    crypto_sign_verify_detached(signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array): boolean;
  };
  export default sodium;
}
