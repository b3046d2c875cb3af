import type { SecretName } from "./secret-name.ts";

/**
 * The secrets that relayer shares are derived from: one for each scheme, network and epoch, 32 bytes. The highest epoch
 * of a scheme on a network is its current one, for new keys; the others serve the keys that were made with them.
 */
export interface MasterSecrets {
  /** The epoch for new keys; undefined for a scheme and network that the configuration has no secret for. */
  currentEpoch(scheme: string, network: string): number | undefined;
  /** All that the configuration has, the highest first; empty for such a network. */
  epochs(scheme: string, network: string): readonly number[];
  /**
   * Lends the secret to `fn`, which must neither keep nor change it. Throws THRESHOLD_DISABLED for a network without
   * secrets, and MASTER_SECRET_UNAVAILABLE for an epoch that is not configured or cannot be unsealed now.
   */
  use<T>(name: SecretName, fn: (secret: Uint8Array) => T): T;
}
