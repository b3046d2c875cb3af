import { createClient } from "@connectrpc/connect";
import { SignerAdminService } from "@countersign/gen/countersign/signer/v1/signer_admin_service_pb.ts";
import { expect, it } from "vitest";
import { makeDevCerts } from "../../../scripts/dev-certs.ts";
import { keystoreFile } from "../support/one-relayer.ts";
import { runLockedSigner, signerConfig } from "../support/running-signer.ts";
import { tlsTransport } from "../support/signer-client.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";

it("a reload that narrows the network keeps operators from elsewhere out too", async () => {
  const certs = makeDevCerts(temporaryDirectory());
  const tls = { ca_file: certs.ca, cert_file: certs.serverCert, key_file: certs.serverKey };
  const config = signerConfig(await keystoreFile(), {
    admin: { listen: { host: "127.0.0.1", port: 0, tls }, identities: ["CN=relay"] },
  });
  let network = config.network;
  const readConfig = () => ({ ...config, network });
  const signer = await runLockedSigner(config, { readConfig });
  const operator = () => createClient(SignerAdminService, tlsTransport(signer.adminAddress ?? "", certs));
  const standing = operator();
  await standing.getStatus({});
  network = { allow: ["192.0.2.0/24"], trusted_proxies: [] };
  await signer.reload("test");
  await expect(standing.getStatus({})).rejects.toThrow("do not come in from this address");
  await expect(operator().getStatus({})).rejects.toThrow();
});
