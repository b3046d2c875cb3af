/** A keystore that cannot be used as asked. The message is for the operator and holds no secret. */
export class KeystoreError extends Error {
  override readonly name = "KeystoreError";
}
