import type { TestRelay } from "../../support/test-relay.ts";

/** All that a relay has taken on and sent: ids of its submissions and hashes of the chain's transactions. */
export async function spent({ client, devnet }: TestRelay): Promise<{ ids: string[]; hashes: string[] }> {
  const ids: string[] = [];
  let pageToken = "";
  do {
    const page = await client.listSubmissions({ pageSize: 200, pageToken });
    ids.push(...page.submissions.map(({ id }) => id));
    pageToken = page.nextPageToken;
  } while (pageToken !== "");
  return { ids, hashes: devnet.chain.log.map(({ hash }) => hash) };
}
