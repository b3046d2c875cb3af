import type { HeldKey, KeyBackend } from "../relayer-signer/key-backend.ts";
import type { SecretSealer } from "./secret-sealer.ts";

/** What a key that is to be made will be called. */
export interface NewKeyNames {
  readonly keyId: string;
  readonly network: string;
  readonly accountId: string;
}

/** A key that a backend has made. `reference` finds it again there. */
export interface MadeKey {
  readonly reference: string;
  readonly key: KeyBackend;
  /** The place had it already: it may have signed what this signer's store knows nothing of. */
  readonly isFound?: true;
}

/** A place that holds keys: a keystore file, an HSM's token, a cloud's key service. Named in the configuration. */
export interface Backend {
  /** Its name in the configuration, for example "keystore" or "hsm-1". */
  readonly name: string;
  /** Its kind and where it is, for logs and operators; nothing secret. */
  describe(): string;
  /** The keys that the place itself knows the names and accounts of; elsewhere the configuration lists them. */
  heldKeys?(): Promise<HeldKey[]>;
  /** One key. Its public half is read once, so that a wrong reference is found out at start. */
  open(reference: string): Promise<KeyBackend>;
  /** Makes a key that never leaves the place; absent where that is done with the place's own tools. */
  generate?(names: NewKeyNames): Promise<MadeKey>;
  /** Seals secrets that are kept elsewhere; absent where the signer cannot ask for that. */
  readonly sealer?: SecretSealer;
  /** Throws an Error that says what is wrong when the place does not answer. Costs little. */
  check(signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}
