import { BackendError } from "../backend-failure.ts";
import type { SecretSealer } from "../secret-sealer.ts";
import type { AwsKmsClient } from "./aws-kms-client.ts";

/**
 * Seals secrets under symmetric keys of AWS KMS (key usage ENCRYPT_DECRYPT), with the context as KMS's encryption
 * context: it stands in CloudTrail, and key policies may ask for it. The keys are made with AWS's own tools.
 */
export function awsKmsSealer(name: string, client: AwsKmsClient): SecretSealer {
  return {
    seal: (key, secret, context) => client.encrypt(key, secret, context),
    async unseal(key, sealed, context) {
      const secret = await client.decrypt(key, sealed, context);
      if (secret !== undefined) return Uint8Array.from(secret);
      throw new BackendError(`backend ${name}: key ${key} does not open this: it was sealed elsewhere`);
    },
  };
}
