import { createConnectTransport } from "@connectrpc/connect-node";
import { Purpose } from "@countersign/gen/countersign/threshold/v1/threshold_pb.ts";
import { delegateHash, type PublicKey, parsePublicKey } from "@countersign/near";
import { verifySignature } from "@countersign/near/verify";
import { systemClock } from "../../../clients/web/src/clock.ts";
import type { Wallet } from "../../../clients/web/src/wallet/wallet.ts";
import { walletOver } from "../../../clients/web/src/wallet/wallet-over.ts";
import { RP_ID, softwarePasskeys } from "../../../tests/web-client/wallet/support/software-passkeys.ts";
import { TENANT } from "../relay/tenant.ts";
import { RECEIVER } from "../relay/wallets.ts";
import { NETWORK } from "../shared/keystore.ts";
import { vaultOverChannel } from "./vault-over-channel.ts";

/** The most that a session may be used (docs/threshold-ed25519.md). */
export const USES_OF_A_SESSION = 1_000;
const LIFETIME_SECONDS = 3_600;
const MAX_BLOCK_HEIGHT = 600_000n;

/** A user with a passkey in software, an app session and a threshold key, whose delegates transfer one yocto. */
export class BenchWallet {
  readonly #wallet: Wallet;
  readonly #accountId: string;
  readonly #publicKey: PublicKey;
  #nonce = 0n;

  private constructor(wallet: Wallet, accountId: string, publicKey: PublicKey) {
    this.#wallet = wallet;
    this.#accountId = accountId;
    this.#publicKey = publicKey;
  }

  /** Registers a passkey at the relay and creates a key with it. */
  static async open(baseUrl: string, accountId: string): Promise<BenchWallet> {
    const wallet = walletOver(
      {
        relay: {
          baseUrl,
          transport: ({ baseUrl, interceptors = [] }) =>
            createConnectTransport({ baseUrl, interceptors, httpVersion: "2" }),
          // Nothing is to be hidden by a second attempt.
          retry: { attempts: 1 },
        },
        tenant: TENANT,
        rpId: RP_ID,
        network: NETWORK,
        near: () => Promise.reject(new Error("the bench asks no chain")),
      },
      {
        passkeys: softwarePasskeys(),
        vault: vaultOverChannel(),
        clock: systemClock,
        wallTime: () => Date.now(),
      },
    );
    await wallet.register({ userName: accountId, accountId });
    const { keyId } = await wallet.createKey({ accountId });
    return new BenchWallet(wallet, accountId, parsePublicKey(keyId));
  }

  /** A new threshold session, good for the next `USES_OF_A_SESSION` signatures. */
  async mint(): Promise<void> {
    const policy = {
      lifetimeSeconds: LIFETIME_SECONDS,
      maxUses: USES_OF_A_SESSION,
      purposes: [Purpose.NEAR_DELEGATE],
    };
    await this.#wallet.mintSession({ accountId: this.#accountId, policy });
  }

  /**
   * Signs its next delegate: authorize, init, finalize. Gives what judges the signature, for later: the wallet itself has
   * verified it already.
   */
  async sign(): Promise<() => boolean> {
    const delegate = {
      senderId: this.#accountId,
      receiverId: RECEIVER,
      actions: [{ kind: "Transfer" as const, deposit: 1n }],
      nonce: ++this.#nonce,
      maxBlockHeight: MAX_BLOCK_HEIGHT,
      publicKey: this.#publicKey,
    };
    const payload = { kind: "delegate" as const, delegate };
    const [data = new Uint8Array()] = await this.#wallet.sign({ accountId: this.#accountId, payload });
    return () => verifySignature(this.#publicKey, delegateHash(delegate), { type: "ed25519", data });
  }

  close(): void {
    this.#wallet.close();
  }
}
