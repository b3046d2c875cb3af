import type { Client } from "@connectrpc/connect";
import { PolicyService } from "@countersign/gen/countersign/admin/v1/policy_service_pb.ts";
import { TenantService } from "@countersign/gen/countersign/admin/v1/tenant_service_pb.ts";
import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { Decision, RuleOutcome } from "@countersign/gen/countersign/relay/v1/delegate_check_pb.ts";
import { afterAll, beforeAll, expect, test } from "vitest";
import { TestWallet } from "../support/test-wallet.ts";
import { type AdminWorld, startAdmin } from "./admin-world.ts";
import { reasonFor, refusalOf } from "./refused.ts";

let world: AdminWorld;
let client: Client<typeof PolicyService>;
beforeAll(async () => {
  world = await startAdmin();
  client = world.client(PolicyService);
});
afterAll(() => world.stop());

const wallet = new TestWallet("alice.testnet");

const POLICY = {
  allowedOrigins: ["https://wallet.example"],
  delegates: {
    allow: [{ receiver: "guest-book.test", methods: ["*_message"] }],
    actionKinds: ["FunctionCall"],
    maxGas: 300_000_000_000_000n,
  },
  accounts: { suffixes: [".app.testnet"], maxInitialBalance: "100" },
};

async function newTenant(tenant: string): Promise<string> {
  await world.client(TenantService).createTenant({ tenant });
  return tenant;
}

test("a policy is stored by versions, in force at once, and may be stored twice", async () => {
  const tenant = await newTenant("acme");
  expect((await client.getPolicy({ tenant })).policy).toMatchObject({ tenant, version: 0n, policy: {} });

  const { policy } = await client.setPolicy({ tenant, policy: POLICY });
  expect(policy).toMatchObject({
    tenant,
    version: 1n,
    author: "admin:admin",
    policy: { delegates: POLICY.delegates },
  });
  expect((await client.setPolicy({ tenant, policy: POLICY })).policy).toEqual(policy);
  expect(world.directory.access(tenant)?.policy.allowedOrigins).toEqual(["https://wallet.example"]);

  await client.setPolicy({ tenant, expectedVersion: 1n, policy: {} });
  expect((await client.getPolicy({ tenant })).policy).toMatchObject({ version: 2n });
  expect((await client.getPolicy({ tenant, version: 1n })).policy).toEqual(policy);
  expect(await reasonFor(client.getPolicy({ tenant, version: 3n }))).toBe("FIELD_INVALID");
  expect(await reasonFor(client.setPolicy({ tenant, expectedVersion: 1n, policy: POLICY }))).toBe(
    "VERSION_CONFLICT",
  );

  const entries = (await world.audited(tenant)).filter(({ kind }) => kind === "policy.set");
  const details = entries.map(({ detail }) => JSON.parse(detail));
  expect(details).toMatchObject([{ version: "1" }, { version: "2" }]);
  expect(details[0].sha256).toMatch(/^[0-9a-f]{64}$/);
});

test("a policy that cannot be used is refused, with the field that is wrong", async () => {
  const tenant = await newTenant("globex");
  const draft = { delegates: { ...POLICY.delegates, condition: "size(actions) ==" } };
  const subject = { case: "account", value: { accountId: "a.app.testnet" } } as const;
  for (const call of [
    () => client.setPolicy({ tenant, policy: draft }),
    () => client.testPolicy({ tenant, draft, subject }),
  ]) {
    const { reason, message } = await refusalOf(call());
    expect(reason).toBe("POLICY_INVALID");
    expect(message).toContain("condition");
  }
  expect((await client.getPolicy({ tenant })).policy?.version).toBe(0n);
});

test("policies of a tenant that is not there are not found", async () => {
  const tenant = "nobody";
  const subject = { case: "signedDelegate", value: await wallet.delegate() } as const;
  expect(await reasonFor(client.getPolicy({ tenant }))).toBe("TENANT_NOT_FOUND");
  expect(await reasonFor(client.setPolicy({ tenant, policy: {} }))).toBe("TENANT_NOT_FOUND");
  expect(await reasonFor(client.testPolicy({ tenant, subject }))).toBe("TENANT_NOT_FOUND");
});

test("a test says what the current policy and a draft decide, and stores nothing", async () => {
  const tenant = await newTenant("initech");
  const subject = { case: "signedDelegate", value: await wallet.delegate() } as const;
  const none = await client.testPolicy({ tenant, subject });
  expect(none).toMatchObject({ decision: Decision.REFUSED, version: 0n });
  expect(none.rules.find(({ outcome }) => outcome === RuleOutcome.FAILED)?.reason).toBe(
    ErrorReason.POLICY_NOT_GRANTED,
  );

  await client.setPolicy({ tenant, policy: POLICY });
  expect(await client.testPolicy({ tenant, subject })).toMatchObject({
    decision: Decision.ACCEPTABLE,
    version: 1n,
  });
  const draft = { delegates: { ...POLICY.delegates, allow: [{ receiver: "other.test" }] } };
  const drafted = await client.testPolicy({ tenant, subject, draft });
  expect(drafted).toMatchObject({ decision: Decision.REFUSED, version: 0n });
  expect(drafted.rules.find(({ outcome }) => outcome === RuleOutcome.FAILED)?.reason).toBe(
    ErrorReason.POLICY_RECEIVER_NOT_ALLOWED,
  );
  expect((await client.getPolicy({ tenant })).policy?.version).toBe(1n);

  const garbage = { case: "signedDelegate", value: Uint8Array.of(1, 2, 3) } as const;
  expect(await reasonFor(client.testPolicy({ tenant, subject: garbage }))).toBe("DELEGATE_MALFORMED");
});

test.each([
  ["a.app.testnet", "100", Decision.ACCEPTABLE],
  ["a.app.testnet", "101", Decision.REFUSED],
  ["a.other.testnet", "0", Decision.REFUSED],
])("of account %s with %s yocto the decision is %i", async (accountId, initialBalance, decision) => {
  const tenant = await newTenant("hooli");
  const value = { accountId, initialBalance };
  const answer = await client.testPolicy({ tenant, draft: POLICY, subject: { case: "account", value } });
  expect(answer.decision).toBe(decision);
});
