import { type EnvelopeStore, memoryEnvelopes } from "../../../../clients/web/src/vault/envelope-store.ts";
import { memoryStore, type TextStore } from "../../../../clients/web/src/wallet/text-store.ts";
import type { LockOptions, Wallet } from "../../../../clients/web/src/wallet/wallet.ts";
import type { WalletEvent } from "../../../../clients/web/src/wallet/wallet-events.ts";
import { walletOver } from "../../../../clients/web/src/wallet/wallet-over.ts";
import { TENANT } from "../../../lock/relay/support/lock-relay.ts";
import { type HandClock, handClock } from "../../hand-clock.ts";
import { vaultOverChannel } from "../../wallet/support/node-wallet.ts";
import { RP_ID, type SoftwarePasskeys, softwarePasskeys } from "../../wallet/support/software-passkeys.ts";
import { type FederatedRelays, type FederationOptions, startRelays } from "./federated-relays.ts";

export { RP_ID } from "../../wallet/support/software-passkeys.ts";
export const ACCOUNT = "alice.testnet";
export const OWNER = { tenant: TENANT, rpId: RP_ID, accountId: ACCOUNT };

/** Relays, signers and the vault share one thread here. */
export const PATIENT: LockOptions = { timeoutMs: 3_000 };

/** A page of a wallet. */
interface Page {
  readonly wallet: Wallet;
  readonly events: WalletEvent[];
  /** Resolves when there have been as many events of this type. */
  until(type: WalletEvent["type"], count: number): Promise<void>;
}

export interface Federation {
  readonly relays: FederatedRelays;
  readonly passkeys: SoftwarePasskeys;
  readonly envelopes: EnvelopeStore;
  readonly texts: TextStore;
  readonly clock: HandClock;
  /** Loads the wallet's page: what it kept is there, and its memory is empty. */
  load(lock?: LockOptions, urls?: readonly string[]): Page;
}

/** Starts real relays and signers, until the test ends. */
export async function startFederation(options: FederationOptions = {}): Promise<Federation> {
  const relays = await startRelays(options);
  const passkeys = softwarePasskeys();
  const envelopes = memoryEnvelopes();
  const texts = memoryStore();
  const clock = handClock();
  return {
    relays,
    ...{ passkeys, envelopes, texts, clock },
    load(lock = PATIENT, urls = relays.map(({ url }) => url)) {
      const [baseUrl = "", ...peers] = urls;
      const events: WalletEvent[] = [];
      const waiting = new Set<() => void>();
      const wallet = walletOver(
        {
          relay: { baseUrl },
          peers,
          lock,
          tenant: TENANT,
          rpId: RP_ID,
          network: "testnet",
          near: () => Promise.reject(new Error("nothing is asked of NEAR here")),
          keyStore: texts,
        },
        { passkeys, vault: vaultOverChannel({ envelopes }), clock, wallTime: () => clock.now() },
      );
      wallet.on((event) => {
        events.push(event);
        for (const look of waiting) look();
      });
      return {
        wallet,
        events,
        until: (type, wanted) =>
          new Promise((resolve) => {
            const look = () => {
              if (events.filter((event) => event.type === type).length >= wanted) resolve();
            };
            waiting.add(look);
            look();
          }),
      };
    },
  };
}

/** One whose wallet has an envelope for every relay; nobody has been asked for a passkey since. */
export async function enrolled(
  options: FederationOptions = {},
  lock: LockOptions = PATIENT,
): Promise<Federation> {
  const federation = await startFederation(options);
  const { wallet, until } = federation.load(lock);
  await wallet.unlock({ accountId: ACCOUNT });
  await until("refreshed", federation.relays.length);
  wallet.close();
  federation.passkeys.touches.length = 0;
  return federation;
}
