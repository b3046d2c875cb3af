import { execFile } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import type { PublicKey } from "@countersign/near";
import { CURVES, publicKeyOfPoint } from "@countersign/signer-service/backends/pkcs11/curves.ts";
import type * as Pkcs11Js from "pkcs11js";

/** SoftHSM's library, as scripts/services.sh names it. */
const module = process.env.TEST_PKCS11_MODULE;
const LABEL = "bench";
export const KEY_LABEL = "relayer-2";
const PIN = "271828";
/** The sessions of the asynchronous loop: as many as the signer's by default. */
export const SESSIONS = 4;
const ED25519 = CURVES.ed25519;
const SIGNATURE_BYTES = 64;

/** Why PKCS#11 cannot be measured here; undefined when it can. */
export const whyNoToken =
  module === undefined ? "set TEST_PKCS11_MODULE or run through scripts/services.sh run" : undefined;

/** A token of SoftHSM with one key, which this process and the signer use, each with sessions of its own. */
export interface Token {
  /** A place for the signer's configuration, and what its environment needs. */
  readonly backend: object;
  readonly env: Readonly<Record<string, string>>;
  readonly publicKey: PublicKey;
  /** Signs in this thread, which waits. */
  sign(data: Buffer): Buffer;
  /** Signs on a thread of libuv, over one of `SESSIONS`; one call at a time for each. */
  signAsync(session: number, data: Buffer): Promise<Buffer>;
  close(): void;
}

/** Makes a token in `folder`, with the tool that operators have for it, and a key. */
export async function openToken(folder: string): Promise<Token> {
  if (module === undefined) throw new Error(`no PKCS#11 library: ${whyNoToken}`);
  const env = await makeToken(folder);
  // The library reads it when it is initialized.
  Object.assign(process.env, env);
  const pkcs11js = (await import("pkcs11js")).default;
  const library = new pkcs11js.PKCS11();
  library.load(module);
  library.C_Initialize({ flags: pkcs11js.CKF_OS_LOCKING_OK });
  const slot = library.C_GetSlotList(true).find((s) => library.C_GetTokenInfo(s).label.trimEnd() === LABEL);
  if (slot === undefined) throw new Error(`no token ${LABEL}`);
  const flags = pkcs11js.CKF_SERIAL_SESSION | pkcs11js.CKF_RW_SESSION;
  const sessions = Array.from({ length: SESSIONS }, () => library.C_OpenSession(slot, flags));
  const [first] = sessions as [Pkcs11Js.Handle];
  library.C_Login(first, pkcs11js.CKU_USER, PIN);
  const { privateKey, publicKey } = makeKey(pkcs11js, library, first);
  const begin = (session: Pkcs11Js.Handle) => {
    library.C_SignInit(session, { mechanism: ED25519.signing }, privateKey);
    return session;
  };
  return {
    backend: {
      type: "pkcs11",
      name: "hsm",
      module,
      token_label: LABEL,
      pin: "env:BENCH_PIN",
      sessions: SESSIONS,
    },
    env: { ...env, BENCH_PIN: PIN },
    publicKey,
    sign: (data) => library.C_Sign(begin(first), data, Buffer.alloc(SIGNATURE_BYTES)),
    signAsync: (session, data) =>
      library.C_SignAsync(begin(sessions[session] ?? first), data, Buffer.alloc(SIGNATURE_BYTES)),
    close: () => library.C_Finalize(),
  };
}

async function makeToken(folder: string): Promise<{ SOFTHSM2_CONF: string }> {
  const tokens = join(folder, "tokens");
  await mkdir(tokens);
  const SOFTHSM2_CONF = join(folder, "softhsm2.conf");
  await writeFile(SOFTHSM2_CONF, `directories.tokendir = ${tokens}\nlog.level = ERROR\n`);
  const args = ["--init-token", "--free", "--label", LABEL, "--pin", PIN, "--so-pin", PIN];
  await promisify(execFile)("softhsm2-util", args, { env: { ...process.env, SOFTHSM2_CONF } });
  return { SOFTHSM2_CONF };
}

function makeKey(c: typeof Pkcs11Js, library: Pkcs11Js.PKCS11, session: Pkcs11Js.Handle) {
  const both = [
    { type: c.CKA_TOKEN, value: true },
    { type: c.CKA_LABEL, value: KEY_LABEL },
    { type: c.CKA_ID, value: Buffer.from(KEY_LABEL) },
  ];
  const made = library.C_GenerateKeyPair(
    session,
    { mechanism: ED25519.generating },
    [...both, { type: c.CKA_EC_PARAMS, value: Buffer.from(ED25519.parameters[0] ?? "", "hex") }],
    [...both, { type: c.CKA_SENSITIVE, value: true }, { type: c.CKA_SIGN, value: true }],
  );
  const [point] = library.C_GetAttributeValue(session, made.publicKey, [{ type: c.CKA_EC_POINT }]);
  const publicKey = publicKeyOfPoint("ed25519", point?.value ?? Buffer.alloc(0));
  if (publicKey === undefined) throw new Error("the token made no public key that can be read");
  return { privateKey: made.privateKey, publicKey };
}
