// The relay server of @tatchi-xyz/sdk, put together as its own example does (examples/relay-server of its repository), for
// signed delegates alone: no threshold keys, no server lock, no sessions. Its logs are off, as they are by default.
// Prints one line of JSON with its URL when it serves.

import { AuthService, requireEnvVar } from "@tatchi-xyz/sdk/server";
import { createRelayRouter } from "@tatchi-xyz/sdk/server/router/express";
import express from "express";

const service = new AuthService({
  relayerAccountId: requireEnvVar(process.env, "RELAYER_ACCOUNT_ID"),
  relayerPrivateKey: requireEnvVar(process.env, "RELAYER_PRIVATE_KEY"),
  webAuthnContractId: "w3a-v1.testnet",
  // One URL, or several in the order of preference.
  nearRpcUrl: requireEnvVar(process.env, "NEAR_RPC_URL"),
});

const app = express();
app.use(express.json({ limit: "1mb" }));
app.use(
  "/",
  createRelayRouter(service, {
    healthz: true,
    readyz: true,
    signedDelegate: { route: "/signed-delegate" },
    threshold: null,
  }),
);

// Loads its signer, so that no delegate waits for that.
await service.getRelayerAccount();
const server = app.listen(0, "127.0.0.1", () => {
  process.stdout.write(`${JSON.stringify({ url: `http://127.0.0.1:${server.address().port}` })}\n`);
});
process.once("SIGTERM", () => process.exit(0));
