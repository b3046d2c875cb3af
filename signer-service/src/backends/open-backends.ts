import { openAwsKmsBackend } from "./aws-kms/aws-kms-backend.ts";
import type { Backend } from "./backend.ts";
import type { BackendConfig } from "./backends-schema.ts";
import { openGcpKmsBackend } from "./gcp-kms/gcp-kms-backend.ts";
import { openKeystoreBackend } from "./keystore/keystore-backend.ts";
import { openPkcs11Backend } from "./pkcs11/pkcs11-backend.ts";
import { openVaultBackend } from "./vault/vault-backend.ts";

/**
 * Opens the places that hold keys. Throws an Error for what an operator has to mend (a wrong passphrase, a package that
 * is missing); nothing stays open then. A place that gives no answer is found out when it is asked.
 */
export async function openBackends(configs: readonly BackendConfig[]): Promise<Backend[]> {
  const opened: Backend[] = [];
  try {
    for (const config of configs) opened.push(await openBackend(config));
    return opened;
  } catch (error) {
    await Promise.allSettled(opened.map((backend) => backend.close()));
    throw error;
  }
}

function openBackend(config: BackendConfig): Promise<Backend> {
  switch (config.type) {
    case "keystore":
      return openKeystoreBackend(config);
    case "pkcs11":
      return openPkcs11Backend(config);
    case "aws-kms":
      return openAwsKmsBackend(config);
    case "gcp-kms":
      return openGcpKmsBackend(config);
    case "vault":
      return openVaultBackend(config);
  }
}
