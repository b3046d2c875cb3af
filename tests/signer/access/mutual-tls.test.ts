import { readFileSync } from "node:fs";
import { createConnectTransport } from "@connectrpc/connect-node";
import { errorFromConnect, readPemFiles, reasonName } from "@countersign/service-kit";
import { expect, test } from "vitest";
import { Authority, type Files, type Wanted } from "../support/authority.ts";
import {
  type GatedOptions,
  requestKey,
  signedBy,
  signerClient,
  startGatedSigner,
} from "../support/gated-signer.ts";
import { type SigningOptions, signingTransport } from "../support/signing-transport.ts";

const DAY_MS = 24 * 60 * 60 * 1000;
const SPIFFE = "spiffe://countersign.example/relay";

/** A signer that lets `identities` in, with certificates of `authority`. */
function startTls(authority: Authority, identities: string[], options: GatedOptions = {}) {
  const { ca, cert, key } = readPemFiles(authority.issue({ name: "signer", server: true }), new Date());
  return startGatedSigner({
    ...options,
    listen: { kind: "tls", host: "localhost", port: 0, tls: { clientCa: ca, cert, key } },
    auth: { mtls: { identities }, ...options.auth },
  });
}

const tlsOf = (files: Files) => ({
  ca: readFileSync(files.caFile),
  cert: readFileSync(files.certFile),
  key: readFileSync(files.keyFile),
});

const clientOf = (address: string, files: Files, options: SigningOptions = {}) =>
  signerClient(signingTransport(address, { key: null, tls: tlsOf(files), ...options }));

async function outcome(call: Promise<unknown>): Promise<string> {
  return call.then(
    () => "answered",
    (error: unknown) => {
      const { reason } = errorFromConnect(error);
      return reason === undefined ? "no connection" : reasonName(reason);
    },
  );
}

test.each<[string, Wanted, string]>([
  ["a common name", { name: "relay-1" }, "CN=relay-1"],
  ["a SPIFFE id", { uris: [SPIFFE] }, SPIFFE],
  ["a common name beside another SPIFFE id", { name: "relay-1", uris: ["spiffe://other/x"] }, "CN=relay-1"],
])("%s on the list is let in, and is the caller", async (_, wanted, caller) => {
  const authority = new Authority();
  const signer = await startTls(authority, ["CN=relay-1", SPIFFE]);
  expect(await outcome(clientOf(signer.address, authority.issue(wanted)).listKeys({}))).toBe("answered");
  expect(signer.served).toEqual([caller]);
});

test.each<[string, Wanted, string]>([
  ["another name", { name: "relay-2" }, "CN=relay-2"],
  [
    "another SPIFFE id",
    { name: "web", uris: ["spiffe://countersign.example/web"] },
    "spiffe://countersign.example/web",
  ],
  ["a longer SPIFFE id", { name: "web", uris: [`${SPIFFE}/x`] }, `${SPIFFE}/x`],
  ["two URIs, one of them listed", { name: "web", uris: [SPIFFE, "spiffe://other/x"] }, "CN=web"],
  ["a URI that holds a listed one after a comma", { name: "web", uris: [`a:b, URI:${SPIFFE}`] }, "CN=web"],
  ["a name that looks like a SPIFFE id", { name: SPIFFE }, `CN=${SPIFFE}`],
  ["a URI that looks like a common name", { name: "web", uris: ["CN=relay-1"] }, "CN=web"],
  ["a listed name in other case", { name: "RELAY-1" }, "CN=RELAY-1"],
])("a certificate with %s is refused, by name", async (_, wanted, peer) => {
  const authority = new Authority();
  const signer = await startTls(authority, ["CN=relay-1", SPIFFE]);
  const calling = clientOf(signer.address, authority.issue(wanted)).listKeys({});
  expect(await outcome(calling)).toBe("PEER_NOT_ALLOWED");
  expect(signer.served).toEqual([]);
  expect(signer.refused).toMatchObject([{ peer, reason: "PEER_NOT_ALLOWED" }]);
});

test("another authority's certificate of a listed name, an expired one and a server's get no connection", async () => {
  const authority = new Authority();
  const signer = await startTls(authority, ["CN=relay"]);
  const others = new Authority().issue();
  const strangers = [
    { ...others, caFile: authority.issue().caFile },
    authority.issue({ notAfter: new Date(Date.now() - DAY_MS) }),
    authority.issue({ server: true }),
  ];
  for (const files of strangers) {
    expect(await outcome(clientOf(signer.address, files).listKeys({}))).toBe("no connection");
  }
  expect(signer.served).toEqual([]);
  expect(await outcome(clientOf(signer.address, authority.issue()).listKeys({}))).toBe("answered");
});

test("a certificate that expires while its connection stands is refused with the next call", async () => {
  const authority = new Authority();
  let now = new Date();
  const signer = await startTls(authority, ["CN=relay"], { now: () => now });
  const notAfter = new Date(Math.floor((Date.now() + DAY_MS) / 1000) * 1000);
  const client = clientOf(signer.address, authority.issue({ notAfter }));
  expect(await outcome(client.listKeys({}))).toBe("answered");
  now = notAfter;
  expect(await outcome(client.listKeys({}))).toBe("answered");
  now = new Date(notAfter.getTime() + 1);
  expect(await outcome(client.listKeys({}))).toBe("PEER_NOT_ALLOWED");
  expect(signer.refused).toMatchObject([{ peer: "CN=relay", message: "the peer's certificate has expired" }]);
});

test("an identity that is taken off the list is refused with the next call, on its connection", async () => {
  const authority = new Authority();
  const signer = await startTls(authority, ["CN=relay"]);
  const client = clientOf(signer.address, authority.issue());
  expect(await outcome(client.listKeys({}))).toBe("answered");
  signer.replace({ auth: { mtls: { identities: ["CN=other"] } } });
  expect(await outcome(client.listKeys({}))).toBe("PEER_NOT_ALLOWED");
});

test("certificate and signature are both required where both are configured", async () => {
  const authority = new Authority();
  const signer = await startTls(authority, ["CN=relay"], { auth: signedBy(requestKey()) });
  const [known, unknown] = [authority.issue(), authority.issue({ name: "web" })];
  const call = (files: Files, key: SigningOptions["key"]) =>
    outcome(clientOf(signer.address, files, key === undefined ? {} : { key }).listKeys({}));
  expect(await call(known, null)).toBe("REQUEST_SIGNATURE_MISSING");
  expect(await call(unknown, requestKey())).toBe("PEER_NOT_ALLOWED");
  expect(await call(known, requestKey())).toBe("answered");
  expect(signer.served).toEqual(["CN=relay, service relay"]);
});

test("HTTP/1.1 has the same names", async () => {
  const authority = new Authority();
  const signer = await startTls(authority, ["CN=relay"]);
  const nodeOptions = tlsOf(authority.issue());
  const transport = createConnectTransport({ baseUrl: signer.address, httpVersion: "1.1", nodeOptions });
  await signerClient(transport).listKeys({});
  expect(signer.served).toEqual(["CN=relay"]);
});
