import { z } from "zod";

/** Longest that a node may take, in milliseconds, and largest answer that is read, in bytes. */
const TIMEOUT_MS = 15_000;
const MAX_ANSWER_BYTES = 1024 * 1024;

const answerSchema = z.object({ result: z.unknown(), error: z.unknown() }).partial();
const statusSchema = z.object({
  chain_id: z.string().min(1).max(64),
  sync_info: z.object({ syncing: z.boolean() }),
});
const accessKeySchema = z.object({ nonce: z.int().nonnegative() });
/** An unknown key is a result to some nodes, and an error to others (nearcore, chain/jsonrpc). */
const missingKeySchema = z.union([
  z.object({ error: z.string().regex(/^access key .* does not exist/) }),
  z.object({ cause: z.object({ name: z.enum(["UNKNOWN_ACCESS_KEY", "UNKNOWN_ACCOUNT"]) }) }),
]);

/**
 * The network that nodes belong to. Throws an Error when one does not answer or is still catching up, or when they
 * belong to different networks.
 */
export async function networkOf(rpcUrls: readonly string[]): Promise<string> {
  const networks = await Promise.all(
    rpcUrls.map(async (url) => {
      const status = statusSchema.safeParse((await call(url, "status", [])).result);
      if (!status.success) throw new Error(`${hostOf(url)} gives no status that can be read`);
      if (status.data.sync_info.syncing)
        throw new Error(`${hostOf(url)} is still catching up with its network`);
      return status.data.chain_id;
    }),
  );
  const [network] = networks;
  if (network === undefined) throw new Error("--rpc must name a node");
  if (networks.some((other) => other !== network)) {
    throw new Error(`the nodes belong to different networks: ${networks.join(", ")}`);
  }
  return network;
}

/**
 * An access key's nonce in the newest final block; the highest that any of the nodes shows, and every one has to answer:
 * a node that lags, or lies, shows too little. Null when the key is not on the chain for one of them.
 */
export async function finalNonce(
  rpcUrls: readonly string[],
  accountId: string,
  publicKey: string,
): Promise<bigint | null> {
  const nonces = await Promise.all(rpcUrls.map((url) => nonceAt(url, accountId, publicKey)));
  if (nonces.includes(null)) return null;
  return (
    nonces
      .filter((nonce) => nonce !== null)
      .sort((a, b) => (a < b ? -1 : 1))
      .at(-1) ?? null
  );
}

async function nonceAt(url: string, account_id: string, public_key: string): Promise<bigint | null> {
  const params = { request_type: "view_access_key", finality: "final", account_id, public_key };
  const { result, error } = await call(url, "query", params);
  if (missingKeySchema.safeParse(error ?? result).success) return null;
  const view = accessKeySchema.safeParse(result);
  if (view.success) return BigInt(view.data.nonce);
  throw new Error(`${hostOf(url)} gives no access key that can be read`);
}

async function call(url: string, method: string, params: unknown) {
  let text: string;
  try {
    const response = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ jsonrpc: "2.0", id: "signer", method, params }),
      redirect: "error",
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    text = await readBounded(response);
  } catch (error) {
    throw new Error(`${hostOf(url)} gives no answer`, { cause: (error as Error).cause });
  }
  try {
    return answerSchema.parse(JSON.parse(text));
  } catch {
    throw new Error(`${hostOf(url)} answers with what is no JSON-RPC`);
  }
}

async function readBounded(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.length;
    if (size > MAX_ANSWER_BYTES) throw new Error("the answer is too large");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

/** What of a URL may be shown: paths and queries hold API keys. */
function hostOf(url: string): string {
  return URL.parse(url)?.host ?? "a node without a valid URL";
}
