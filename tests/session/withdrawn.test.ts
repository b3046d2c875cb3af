import { once } from "node:events";
import http2 from "node:http2";
import { text } from "node:stream/consumers";
import { create, type DescMessage, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { SubmitDelegateRequestSchema } from "@countersign/gen/countersign/relay/v1/relay_pb.ts";
import { WaitUntil } from "@countersign/gen/countersign/relay/v1/submission_pb.ts";
import { MergeUsersRequestSchema } from "@countersign/gen/countersign/session/v1/session_pb.ts";
import {
  BeginKeyRequestSchema,
  EndSessionRequestSchema,
} from "@countersign/gen/countersign/threshold/v1/threshold_pb.ts";
import { expect, onTestFinished, test } from "vitest";
import { startOidcProvider } from "../support/oidc-provider.ts";
import { NETWORK } from "../support/test-relay.ts";
import {
  bearer,
  type Headers,
  sessionClient,
  signIn,
  signInTenant,
  startSessionRelay,
} from "./support/session-relay.ts";

async function world() {
  const provider = await startOidcProvider();
  const seeded = signInTenant(provider);
  const signInSettings = seeded.signIn && { ...seeded.signIn, scopes: ["submit", "threshold"] };
  const relay = await startSessionRelay(provider, {
    tenants: [{ ...seeded, signIn: signInSettings }],
    settings: { "threshold.enabled": "true" },
  });
  return { provider, relay, client: sessionClient(relay.app.address) };
}

/** The reason that a call gets whose body goes on only when `meanwhile` is done; "none" for an answer. */
async function slowCall(
  address: string,
  path: string,
  headers: Headers,
  body: Uint8Array,
  meanwhile: () => Promise<unknown>,
): Promise<string> {
  const session = http2.connect(address);
  onTestFinished(() => session.destroy());
  const head = { ":method": "POST", "content-type": "application/proto", ...headers };
  const stream = session.request({ ...head, ":path": path });
  stream.write(body.subarray(0, 5));
  // A second call on the connection is answered after the first one's headers were judged.
  const ping = session.request({ ...head, ":path": "/grpc.health.v1.Health/Check" });
  ping.end();
  await once(ping.resume(), "close");
  await meanwhile();
  stream.end(body.subarray(5));
  const answer = await text(stream);
  return /"reason":"([A-Z_]+)"/.exec(answer)?.[1] ?? "none";
}

const bytes = <D extends DescMessage>(schema: D, message: MessageInitShape<D>) =>
  toBinary(schema, create(schema, message));

const FINE = async () => undefined;

test("a submission whose session ends while its body is on its way is refused, and not without", async () => {
  const { provider, relay, client } = await world();
  const path = "/countersign.relay.v1.RelayService/SubmitDelegate";
  const { accessToken } = await signIn(client, provider);
  const headers = bearer(accessToken);
  const body = async () => {
    const signedDelegate = (await relay.wallets[0]?.delegate()) ?? new Uint8Array();
    // Answered when all of it is on the chain.
    const waitUntil = WaitUntil.FINAL;
    return bytes(SubmitDelegateRequestSchema, { network: NETWORK, signedDelegate, waitUntil });
  };
  expect(await slowCall(relay.app.address, path, headers, await body(), FINE)).toBe("none");
  const sent = relay.devnet.chain.log.length;
  const end = () => client.revokeSession({}, { headers });
  expect(await slowCall(relay.app.address, path, headers, await body(), end)).toBe("CREDENTIALS_REVOKED");
  expect(relay.devnet.chain.log).toHaveLength(sent);
});

const rpId = "wallet.example";
const begin = { schemeId: "threshold-ed25519-frost-2p-v1", network: NETWORK, accountId: "alice.test", rpId };

test.each([
  ["BeginKey", bytes(BeginKeyRequestSchema, begin)],
  ["EndSession", bytes(EndSessionRequestSchema, { token: "cst_token" })],
])("a threshold call, %s, whose session ends meanwhile does not reach the signer", async (name, body) => {
  const { provider, relay, client } = await world();
  const path = `/countersign.threshold.v1.ThresholdKeyService/${name}`;
  const headers = bearer((await signIn(client, provider)).accessToken);
  // The signer has no threshold keys: that is its answer.
  expect(await slowCall(relay.app.address, path, headers, body, FINE)).toBe("THRESHOLD_DISABLED");
  const end = () => client.revokeSession({}, { headers });
  expect(await slowCall(relay.app.address, path, headers, body, end)).toBe("CREDENTIALS_REVOKED");
});

test("a session that ends while its user merges another one merges nobody", async () => {
  const { provider, relay, client } = await world();
  const [alice, other] = [
    await signIn(client, provider),
    await signIn(client, provider, { claims: { sub: "other" } }),
  ];
  const body = bytes(MergeUsersRequestSchema, { otherAccessToken: other.accessToken });
  const path = "/countersign.session.v1.SessionService/MergeUsers";
  const headers = bearer(alice.accessToken);
  const end = () => client.revokeSession({}, { headers });
  expect(await slowCall(relay.app.address, path, headers, body, end)).toBe("CREDENTIALS_REVOKED");
  const { user } = await client.getUser({}, { headers: bearer(other.accessToken) });
  expect(user?.id).toBe(other.user?.id);
});
