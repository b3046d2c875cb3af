// A chain that executes everything at once and checks nothing: NEAR's JSON-RPC as far as a relay asks it, and the
// switches of a devnet that a bench uses. Prints one line of JSON when it listens.
import { hash } from "node:crypto";
import { createServer, type IncomingMessage, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { decodeSignedTransaction, formatPublicKey, type PublicKey, transactionHash } from "@countersign/near";
import { base58 } from "@scure/base";
import type { ChainLogEntry } from "./devnet-admin.ts";

const [network = ""] = process.argv.slice(2);
const FIRST_HEIGHT = 100_000;
const BLOCK_MS = 100;
/** An Ed25519 signature behind its type. */
const SIGNATURE_BYTES = 65;

type Params = Record<string, string>;

const began = Date.now();
const log: ChainLogEntry[] = [];
const outcomes = new Map<string, object>();
/** Of each access key that has signed, by its public key. */
const nonces = new Map<string, number>();
let latencyMs = 0;

const hashOf = (name: string) => base58.encode(hash("sha256", name, "buffer"));
const height = () => FIRST_HEIGHT + Math.floor((Date.now() - began) / BLOCK_MS);
let newest = { height: 0, hash: "" };

/** The newest block. Its hash is made once: it stands in every outcome. */
function head() {
  const now = height();
  if (newest.height !== now) newest = { height: now, hash: hashOf(`block ${now}`) };
  return newest;
}

const methods: Readonly<Record<string, (params: Params) => unknown>> = {
  status: () => ({ chain_id: network, sync_info: { syncing: false, earliest_block_height: FIRST_HEIGHT } }),
  block: () => {
    const { height, hash } = head();
    const timestamp_nanosec = `${began + (height - FIRST_HEIGHT) * BLOCK_MS}000000`;
    return { header: { height, hash, timestamp_nanosec } };
  },
  query: ({ request_type, public_key = "" }) =>
    request_type === "view_account"
      ? { amount: `1${"0".repeat(33)}`, locked: "0", storage_usage: 182 }
      : { nonce: nonces.get(public_key) ?? 0, permission: "FullAccess", block_height: height() },
  send_tx: ({ signed_tx_base64 = "" }) => execute(Buffer.from(signed_tx_base64, "base64")),
  tx: ({ tx_hash = "" }) => outcomes.get(tx_hash),
};

/** What a node says of a delegate whose actions have succeeded: three outcomes that burn. */
function execute(bytes: Uint8Array): unknown {
  const { signerId, receiverId, nonce, publicKey } = decodeSignedTransaction(bytes).transaction;
  const name = base58.encode(transactionHash(bytes.subarray(0, -SIGNATURE_BYTES)));
  const known = outcomes.get(name);
  if (known !== undefined) return known;
  log.push({ hash: name, signerId, receiverId });
  const key = keyOf(publicKey);
  nonces.set(key, Math.max(nonces.get(key) ?? 0, Number(nonce)));
  const block_hash = head().hash;
  const outcome = (id: string, next: string[], status: object) => ({
    ...{ id, block_hash },
    outcome: { executor_id: receiverId, gas_burnt: 1, tokens_burnt: "1", receipt_ids: next, status },
  });
  const [first, second] = [`${name}-1`, `${name}-2`];
  const executed = {
    final_execution_status: "FINAL",
    transaction: {
      signer_id: signerId,
      receiver_id: receiverId,
      nonce: Number(nonce),
      hash: name,
      actions: [],
    },
    transaction_outcome: outcome(name, [first], { SuccessReceiptId: first }),
    receipts_outcome: [
      outcome(first, [second], { SuccessReceiptId: second }),
      outcome(second, [], { SuccessValue: "" }),
    ],
  };
  outcomes.set(name, executed);
  return executed;
}

/** The few relayer keys that sign, as text: writing one costs more than the rest of a call. */
const keys = new Map<string, string>();

function keyOf(publicKey: PublicKey): string {
  const name = publicKey.data.toString();
  const known = keys.get(name) ?? formatPublicKey(publicKey);
  keys.set(name, known);
  return known;
}

const rpc: RequestListener = async (request, response) => {
  const { method, params } = (await json(request)) as { method: string; params: Params };
  const result = methods[method]?.(params);
  const answer = result === undefined ? { error: { cause: { name: "UNKNOWN_TRANSACTION" } } } : { result };
  if (latencyMs > 0) await delay(latencyMs);
  response.end(JSON.stringify({ jsonrpc: "2.0", id: "countersign", ...answer }));
};

const admin: RequestListener = async (request, response) => {
  const { method, params } = (await json(request)) as { method: string; params: { fault?: { ms?: number } } };
  if (method === "faults.add") latencyMs = params.fault?.ms ?? 0;
  response.end(JSON.stringify({ result: method === "log" ? log : {} }));
};

/** The stream's own consumers cost more. */
function json(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  return new Promise((resolve, reject) => {
    request.once("error", reject);
    request.once("end", () => resolve(JSON.parse(Buffer.concat(chunks).toString())));
  });
}

async function listen(listener: RequestListener): Promise<string> {
  const server = createServer({ keepAliveTimeout: 120_000 }, listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

process.stdout.write(
  `${JSON.stringify({ rpc_urls: [await listen(rpc)], admin_url: await listen(admin) })}\n`,
);
