import { TestAccount } from "@countersign/devnet/testing/test-account.ts";
import { actions, KeyPair, PublicKey } from "near-api-js";
import { expect, it } from "vitest";
import type { RelayWorld } from "../support/relay-world.ts";
import { finishAll, submitSurely } from "../support/submitting.ts";
import { NEAR, RELAYER } from "../support/test-relay.ts";
import { relayerKey } from "../support/test-signer.ts";
import { expectEachLanded, moreKeys, startLanesRelay } from "./support/lanes-relay.ts";

const TIMEOUT_MS = 120_000;

/** Somebody who holds a key of the relayer's account that no relay has. */
async function operator() {
  const pair = KeyPair.fromRandom("ed25519");
  return {
    operatorKey: pair.getPublicKey().toString(),
    async sends({ devnet }: RelayWorld, receiverId: string, action: ReturnType<typeof actions.deleteKey>) {
      const { base64 } = await new TestAccount(devnet.chain, RELAYER, pair).sign(receiverId, [action]);
      const params = { signed_tx_base64: base64, wait_until: "FINAL" };
      const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "send_tx", params });
      const headers = { "content-type": "application/json" };
      const response = await fetch(devnet.rpcUrls[0] ?? "", { method: "POST", headers, body });
      expect(await response.json()).toMatchObject({ result: { final_execution_status: "FINAL" } });
    },
  };
}

it(
  "a lane whose key is deleted on the chain gives back its work, and takes more once the key is there again",
  async () => {
    const { operatorKey, sends } = await operator();
    const keys = await moreKeys(1);
    const relay = await startLanesRelay({ wallets: 80, moreKeys: keys, operatorKey });
    const [second] = keys;
    if (second === undefined) throw new Error("no second key");
    const publicKey = PublicKey.fromString(second.publicKey);
    const all = await relay.delegates();
    await finishAll(relay.client, all.slice(0, 20));

    await sends(relay.world, RELAYER, actions.deleteKey(publicKey));
    // Something it signs shows the lane that the key is gone; what dies with the key can land once it is back.
    const done = finishAll(relay.client, all.slice(20, 60));
    await relay.passed("relayer-2", "key-missing");
    expect(relay.troubles.get("key-missing")).toBe(1);

    await sends(relay.world, RELAYER, actions.addFullAccessKey(publicKey));
    // The chain begins with a high nonce for it, which the signer takes from operators alone.
    const { devnet, signer } = relay.world;
    const { nonce = 0n } = devnet.chain.stateAt().accessKey(RELAYER, second.publicKey) ?? {};
    await signer.admin.setNonceFloors({ floors: [{ keyId: second.keyId, nonce }] });
    await relay.passed("relayer-2", "key-missing", "active");
    await done;
    await finishAll(relay.client, all.slice(60));
    await expectEachLanded(relay.world, 80);
    const lanes = await relay.world.rows<{ count: number }>(
      "select count(*) as count from attempts group by lane_id",
    );
    expect(lanes).toHaveLength(2);
  },
  TIMEOUT_MS,
);

it(
  "lanes of an account that cannot pay leave the work to others, and take more once it is topped up",
  async () => {
    const { operatorKey, sends } = await operator();
    const poor = await relayerKey("poor-1", "poor.test");
    const relay = await startLanesRelay({
      wallets: 60,
      moreKeys: [poor],
      operatorKey,
      // Enough for its own storage, and for nothing else.
      devnet: {
        accounts: [{ id: "poor.test", balance: (NEAR / 400n).toString(), keys: [poor.publicKey] }],
      },
    });
    const all = await relay.delegates();
    for (const bytes of all.slice(0, 4)) await submitSurely(relay.client, bytes);
    await relay.passed("poor-1", "low-balance");
    // What the poor account has signed waits for its money; all else ends.
    const others = all.slice(4, 50);
    const done = finishAll(relay.client, all);
    await relay.until(() => relay.moved("SUCCEEDED").length >= others.length);
    expect(relay.troubles.get("low-balance")).toBeGreaterThan(0);

    await sends(relay.world, "poor.test", actions.transfer(10n * NEAR));
    await done;
    await relay.passed("poor-1", "low-balance", "active");
    await expectEachLanded(relay.world, 60);
  },
  TIMEOUT_MS,
);
