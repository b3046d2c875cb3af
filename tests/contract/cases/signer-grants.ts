import { generateKeyPairSync } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { Purpose } from "@countersign/gen/countersign/signer/v1/relayer_signer_pb.ts";
import { RelayerSignerService } from "@countersign/gen/countersign/signer/v1/relayer_signer_service_pb.ts";
import { formatPublicKey } from "@countersign/near";
import { reasonName } from "@countersign/service-kit";
import { publicKeyOf } from "@countersign/signer-service/backends/keystore/ed25519-seed.ts";
import type { GrantsAsSent } from "@countersign/signer-service/relayer-signer/signing-call.ts";
import { expect } from "vitest";
import { type GrantsFor, grantsFor } from "../../signer/support/signing-grants.ts";
import { temporaryDirectory } from "../../signer/support/temporary-directory.ts";
import { delegateAction } from "../../signer/support/transactions.ts";
import type { ContractCase } from "../support/contract-case.ts";
import { NETWORK, startContractSigner } from "../support/contract-signer.ts";

const { method } = RelayerSignerService;
const AUDIENCE = "test-signer";

/** A signer that asks for grants of one relay, and for the tokens of tenant acme's callers. */
async function startGrantSigner() {
  const relay = generateKeyPairSync("ed25519");
  const issuerKey = generateKeyPairSync("ed25519").publicKey.export({ format: "jwk" });
  const keySet = join(temporaryDirectory(), "acme.json");
  writeFileSync(keySet, JSON.stringify({ keys: [{ ...issuerKey, kid: "1", alg: "EdDSA" }] }));
  const issuer = { issuer: "https://issuer.example", audience: "acme", jwks_file: keySet };
  const publicKey = formatPublicKey(publicKeyOf(relay.privateKey));
  const signer = await startContractSigner({
    grants: { keys: [{ id: "relay", public_key: publicKey }] },
    caller_credentials: { tenants: { acme: [issuer] } },
  });
  /** Two transactions of the key "whole", of which the second is a transfer. */
  const items = (first: Parameters<typeof signer.bytes>[1] = {}) => [
    { keyId: "whole", transaction: signer.bytes("whole", { nonce: 1n, ...first }) },
    { keyId: "whole", transaction: signer.bytes("whole", { nonce: 2n }) },
  ];
  return {
    items,
    grants: (of: ReturnType<typeof items>, fields: Partial<GrantsFor> = {}) =>
      grantsFor(relay.privateKey, of, { audience: AUDIENCE, ...fields }),
    /** "signed", or why not, for each transaction. */
    async sign(transactions: ReturnType<typeof items>, sent: GrantsAsSent | null): Promise<string[]> {
      const grants = sent === null ? {} : { grants: sent.bytes, grantsSignature: signatureOf(sent) };
      const { results } = await signer.client.signTransactions({ network: NETWORK, transactions, ...grants });
      return results.map(({ result }) =>
        result.case === "refusal" ? reasonName(result.value.reason) : `${result.case}`,
      );
    },
  };
}
type GrantSigner = Awaited<ReturnType<typeof startGrantSigner>>;

const signatureOf = ({ keyId, signature }: GrantsAsSent) => ({ keyId, signature });

/** A call that is refused whole. */
function refusedCall(
  outcome: ErrorReason,
  what: string,
  call: (signer: GrantSigner) => Promise<string[]>,
): ContractCase {
  return {
    method: method.signTransactions,
    outcome,
    what,
    run: async () => {
      const name = reasonName(outcome);
      expect(await call(await startGrantSigner())).toEqual([name, name]);
    },
  };
}

/** What RelayerSignerService answers where relays must bring grants, and their callers' tokens. */
export const signerGrantCases: readonly ContractCase[] = [
  {
    method: method.signTransactions,
    outcome: "success",
    what: "a batch with its grants",
    run: async () => {
      const { items, grants, sign } = await startGrantSigner();
      expect(await sign(items(), grants(items()))).toEqual(["signed", "signed"]);
    },
  },
  refusedCall(ErrorReason.SIGNER_GRANT_MISSING, "no grants", ({ items, sign }) => sign(items(), null)),
  refusedCall(ErrorReason.SIGNER_GRANT_MISSING, "one grant for two", ({ items, grants, sign }) =>
    sign(items(), grants(items().slice(0, 1))),
  ),
  refusedCall(ErrorReason.SIGNER_GRANT_INVALID, "grants for other bytes", ({ items, grants, sign }) =>
    sign(items(), grants(items({ nonce: 3n }))),
  ),
  refusedCall(ErrorReason.SIGNER_GRANT_INVALID, "grants for another purpose", ({ items, grants, sign }) =>
    sign(items(), grants(items(), { purpose: Purpose.DELEGATE })),
  ),
  refusedCall(ErrorReason.SIGNER_GRANT_INVALID, "grants for another signer", ({ items, grants, sign }) =>
    sign(items(), grants(items(), { audience: "signer-b" })),
  ),
  refusedCall(ErrorReason.SIGNER_GRANT_USED, "grants of an earlier call", async ({ items, grants, sign }) => {
    const once = grants(items());
    expect(await sign(items(), once)).toEqual(["signed", "signed"]);
    return sign(items(), once);
  }),
  refusedCall(ErrorReason.SIGNER_CREDENTIAL_INVALID, "delegates of nobody", async (signer) => {
    const delegates = [3n, 4n].map(async (nonce) => {
      const [item] = signer.items({ nonce, actions: [await delegateAction()] });
      return item ?? expect.fail("no item");
    });
    const items = await Promise.all(delegates);
    return signer.sign(items, signer.grants(items, { purpose: Purpose.DELEGATE }));
  }),
];
