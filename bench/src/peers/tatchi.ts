import { generateKeyPairSync } from "node:crypto";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { formatPublicKey } from "@countersign/near";
import { BLOCK_TIME_MS, startDevnet } from "../relay/devnet-process.ts";
import type { PreSigned } from "../relay/wallets.ts";
import { RELAYER } from "../shared/keystore.ts";
import { type Running, start } from "../shared/processes.ts";
import type { Answer, Contender, ContenderOptions } from "./contender.ts";
import { signedDelegateBody } from "./tatchi-format.ts";

/** Blocks that come after a relay was ended, so that what it had sent stands in one of them or never will. */
const BLOCKS_TO_WAIT = 5;

/**
 * The relay server of @tatchi-xyz/sdk, unmodified (bench/peers/tatchi-relay.js). It answers when the delegate is executed in a
 * block that need not be final (EXECUTED_OPTIMISTIC). It cannot be asked what is still in its queue, which ends with its process:
 * that is how it is settled.
 */
export async function startTatchi(options: ContenderOptions): Promise<Contender> {
  const key = relayerKey();
  const devnet = await startDevnet({ ...options, relayerKeys: [key.publicKey] });
  let peer: { running: Running; url: string };
  const startPeer = async () => {
    const running = start("bench/peers/tatchi-relay.js", [], {
      logFile: join(options.folder, `tatchi-${Date.now()}.log`),
      env: {
        NODE_ENV: "production",
        RELAYER_ACCOUNT_ID: RELAYER,
        RELAYER_PRIVATE_KEY: key.secret,
        NEAR_RPC_URL: devnet.rpcUrls.join(","),
      },
    });
    peer = { running, url: (JSON.parse(await running.firstLine) as { url: string }).url };
  };
  try {
    await startPeer();
  } catch (error) {
    await devnet.running.stop();
    throw error;
  }

  const submit = async (delegate: PreSigned, signal: AbortSignal): Promise<Answer> => {
    try {
      const response = await fetch(`${peer.url}/signed-delegate`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: signedDelegateBody(delegate.signedDelegate),
        signal,
      });
      const { ok, message } = (await response.json()) as { ok: boolean; message?: string };
      return ok ? { kind: "succeeded" } : { kind: "failed", why: String(message) };
    } catch (error) {
      signal.throwIfAborted();
      return { kind: "failed", why: String(error) };
    }
  };
  return {
    admin: devnet.admin,
    pids: () => [devnet.running.pid, peer.running.pid],
    submit,
    settle: async () => {
      await peer.running.stop();
      await delay(options.latencyMs + BLOCKS_TO_WAIT * BLOCK_TIME_MS);
      await startPeer();
    },
    stop: async () => {
      await peer.running.stop();
      await devnet.running.stop();
    },
  };
}

function relayerKey(): { publicKey: string; secret: string } {
  const { d, x } = generateKeyPairSync("ed25519").privateKey.export({ format: "jwk" });
  const [seed, publicKey] = [d, x].map((part) => Buffer.from(part ?? "", "base64url")) as [Buffer, Buffer];
  return {
    publicKey: formatPublicKey({ type: "ed25519", data: publicKey }),
    // NEAR writes a secret key as it writes a public one: seed and public key in base58.
    secret: formatPublicKey({ type: "ed25519", data: Buffer.concat([seed, publicKey]) }),
  };
}
