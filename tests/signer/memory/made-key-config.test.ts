import { describe, expect, it } from "vitest";
import { softHsmModule } from "../../support/softhsm.ts";
import { tokenCustody } from "./support/custody.ts";
import { addNextKey, NEXT_KEY_ID } from "./support/rotation.ts";
import { prepareStack } from "./support/stack.ts";

describe.skipIf(softHsmModule === undefined)("a key that a running signer made in a token", () => {
  it("may have a policy in a configuration that passes the check, as it may at a reload", async () => {
    const custody = await tokenCustody();
    const stack = await prepareStack(custody);
    await stack.startSigner();
    await addNextKey(stack, custody);
    const dump = await stack.signerCommand("config", "check", "--config", stack.signerConfig);
    expect(dump).toContain(NEXT_KEY_ID);
    expect(dump).not.toContain(custody.env.PIN);
  }, 180_000);
});
