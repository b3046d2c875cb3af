/** What the wallet reads of NEAR by itself, with JSON-RPC. */
export interface NearView {
  /** yoctoNEAR; undefined when there is no such account. Throws when the node gives no answer. */
  balance(accountId: string): Promise<bigint | undefined>;
}

export function nearView(url: string): NearView {
  return {
    async balance(accountId) {
      const params = { request_type: "view_account", finality: "optimistic", account_id: accountId };
      const response = await fetch(url, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ jsonrpc: "2.0", id: "balance", method: "query", params }),
      });
      const { result, error } = (await response.json()) as Answer;
      if (result?.amount !== undefined) return BigInt(result.amount);
      if (error?.cause?.name === "UNKNOWN_ACCOUNT") return undefined;
      throw new Error("NEAR does not answer");
    },
  };
}

interface Answer {
  readonly result?: { readonly amount?: string };
  readonly error?: { readonly cause?: { readonly name?: string } };
}
