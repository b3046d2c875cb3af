import { KeyState } from "@countersign/gen/countersign/signer/v1/relayer_signer_pb.ts";
import {
  type KeyStatus,
  SetNonceFloorsResponseSchema,
} from "@countersign/gen/countersign/signer/v1/signer_admin_pb.ts";
import { Command } from "commander";
import { type AdminOptions, adminClient, withAdminOptions } from "./admin-connection.ts";
import { printAnswer } from "./admin-output.ts";
import { finalNonce, networkOf } from "./chain-view.ts";
import { formatColumns } from "./columns.ts";
import { keyStatusTable } from "./key-status-table.ts";

interface FloorsOptions extends AdminOptions {
  rpc: string[];
  keyId?: string[];
  yes?: true;
}

/** An access key's nonce as the chain has it. */
interface ReadNonce {
  readonly status: KeyStatus;
  readonly nonce: bigint;
}

/**
 * `signer floors`: reads access keys' nonces from the chain and tells the signer. It runs where the operator is, so that
 * the signer itself needs no way to the chain.
 */
export function floorsCommand(): Command {
  const command = new Command("floors");
  return withAdminOptions(command)
    .requiredOption("--rpc <url...>", "NEAR nodes; all of them must answer, and the highest nonce counts")
    .option("--key-id <id...>", "these keys only; default: the active keys of the nodes' network")
    .option("--yes", "set them; without it they are only shown")
    .action(async (options: FloorsOptions) => {
      const client = adminClient(options);
      const read = await readNonces((await client.getStatus({})).keys, options);
      process.stderr.write(nonceTable(read));
      if (options.yes !== true) throw new Error("nothing is set: add --yes");
      const floors = read.map(({ status, nonce }) => ({ keyId: status.key?.keyId ?? "", nonce }));
      const answer = await client.setNonceFloors({ floors });
      printAnswer(SetNonceFloorsResponseSchema, answer, options, ({ keys }) => keyStatusTable(keys));
    });
}

async function readNonces(keys: readonly KeyStatus[], { rpc, keyId }: FloorsOptions): Promise<ReadNonce[]> {
  const network = await networkOf(rpc);
  const read: ReadNonce[] = [];
  for (const status of chosen(keys, network, keyId)) {
    const nonce = await nonceOnChain(status, network, rpc);
    read.push({ status, nonce });
  }
  return read;
}

/**
 * A key's nonce on the network that the nodes belong to. Throws an Error for a key of another network, and for one that
 * is not on the chain.
 */
export async function nonceOnChain(
  { key }: KeyStatus,
  network: string,
  rpc: readonly string[],
): Promise<bigint> {
  if (key === undefined) throw new Error("the signer told of a key without its name");
  const { keyId, accountId, publicKey } = key;
  if (key.network !== network) {
    throw new Error(`key ${keyId} belongs to ${key.network}, the nodes to ${network}`);
  }
  const nonce = await finalNonce(rpc, accountId, publicKey);
  if (nonce !== null) return nonce;
  throw new Error(
    `key ${keyId} is not on the chain yet: ${accountId} has no access key ${publicKey}; add it there first`,
  );
}

function chosen(
  keys: readonly KeyStatus[],
  network: string,
  ids: readonly string[] | undefined,
): KeyStatus[] {
  if (ids === undefined) {
    const active = keys.filter(({ key }) => key?.network === network && key.state === KeyState.ACTIVE);
    if (active.length === 0) throw new Error(`the signer has no active key of ${network}`);
    return active;
  }
  return [...new Set(ids)].map((id) => keyOf(keys, id));
}

/** The key of an id. Throws an Error when there is none. */
export function keyOf(keys: readonly KeyStatus[], id: string): KeyStatus {
  const status = keys.find(({ key }) => key?.keyId === id);
  if (status === undefined) throw new Error(`the signer has no key ${id}`);
  return status;
}

function nonceTable(read: readonly ReadNonce[]): string {
  return formatColumns(
    ["KEY ID", "ACCOUNT", "NONCE ON CHAIN", "FLOOR", "HIGHEST IN JOURNAL"],
    read.map(({ status: { key, nonceFloor, highestNonce }, nonce }) => [
      key?.keyId ?? "",
      key?.accountId ?? "",
      nonce.toString(),
      nonceFloor?.toString() ?? "",
      highestNonce?.toString() ?? "",
    ]),
  );
}
