import { openPkcs11Backend } from "@countersign/signer-service/backends/pkcs11/pkcs11-backend.ts";
import { PublicKey } from "near-api-js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { SoftHsm, softHsmModule, tokenConfig } from "../../support/softhsm.ts";
import { RELAYER, transactionBytes } from "../support/transactions.ts";
import { complaint, NETWORK, newKey, outcome, poolConfig, startPoolSigner } from "./support/pool-signer.ts";

const TOKEN = "relayers";

describe.skipIf(softHsmModule === undefined)("a relay's keys on an HSM's token", () => {
  let hsm: SoftHsm;
  beforeAll(async () => {
    hsm = new SoftHsm();
    await hsm.makeToken(TOKEN);
  });
  afterAll(() => hsm.remove());

  async function config() {
    const base = await poolConfig({}, {});
    return { ...base, backends: [...base.backends, tokenConfig(TOKEN)] };
  }

  it("are made there, sign, and are found again after a restart", async () => {
    const same = await config();
    const first = await startPoolSigner(same);
    await first.grant("g", { backend: "hsm-1" });
    const { key } = await first.pools.generatePoolKey(newKey("pool-1"));
    await first.pools.activatePoolKey({ keyId: "pool-1", nonceFloor: 7n });
    await first.drain();

    const { relay, states, pools } = await startPoolSigner(same);
    expect(await states()).toMatchObject({ "pool-1": "ACTIVE" });
    const transaction = transactionBytes(PublicKey.from(key?.publicKey ?? ""), { nonce: 8n });
    const transactions = [{ keyId: "pool-1", transaction }];
    const { results } = await relay.signTransactions({ network: NETWORK, transactions });
    expect(results.map(({ result }) => result.case)).toEqual(["signed"]);
    expect(await outcome(pools.drainPoolKey({ keyId: "pool-1" }))).toBe("DRAINED");
    expect(await outcome(pools.retirePoolKey({ keyId: "pool-1" }))).toBe("RETIRED");
  });

  it("are none that the token had already: nobody knows what those have signed", async () => {
    const backend = await openPkcs11Backend(tokenConfig(TOKEN));
    await backend.generate?.({ keyId: "pool-used", network: NETWORK, accountId: RELAYER });
    await backend.close();
    const { grant, pools, admin, states } = await startPoolSigner(await config());
    await grant("g", { backend: "hsm-1" });
    expect(await outcome(pools.generatePoolKey(newKey("pool-used")))).toBe("SIGNER_KEY_EXISTS");
    expect(await complaint(pools.generatePoolKey(newKey("pool-used")))).toContain("the store does not know");
    expect(await states()).not.toHaveProperty("pool-used");
    // An operator may take it over, and tells its floor.
    await admin.generateKey({ ...newKey("pool-used"), backend: "hsm-1" });
    const activated = pools.activatePoolKey({ keyId: "pool-used", nonceFloor: 0n });
    expect(await outcome(activated)).toBe("SIGNER_POLICY_DENIED");
  });
});
