import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { NETWORK, startTestRelay, type TestRelay } from "../support/test-relay.ts";
import { AUTH } from "../support/test-tenant.ts";
import { WalletScript } from "./calls.ts";

const SERVICE = "countersign.relay.v1.RelayService";

interface SubmissionJson {
  readonly submission: { readonly id: string; readonly state: string };
}

describe("plain fetch with JSON", () => {
  let relay: TestRelay;
  beforeAll(async () => {
    relay = await startTestRelay();
  });
  afterAll(() => relay.stop());

  const url = (method: string) => `${relay.app.address}/${SERVICE}/${method}`;
  const post = (method: string, body: unknown, headers: Record<string, string> = {}) =>
    fetch(url(method), {
      method: "POST",
      headers: { "content-type": "application/json", ...AUTH, ...headers },
      body: JSON.stringify(body),
    });
  const get = (method: string, message: unknown) => {
    const query = new URLSearchParams({ connect: "v1", encoding: "json", message: JSON.stringify(message) });
    return fetch(`${url(method)}?${query}`, { headers: AUTH });
  };

  it("creates an account and has a delegate relayed, with the field names of the proto file", async () => {
    const script = new WalletScript(relay);
    const created = await post(
      "CreateAccount",
      { ...script.createAccount, wait_until: "WAIT_UNTIL_FINAL" },
      { "idempotency-key": script.accountId },
    );
    expect(created.status).toBe(200);
    expect(await created.json()).toMatchObject({
      submission: { state: "SUBMISSION_STATE_SUCCEEDED", accountId: script.accountId },
    });

    const signed_delegate = Buffer.from(await script.delegate()).toString("base64");
    const request = { network: NETWORK, signed_delegate, wait_until: "WAIT_UNTIL_FINAL" };
    const relayed = (await (await post("SubmitDelegate", request)).json()) as SubmissionJson;
    expect(relayed.submission.state).toBe("SUBMISSION_STATE_SUCCEEDED");
    const { id } = relayed.submission;

    const read = await get("GetSubmission", { submissionId: id });
    expect(read.status).toBe(200);
    expect(await read.json()).toEqual(relayed);
    expect(await (await post("GetSubmission", { submission_id: id })).json()).toEqual(relayed);
  });

  it("writes amounts and 64-bit numbers as strings, which lose no digit", async () => {
    const info = await (await get("GetRelayInfo", {})).json();
    expect(info).toMatchObject({
      limits: { maxGas: "300000000000000", maxDeposit: "1000000000000000000000000" },
    });
  });

  it("reads by GET and refuses to spend by GET", async () => {
    expect((await get("GetRelayInfo", {})).status).toBe(200);
    expect((await get("ListSubmissions", { pageSize: 1 })).status).toBe(200);
    expect((await get("SubmitDelegate", { network: NETWORK })).status).toBe(405);
    expect((await get("CreateAccount", { network: NETWORK })).status).toBe(405);
  });

  it("gets an error as JSON with HTTP status, code, reason and request id", async () => {
    const response = await post("GetSubmission", { submissionId: "sub_x" }, { "x-request-id": "fetch-1" });
    expect(response.status).toBe(404);
    expect(response.headers.get("x-request-id")).toBe("fetch-1");
    expect(await response.json()).toMatchObject({
      code: "not_found",
      message: "there is no submission of this id",
      details: [
        {
          type: "google.rpc.ErrorInfo",
          debug: {
            reason: "SUBMISSION_NOT_FOUND",
            domain: "countersign",
            metadata: { request_id: "fetch-1" },
          },
        },
      ],
    });
  });
});
