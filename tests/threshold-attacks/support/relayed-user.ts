import { setTimeout as delay } from "node:timers/promises";
import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { errorFromConnect, reasonName } from "@countersign/service-kit";
import type { ThresholdClient } from "../../signer/threshold/support/threshold-signer.ts";
import type {
  PolicyInit,
  ThresholdWallet,
  WalletOptions,
} from "../../signer/threshold/support/threshold-wallet.ts";
import { relayedSigner, relayServices } from "./relayed-signer.ts";
import { type SignedInWallet, signInWalletAs } from "./signed-in-wallet.ts";

/** What passes, so that a wallet repeats what it asked for. */
export const PASSING = [
  ErrorReason.SIGNER_UNAVAILABLE,
  ErrorReason.SIGNER_STORE_UNAVAILABLE,
  ErrorReason.LEDGER_UNAVAILABLE,
  ErrorReason.SHUTTING_DOWN,
  ErrorReason.PRESIGN_BUSY,
  ErrorReason.STALE_SESSION_STATE,
].map(reasonName);
const MAX_TRIES = 400;
const PAUSE_MS = 25;
/** Access tokens hold for some minutes. */
const RENEW_AFTER_MS = 60_000;

/** What came of a call: its answer, or why there is none; "LOST" when nobody said. */
export async function tried<T>(
  call: () => Promise<T>,
): Promise<{ readonly answer: T } | { readonly refusal: string }> {
  try {
    return { answer: await call() };
  } catch (error) {
    const { reason } = errorFromConnect(error);
    return { refusal: reason === undefined ? "LOST" : reasonName(reason) };
  }
}

export interface RelayedUserOptions<W> {
  readonly newWallet: (client: ThresholdClient, options: WalletOptions) => W;
  /** Of the threshold sessions. */
  readonly purposes: NonNullable<PolicyInit["purposes"]>;
  readonly maxUses: number;
  readonly random: () => number;
}

/** A user of several relays who is signed in and has one key, while the relays and their signers come and go. */
export class RelayedUser<W extends ThresholdWallet> {
  /** What was refused that was asked for until it is answered, in sentences. */
  readonly blocked: string[] = [];
  readonly #options: RelayedUserOptions<W>;
  readonly #addresses: string[] = [];
  readonly #services: ReturnType<typeof relayServices>[] = [];
  #user: SignedInWallet<W> | undefined;
  #accessToken = "";
  #refreshToken = "";
  #renewedAt = 0;
  #token: Promise<string> | undefined;
  /** How many digests were authorised with each token. */
  readonly #uses = new Map<string, number>();

  constructor(options: RelayedUserOptions<W>) {
    this.#options = options;
  }

  /** The relay of this place is at this address now. */
  reach(place: number, address: string): void {
    this.#addresses[place] = address;
    this.#services[place] = relayServices(address, this.#accessToken);
  }

  /** Signs in with a new passkey and makes a key, or renews the session; while all relays serve. */
  async prepare(): Promise<void> {
    const [address = ""] = this.#addresses;
    if (this.#user === undefined) {
      this.#user = await this.surely("first key", async () => {
        const made = await signInWalletAs(this.#options.newWallet, address);
        await made.wallet.createKey();
        return made;
      });
      this.#accessToken = this.#user?.accessToken ?? "";
      this.#refreshToken = this.#user?.refreshToken ?? "";
    } else if (Date.now() - this.#renewedAt < RENEW_AFTER_MS) {
      return;
    } else {
      const { session } = relayServices(address);
      const { signedIn } = await session.refreshSession({ refreshToken: this.#refreshToken });
      this.#accessToken = signedIn?.accessToken ?? "";
      this.#refreshToken = signedIn?.refreshToken ?? "";
    }
    this.#renewedAt = Date.now();
    for (const [place, at] of this.#addresses.entries()) this.reach(place, at);
  }

  /** The user's wallet at any relay. */
  wallet(): W {
    const services = this.#services[Math.floor(this.#options.random() * this.#services.length)];
    const wallet = this.#user?.wallet;
    if (services === undefined || wallet?.key === undefined) throw new Error("nobody has signed in yet");
    return wallet.at(relayedSigner(services));
  }

  /** Sends until there is an answer. Undefined when it is refused, which is noted. */
  async surely<T>(what: string, call: () => Promise<T>): Promise<T | undefined> {
    for (let tries = 1; ; tries++) {
      const outcome = await tried(call);
      if ("answer" in outcome) return outcome.answer;
      const { refusal } = outcome;
      if (tries === MAX_TRIES || (refusal !== "LOST" && !PASSING.includes(refusal))) {
        this.blocked.push(`a wallet's ${what} is refused: ${refusal}`);
        return undefined;
      }
      await delay(PAUSE_MS);
    }
  }

  /** Takes a use of the session; of a new one when there is none left. */
  async useOf<T>(authorize: (token: string) => Promise<T>): Promise<T> {
    const given = await this.withToken(async (token) => ({ token, answer: await authorize(token) }));
    this.#uses.set(given.token, (this.#uses.get(given.token) ?? 0) + 1);
    return given.answer;
  }

  /** With the session; with a new one once it is over. */
  async withToken<T>(call: (token: string) => Promise<T>): Promise<T> {
    for (;;) {
      const { purposes, maxUses } = this.#options;
      this.#token ??= this.wallet().mint({ purposes, maxUses });
      const minting = this.#token;
      try {
        return await call(await minting);
      } catch (error) {
        const { reason } = errorFromConnect(error);
        const isOver =
          reason === ErrorReason.THRESHOLD_SESSION_EXHAUSTED ||
          reason === ErrorReason.THRESHOLD_SESSION_EXPIRED;
        if (this.#token === minting && (isOver || !(await isSettledWell(minting)))) this.#token = undefined;
        if (!isOver) throw error;
      }
    }
  }

  /** Sessions that let more through than they may, in sentences. */
  overused(): string[] {
    return [...this.#uses]
      .filter(([, uses]) => uses > this.#options.maxUses)
      .map(([token, uses]) => `the session ${token.slice(0, 8)} was used ${uses} times`);
  }
}

async function isSettledWell(promise: Promise<unknown>): Promise<boolean> {
  const [{ status } = { status: "rejected" }] = await Promise.allSettled([promise]);
  return status === "fulfilled";
}
