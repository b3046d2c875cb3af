import { generateKeyPairSync, sign } from "node:crypto";
import { type DelegateAction, delegateHash, encodeSignedDelegate } from "@countersign/near";
import type { Caller } from "@countersign/server/access/caller.ts";
import { keyCaller, userCaller } from "@countersign/server/access/callers.ts";
import { SCOPES } from "@countersign/server/ledger/ledger.ts";
import { delegatePolicyRules } from "@countersign/server/policy/delegate-policy-rules.ts";
import { delegateSubject } from "@countersign/server/rules/delegate-subject.ts";
import { delegateFundingRule } from "@countersign/server/rules/funding.ts";
import { pausedDelegateRule } from "@countersign/server/rules/paused-kinds.ts";
import { firstRefusal } from "@countersign/server/rules/rule.ts";
import { entitlementOf } from "@countersign/server/tenant/entitlement.ts";
import type { Layer } from "./layer.ts";
import type { Tenants } from "./tenant.ts";

/** How many bytes of an Ed25519 key's SPKI form stand before the key itself (RFC 8410). */
const SPKI_PREFIX_BYTES = 12;

export interface PolicyLayers {
  readonly rules: Layer;
  readonly withCondition: Layer;
}

/** Whether the tenant's policy lets a delegate be paid: the rules that protection added, on a delegate that passes. */
export function policyLayers({ directory }: Tenants, calls: number): PolicyLayers {
  const bytes = signedMessage();
  const rules = [pausedDelegateRule, ...delegatePolicyRules, delegateFundingRule(() => "OPEN")];
  const asked = (caller: Caller) => {
    const { decoded } = delegateSubject(entitlementOf(directory, caller).asker, "bench", bytes);
    return async () => {
      const { asker } = entitlementOf(directory, caller);
      const refusal = await firstRefusal(rules, { asker, network: "bench", bytes, decoded });
      if (refusal !== undefined) throw new Error(refusal.message);
    };
  };
  return {
    rules: {
      name: "policy",
      includes: "9 rules on one decoded function call: no CEL",
      concurrency: 1,
      calls,
      call: asked(keyCaller({ id: "0".repeat(16), tenant: "plain", scopes: SCOPES })),
    },
    withCondition: {
      name: "policy with a CEL condition",
      includes: "the same, and a condition of some 200 characters with its variables",
      concurrency: 1,
      calls: Math.ceil(calls / 4),
      call: asked(userCaller("conditional", "alice", SCOPES)),
    },
  };
}

/** The borsh bytes of a wallet's signed call of a guest book. */
function signedMessage(): Uint8Array {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  const data = publicKey.export({ format: "der", type: "spki" }).subarray(SPKI_PREFIX_BYTES);
  const args = Buffer.from(JSON.stringify({ text: "hello from a wallet without gas" }));
  const delegateAction: DelegateAction = {
    senderId: "alice.test",
    receiverId: "guest-book.test",
    actions: [{ kind: "FunctionCall", methodName: "add_message", args, gas: 30n * 10n ** 12n, deposit: 0n }],
    nonce: 1n,
    maxBlockHeight: 600_000n,
    publicKey: { type: "ed25519", data },
  };
  const signature = sign(null, delegateHash(delegateAction), privateKey);
  return encodeSignedDelegate({ delegateAction, signature: { type: "ed25519", data: signature } });
}
