import { randomBytes } from "node:crypto";
import type { Stack } from "./stack.ts";
import { Wallet } from "./wallet.ts";

/** Calls to try against the running demo. */
export async function hints(stack: Stack, folder: string): Promise<string> {
  const { network, relayer, relayUrl, operationsUrl } = stack;
  const wallet = new Wallet(`carol-${randomBytes(3).toString("hex")}.${relayer}`, stack.rpcUrl);
  const account = JSON.stringify({
    network,
    account_id: wallet.accountId,
    public_key: wallet.publicKey,
    wait_until: "WAIT_UNTIL_FINAL",
  });
  const service = "countersign.relay.v1.RelayService";
  const host = relayUrl.replace("http://", "");
  const json = "-H 'Content-Type: application/json'";
  return `
Everything keeps running until Ctrl-C. Files and logs: ${folder}

curl -s ${relayUrl}/${service}/GetRelayInfo ${json} -d '{}'
curl -s ${relayUrl}/${service}/CreateAccount ${json} -d '${account}'
curl -s ${relayUrl}/${service}/ListSubmissions ${json} -d '{"page_size": 2}'
grpcurl -plaintext ${host} list
grpcurl -plaintext ${host} describe ${service}.SubmitDelegate
grpcurl -plaintext -d '{"page_size": 2}' ${host} ${service}/ListSubmissions
curl -s ${operationsUrl}/readyz
`;
}
