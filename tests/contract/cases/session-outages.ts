import { getOption } from "@bufbuild/protobuf";
import { ErrorReason, reasons } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { SessionService } from "@countersign/gen/countersign/session/v1/session_service_pb.ts";
import { expect, onTestFinished } from "vitest";
import { callReason } from "../../session/support/call-reason.ts";
import { bearer } from "../../session/support/session-relay.ts";
import type { ContractCase } from "../support/contract-case.ts";
import { expectRefusal } from "../support/refusal.ts";
import { SESSION_CALLS, type SessionCall, withHeaders } from "../support/session-calls.ts";
import type { SessionTenant } from "../support/session-tenant.ts";

const { method } = SessionService;
const PATIENT = { timeout: 20_000 };

const declaring = (reason: ErrorReason) =>
  SESSION_CALLS.filter((call) => getOption(call.method, reasons).includes(reason));

const begins = ({ client, id, rpId }: SessionTenant) =>
  callReason(client.beginPasskeySignIn({ tenant: id, rpId }));

const BEGINNING: readonly string[] = [method.beginPasskeyRegistration.name, method.beginIdTokenSignIn.name];

/** What begins asks the ledger only about a session that comes with it, and some of it a moment later. */
const ledgerAway = ({ method: of, prepare }: SessionCall): ContractCase => ({
  method: of,
  outcome: ErrorReason.LEDGER_UNAVAILABLE,
  what: "PostgreSQL is gone",
  needsPostgres: true,
  run: async (worlds) => {
    const { tenant: newTenant, gate } = await worlds.sessionPostgres();
    const tenant = await newTenant();
    const good = await prepare(tenant);
    const begins = BEGINNING.includes(of.name);
    const call = begins ? withHeaders(good, bearer((await tenant.signIn()).accessToken)) : good;
    await gate.close();
    onTestFinished(() => gate.open());
    if (begins)
      await expect.poll(() => callReason(call({ headers: {} })), PATIENT).toBe("LEDGER_UNAVAILABLE");
    await expectRefusal(call, ErrorReason.LEDGER_UNAVAILABLE);
  },
});

const redisAway = ({ method: of, prepare }: SessionCall): ContractCase => ({
  method: of,
  outcome: ErrorReason.SHARED_STATE_UNAVAILABLE,
  what: "Redis is silent",
  needsRedis: true,
  run: async (worlds) => {
    const { tenant: newTenant, redis } = await worlds.sessionRedis();
    const tenant = await newTenant();
    await expect.poll(() => begins(tenant), PATIENT).toBe("none");
    const call = await prepare(tenant);
    redis.freeze();
    onTestFinished(() => redis.thaw());
    await expectRefusal(call, ErrorReason.SHARED_STATE_UNAVAILABLE);
  },
});

const FINISHING: readonly string[] = [
  method.finishPasskeyRegistration.name,
  method.finishPasskeySignIn.name,
  method.finishIdTokenSignIn.name,
];

/** As where what is begun is shared with a replica that has not heard of the tenant yet. */
const tenantUnheardOf = ({ method: of, prepare }: SessionCall): ContractCase => ({
  method: of,
  outcome: ErrorReason.TENANT_NOT_FOUND,
  what: "a tenant that is not there any more",
  needsPostgres: true,
  run: async (worlds) => {
    const { tenant: newTenant, query } = await worlds.sessionPostgres();
    const tenant = await newTenant();
    const call = await prepare(tenant);
    await query(`delete from tenants where id = '${tenant.id}'`);
    await query("update protection_revision set revision = revision + 1");
    await expect.poll(() => begins(tenant), PATIENT).toBe("TENANT_NOT_FOUND");
    await expectRefusal(call, ErrorReason.TENANT_NOT_FOUND);
  },
});

const chainAway: ContractCase = {
  method: method.finishPasskeySignIn,
  outcome: ErrorReason.CHAIN_UNAVAILABLE,
  what: "every NEAR endpoint fails",
  run: async (worlds) => {
    const { relay, tenant: newTenant } = await worlds.session();
    const tenant = await newTenant();
    const passkey = tenant.newPasskey();
    const { user } = await tenant.register(passkey);
    const request = await tenant.passkeySignIn(passkey, user?.id ?? "");
    const back = relay.devnet.endpoints.map(({ faults }) => faults.add({ kind: "bad_gateway" }));
    onTestFinished(() => {
      for (const end of back) end();
    });
    await expectRefusal(
      (options) => tenant.client.finishPasskeySignIn(request, options),
      ErrorReason.CHAIN_UNAVAILABLE,
    );
  },
};

export const sessionOutageCases: readonly ContractCase[] = [
  ...declaring(ErrorReason.LEDGER_UNAVAILABLE).map(ledgerAway),
  ...declaring(ErrorReason.SHARED_STATE_UNAVAILABLE).map(redisAway),
  ...SESSION_CALLS.filter((call) => FINISHING.includes(call.method.name)).map(tenantUnheardOf),
  chainAway,
];
