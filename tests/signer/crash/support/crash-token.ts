import { openPkcs11Backend } from "@countersign/signer-service/backends/pkcs11/pkcs11-backend.ts";
import { SoftHsm, tokenConfig } from "../../../support/softhsm.ts";

const TOKEN = "relayers";

/** A key of secp256k1 on a token, for signers in other processes: its signatures are random too. */
export interface CrashToken {
  /** What finds the key on the token. */
  readonly reference: string;
  /** The configuration's backend, without the PIN. */
  readonly settings: { readonly name: string };
  /** What a process needs to see the token. */
  readonly environment: NodeJS.ProcessEnv;
  remove(): void;
}

/** Makes the token and its key. Once in a process, which SoftHSM's library is bound to. */
export async function createCrashToken(network: string, accountId: string): Promise<CrashToken> {
  const hsm = new SoftHsm();
  await hsm.makeToken(TOKEN);
  const config = tokenConfig(TOKEN, { generate: "secp256k1", sessions: 1 });
  const place = await openPkcs11Backend(config);
  try {
    await place.generate?.({ keyId: "hsm", network, accountId });
  } finally {
    await place.close();
  }
  const { pin: _, ...settings } = config;
  return { reference: "hsm", settings, environment: hsm.environment, remove: () => hsm.remove() };
}
