import { randomBytes } from "node:crypto";
import type { Stack } from "./stack.ts";
import { Wallet } from "./wallet.ts";

/** Calls to try against the running demo. */
export async function hints(stack: Stack, folder: string, apiKey: string): Promise<string> {
  const { network, relayer, relayUrl, operationsUrl, admin, signerAdmin } = stack;
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
  const key = '-H "Authorization: Bearer $API_KEY"';
  return `
Everything keeps running until Ctrl-C. Files and logs: ${folder}

API_KEY=${apiKey}
export COUNTERSIGN_ADMIN_URL=${admin.url} COUNTERSIGN_ADMIN_KEY=${admin.key}

curl -s ${relayUrl}/${service}/GetRelayInfo ${json} -d '{}'
curl -s ${relayUrl}/${service}/ListSubmissions ${json} ${key} -d '{"page_size": 2}'
grpcurl -plaintext ${host} list
grpcurl -plaintext ${host} describe ${service}.SubmitDelegate
grpcurl -plaintext ${key} -d '{"page_size": 2}' ${host} ${service}/ListSubmissions
curl -s ${operationsUrl}/readyz

Today's accounts are used up. With another limit there may be more:

npx countersign limits get demo
echo '{"tenant_day": {"accounts": 10}}' | npx countersign limits set demo -
curl -s ${relayUrl}/${service}/CreateAccount ${json} ${key} -d '${account}'
npx countersign usage --by method

The signer, as its operators see it, and how they stop its key:

npx signer status --admin ${signerAdmin}
npx signer key pause --admin ${signerAdmin} --key-id relayer-1 --reason "an incident"
npx signer key resume --admin ${signerAdmin} --key-id relayer-1
npx signer journal export --config ${folder}/signer.yaml
npx signer audit export --config ${folder}/signer.yaml
`;
}
