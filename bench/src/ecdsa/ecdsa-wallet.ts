import { type Client, createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { libsecp256k1Points } from "@countersign/crypto/ot-ecdsa/libsecp256k1-points.ts";
import { EcdsaSigningService } from "@countersign/gen/countersign/threshold/v1/ecdsa_service_pb.ts";
import { Purpose } from "@countersign/gen/countersign/threshold/v1/threshold_pb.ts";
import { type Hex, hexToBytes, keccak256, recoverAddress, serializeTransaction } from "viem";
import { systemClock } from "../../../clients/web/src/clock.ts";
import { evmAccount } from "../../../clients/web/src/evm/evm-account.ts";
import type { EcdsaSignature } from "../../../clients/web/src/vault/ecdsa-vault-api.ts";
import { ecdsaScheme } from "../../../clients/web/src/wallet/key-scheme.ts";
import { makePresignature } from "../../../clients/web/src/wallet/make-presignature.ts";
import { PresignaturePool } from "../../../clients/web/src/wallet/presignature-pool.ts";
import { type EcdsaParts, signEcdsa } from "../../../clients/web/src/wallet/sign-ecdsa.ts";
import type { WalletKey } from "../../../clients/web/src/wallet/wallet-key.ts";
import { type WalletParts, walletParts } from "../../../clients/web/src/wallet/wallet-parts.ts";
import { RP_ID, softwarePasskeys } from "../../../tests/web-client/wallet/support/software-passkeys.ts";
import { TENANT } from "../relay/tenant.ts";
import { NETWORK } from "../shared/keystore.ts";
import { vaultOverChannel } from "../threshold/vault-over-channel.ts";
import type { WireCount } from "./wire-count.ts";

/** The chain, and the one recipient, of the tenant's policy. */
export const CHAIN_ID = 1;
export const RECIPIENT = "0x70997970c51812dc3a010c7d01b50e0d17dc79c8";

type Ecdsa = Client<typeof EcdsaSigningService>;

const POLICY = { lifetimeSeconds: 3_600, maxUses: 1_000, purposes: [Purpose.EVM_TRANSACTION] };

/** Signatures that are authorised and wait for their rounds. */
export interface Authorized {
  /** Makes them, one after another. Gives what judges them, for later: the wallet itself has verified them already. */
  sign(): Promise<() => Promise<boolean>>;
}

/** The wallet's own pool, which is filled when the bench says so and at no other time. */
class StillPool extends PresignaturePool {
  override refill(): void {}
}

/**
 * A user with a passkey in software and an EVM key, with the client of Node: libsecp256k1's points, and the vault over a
 * channel that copies, in this thread.
 */
export class EcdsaWallet {
  readonly #parts: WalletParts;
  readonly #ecdsa: Ecdsa;
  readonly #pool: PresignaturePool;
  readonly #key: WalletKey;
  readonly #address: Hex;
  #nonce = 0;

  private constructor(parts: WalletParts, key: WalletKey) {
    this.#parts = parts;
    this.#key = key;
    this.#ecdsa = createClient(EcdsaSigningService, parts.transport);
    this.#pool = new StillPool({ ...parts.context, ecdsa: this.#ecdsa }, parts.sessions);
    this.#address = evmAccount(key, () => Promise.reject(new Error("asked for its address alone"))).address;
  }

  /** Registers a passkey at the relay and creates a key with it. */
  static async open(baseUrl: string, accountId: string, wire: WireCount): Promise<EcdsaWallet> {
    const parts = walletParts(
      {
        relay: {
          baseUrl,
          transport: ({ baseUrl, interceptors = [] }) =>
            createConnectTransport({
              baseUrl,
              interceptors: [...interceptors, wire.interceptor],
              httpVersion: "2",
            }),
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
        vault: vaultOverChannel({ points: libsecp256k1Points }),
        clock: systemClock,
        wallTime: () => Date.now(),
      },
    );
    await parts.signIn.register({ userName: accountId, accountId }, {});
    const key = await parts.createKey(ecdsaScheme, accountId, undefined);
    return new EcdsaWallet(parts, key);
  }

  /** A new threshold session, which all that follows is made with. */
  async mint(): Promise<void> {
    const { sessions } = this.#parts;
    await sessions.mint(this.#key, POLICY, undefined);
    await sessions.ready(this.#key, undefined);
  }

  /** Makes presignatures, one after another. */
  async presign(count: number): Promise<void> {
    const { context, sessions } = this.#parts;
    const token = sessions.heldToken(this.#key.keyId);
    if (token === undefined) throw new Error("there is no threshold session");
    for (let i = 0; i < count; i++) {
      await makePresignature({ ...context, ecdsa: this.#ecdsa }, this.#key.keyId, token, undefined);
    }
  }

  /** Has transfers authorised, each of which takes a presignature that is there. */
  async authorize(count: number): Promise<Authorized> {
    const transactions = Array.from({ length: count }, () => this.#transfer());
    const digests = transactions.map((transaction) => keccak256(transaction));
    const mayGoOn = Promise.withResolvers<void>();
    const isAuthorized = Promise.withResolvers<void>();
    const authorizeEcdsa: Ecdsa["authorizeEcdsa"] = async (...of) => {
      const answer = await this.#ecdsa.authorizeEcdsa(...of);
      isAuthorized.resolve();
      await mayGoOn.promise;
      return answer;
    };
    const { context, sessions } = this.#parts;
    const parts: EcdsaParts = {
      context: { ...context, ecdsa: { ...this.#ecdsa, authorizeEcdsa } },
      sessions,
      pool: this.#pool,
    };
    const payload = {
      payload: {
        payload: {
          case: "evmTransactions" as const,
          value: { transactions: transactions.map((one) => hexToBytes(one)) },
        },
      },
      digests: digests.map((digest) => hexToBytes(digest)),
    };
    const signatures = signEcdsa(parts, this.#key, payload, undefined);
    await Promise.race([isAuthorized.promise, signatures]);
    return {
      sign: async () => {
        mayGoOn.resolve();
        const made = await signatures;
        return async () => made.length === count && (await this.#areAll(digests, made));
      },
    };
  }

  close(): void {
    this.#parts.context.vault.close();
  }

  /** An EIP-1559 transfer of one wei. */
  #transfer(): Hex {
    const fees = { gas: 21_000n, maxFeePerGas: 2_000_000_000n, maxPriorityFeePerGas: 1_000_000_000n };
    return serializeTransaction({
      chainId: CHAIN_ID,
      nonce: this.#nonce++,
      to: RECIPIENT,
      value: 1n,
      ...fees,
    });
  }

  async #areAll(digests: readonly Hex[], signatures: readonly EcdsaSignature[]): Promise<boolean> {
    const signers = signatures.map(({ r, s, recovery }, i) => {
      const signature = Uint8Array.of(...r, ...s, 27 + recovery);
      return recoverAddress({ hash: digests[i] ?? "0x", signature });
    });
    return (await Promise.all(signers)).every((address) => address === this.#address);
  }
}
