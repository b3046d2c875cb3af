import type { KeyType } from "@countersign/near";
import { CURVES } from "@countersign/signer-service/backends/pkcs11/curves.ts";
import type * as Pkcs11Js from "pkcs11js";
import { onTestFinished } from "vitest";
import { softHsmModule, USER_PIN } from "../../support/softhsm.ts";

/** A session of the test's own with a token, beside those of the backend, in the same process. */
export class DirectSession {
  readonly pkcs11js: typeof Pkcs11Js;
  readonly library: Pkcs11Js.PKCS11;
  readonly slot: Pkcs11Js.Handle;
  readonly session: Pkcs11Js.Handle;

  private constructor(pkcs11js: typeof Pkcs11Js, label: string, pin: string) {
    this.pkcs11js = pkcs11js;
    this.library = new pkcs11js.PKCS11();
    this.library.load(softHsmModule ?? "");
    unlessAlready(() => this.library.C_Initialize({ flags: pkcs11js.CKF_OS_LOCKING_OK }));
    const slot = this.library
      .C_GetSlotList(true)
      .find((s) => this.library.C_GetTokenInfo(s).label.trimEnd() === label);
    if (slot === undefined) throw new Error(`no token ${label}`);
    this.slot = slot;
    this.session = this.library.C_OpenSession(slot, pkcs11js.CKF_SERIAL_SESSION | pkcs11js.CKF_RW_SESSION);
    unlessAlready(() => this.library.C_Login(this.session, pkcs11js.CKU_USER, pin));
  }

  static async open(label: string, pin = USER_PIN): Promise<DirectSession> {
    const direct = new DirectSession((await import("pkcs11js")).default, label, pin);
    onTestFinished(() => {
      try {
        direct.library.C_CloseSession(direct.session);
      } catch {
        // The test has ended it.
      }
    });
    return direct;
  }

  /** A key pair as a careless operator may make it: extractable, and under any label. */
  makeKeyPair(label: string, type: KeyType, id = label): { publicKey: Buffer; privateKey: Buffer } {
    return this.makeKeyPairOf(label, CURVES[type].parameters[0] ?? "", CURVES[type].generating, id);
  }

  makeKeyPairOf(label: string, parameters: string, generating: number, id = label) {
    const c = this.pkcs11js;
    const both = [
      { type: c.CKA_TOKEN, value: true },
      { type: c.CKA_LABEL, value: label },
      { type: c.CKA_ID, value: Buffer.from(id) },
    ];
    return this.library.C_GenerateKeyPair(
      this.session,
      { mechanism: generating },
      [...both, { type: c.CKA_EC_PARAMS, value: Buffer.from(parameters, "hex") }],
      [...both, { type: c.CKA_EXTRACTABLE, value: true }, { type: c.CKA_SIGN, value: true }],
    );
  }

  /** The objects of a kind (CKO_…) with a label. */
  find(kind: number, label: string): Buffer[] {
    const { CKA_CLASS, CKA_LABEL } = this.pkcs11js;
    this.library.C_FindObjectsInit(this.session, [
      { type: CKA_CLASS, value: kind },
      { type: CKA_LABEL, value: label },
    ]);
    const found = this.library.C_FindObjects(this.session, 10);
    this.library.C_FindObjectsFinal(this.session);
    return found;
  }

  attribute(object: Buffer, type: number): Buffer | undefined {
    return this.library.C_GetAttributeValue(this.session, object, [{ type }])[0]?.value;
  }
}

function unlessAlready(call: () => void): void {
  try {
    call();
  } catch (error) {
    if (!(error instanceof Error) || !error.message.includes("_ALREADY_")) throw error;
  }
}
