import { Code, createClient, type Transport } from "@connectrpc/connect";
import { createConnectTransport, createGrpcWebTransport } from "@connectrpc/connect-web";
import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { RelayService } from "@countersign/gen/countersign/relay/v1/relay_service_pb.ts";
import { SubmissionState, WaitUntil } from "@countersign/gen/countersign/relay/v1/submission_pb.ts";
import { errorFromConnect } from "@countersign/service-kit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { NETWORK, startTestRelay, type TestRelay, withHeaders } from "../support/test-relay.ts";
import { AUTH } from "../support/test-tenant.ts";
import { WalletScript } from "./calls.ts";

const interceptors = [withHeaders(AUTH)];
const TRANSPORTS: Record<string, (baseUrl: string) => Transport> = {
  "gRPC-Web, binary": (baseUrl) => createGrpcWebTransport({ baseUrl, interceptors }),
  "gRPC-Web, JSON": (baseUrl) => createGrpcWebTransport({ baseUrl, interceptors, useBinaryFormat: false }),
  "Connect, JSON": (baseUrl) => createConnectTransport({ baseUrl, interceptors }),
  "Connect, binary, reads by GET": (baseUrl) =>
    createConnectTransport({ baseUrl, interceptors, useBinaryFormat: true, useHttpGet: true }),
};

describe.each(Object.entries(TRANSPORTS))("connect-web's transport, %s,", (_, transportTo) => {
  let relay: TestRelay;
  beforeAll(async () => {
    relay = await startTestRelay();
  });
  afterAll(() => relay.stop());
  const connect = () => createClient(RelayService, transportTo(relay.app.address));

  it("creates an account, has a delegate of it relayed and watches it to its end", async () => {
    const client = connect();
    const script = new WalletScript(relay);
    const { account_id: accountId, public_key: publicKey, network } = script.createAccount;
    const created = await client.createAccount({ network, accountId, publicKey, waitUntil: WaitUntil.FINAL });
    expect(created.submission?.state).toBe(SubmissionState.SUCCEEDED);

    const signedDelegate = await script.delegate();
    const { submission } = await client.submitDelegate({ network: NETWORK, signedDelegate });
    const states: unknown[] = [];
    for await (const message of client.watchSubmission({ submissionId: submission?.id ?? "" })) {
      states.push(message.submission?.state);
    }
    expect(states).toEqual([1, 2, 3, 4, SubmissionState.SUCCEEDED]);
    const { submissions } = await client.listSubmissions({ filter: { accountId } });
    expect(submissions).toHaveLength(2);
  });

  it("gets an error's code and reason, unary and streaming", async () => {
    const client = connect();
    const submissionId = `sub_${"0".repeat(26)}`;
    const failed = () => expect.fail("it should have failed");
    const watch = async () => {
      for await (const _ of client.watchSubmission({ submissionId })) failed();
    };
    for (const call of [client.getSubmission({ submissionId }), watch()]) {
      expect(await call.then(failed, errorFromConnect)).toMatchObject({
        code: Code.NotFound,
        reason: ErrorReason.SUBMISSION_NOT_FOUND,
      });
    }
  });
});
