import { setTimeout as delay } from "node:timers/promises";
import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { errorFromConnect, reasonName } from "@countersign/service-kit";
import { delegate } from "../../signer/threshold/support/payloads.ts";
import type { GivenRequest, ThresholdWallet } from "../../signer/threshold/support/threshold-wallet.ts";
import { History } from "./history.ts";
import { verifies } from "./plain-signature.ts";
import { recordedSigner } from "./recorded-signer.ts";
import { relayedSigner, relayServices } from "./relayed-signer.ts";
import { type SignedInWallet, walletWithKey } from "./signed-in-wallet.ts";

/** What passes, so that a wallet repeats what it asked for. */
const PASSING = [
  ErrorReason.SIGNER_UNAVAILABLE,
  ErrorReason.SIGNER_STORE_UNAVAILABLE,
  ErrorReason.LEDGER_UNAVAILABLE,
  ErrorReason.SHUTTING_DOWN,
].map(reasonName);
const MAX_TRIES = 400;
const PAUSE_MS = 25;
const MAX_USES = 30;
/** Access tokens hold for some minutes. */
const RENEW_AFTER_MS = 60_000;

type Wallet = ThresholdWallet;
type FinalizeCall = ReturnType<Wallet["finalizeRequest"]>;

/** What came of a call: its answer, or why there is none; "LOST" when nobody said. */
async function tried<T>(
  call: () => Promise<T>,
): Promise<{ readonly answer: T } | { readonly refusal: string }> {
  try {
    return { answer: await call() };
  } catch (error) {
    const { reason } = errorFromConnect(error);
    return { refusal: reason === undefined ? "LOST" : reasonName(reason) };
  }
}

/**
 * A user who knows the client's share and means harm, and wallets of the same user that mean none. All that relays
 * answer them is in the history.
 */
export class Attacker {
  readonly history = new History();
  /** What wallets were refused, that repeated what they asked for, in sentences. */
  readonly blocked: string[] = [];
  signed = 0;
  readonly #random: () => number;
  readonly #addresses: string[] = [];
  readonly #services: ReturnType<typeof relayServices>[] = [];
  #user: SignedInWallet | undefined;
  #accessToken = "";
  #refreshToken = "";
  #renewedAt = 0;
  #token: Promise<string> | undefined;
  /** How many digests were authorised with each token. */
  readonly #uses = new Map<string, number>();
  #begun: GivenRequest[] = [];
  #finalized: FinalizeCall[] = [];

  constructor(random: () => number) {
    this.#random = random;
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
      this.#user = await this.#surely("first key", () => walletWithKey(address));
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

  /** One signature as a wallet makes it: it repeats what was lost, each time at any relay. */
  async signHonestly(): Promise<void> {
    const given = await this.#surely("authorize", () => this.#authorize());
    if (given === undefined) return;
    const round = await this.#surely("init", () => this.#wallet().init(given));
    if (round === undefined) return;
    const call = this.#wallet().finalizeRequest(round);
    const ended = await this.#surely("finalize", () => this.#wallet().client.signEd25519Finalize(call));
    if (ended === undefined) return;
    if (verifies(this.#wallet().keyId, given.digest, ended.response?.signature)) this.signed += 1;
    else this.blocked.push("a wallet was given a wrong signature");
  }

  /** Rivals for requests, runs and nonces, all at once. What becomes of them is for the history to say. */
  async attack(): Promise<void> {
    await Promise.all([this.#raceRuns(), this.#raceShares(), this.#burn()]);
  }

  /** After a kill: whatever was sent comes again, and each request is begun anew. */
  async goOn(): Promise<void> {
    const [begun, finalized] = [this.#begun, this.#finalized];
    this.#begun = [];
    this.#finalized = [];
    await Promise.all(finalized.map((call) => this.#finalize(call)));
    await Promise.all(begun.map((given) => this.#beginAndEnd(given)));
    await this.signHonestly();
    for (const [token, uses] of this.#uses) {
      if (uses > MAX_USES) this.blocked.push(`the session ${token.slice(0, 8)} was used ${uses} times`);
    }
  }

  /** Two runs of one request, each with commitments of its own, both ended. */
  async #raceRuns(): Promise<void> {
    const given = await this.#hostileRequest();
    if (given !== undefined) await Promise.all([this.#beginAndEnd(given), this.#beginAndEnd(given)]);
  }

  /** One run, ended by several at once, rightly and wrongly. */
  async #raceShares(): Promise<void> {
    const given = await this.#hostileRequest();
    const begun = given && (await tried(() => this.#wallet().init(given)));
    if (begun === undefined || !("answer" in begun)) return;
    const call = this.#wallet().finalizeRequest(begun.answer);
    await Promise.all([this.#finalize(call), this.#finalize(wrong(call)), this.#finalize(call)]);
  }

  /** A run that is burnt, and ended rightly then. */
  async #burn(): Promise<void> {
    const given = await this.#hostileRequest();
    const begun = given && (await tried(() => this.#wallet().init(given)));
    if (begun === undefined || !("answer" in begun)) return;
    const call = this.#wallet().finalizeRequest(begun.answer);
    await this.#finalize(wrong(call));
    await this.#finalize(call);
  }

  async #hostileRequest(): Promise<GivenRequest | undefined> {
    const given = await tried(() => this.#authorize());
    if (!("answer" in given)) return undefined;
    this.#begun.push(given.answer);
    return given.answer;
  }

  async #beginAndEnd(given: GivenRequest): Promise<void> {
    const begun = await tried(() => this.#wallet().init(given));
    if ("answer" in begun) await this.#finalize(this.#wallet().finalizeRequest(begun.answer));
  }

  async #finalize(call: FinalizeCall): Promise<void> {
    this.#finalized.push(call);
    await tried(() => this.#wallet().client.signEd25519Finalize(call));
  }

  /** Takes a use of the session; of a new one when there is none left. */
  async #authorize(): Promise<GivenRequest> {
    const wallet = this.#wallet();
    for (;;) {
      this.#token ??= this.#mint();
      const minting = this.#token;
      try {
        const token = await minting;
        const [given] = await wallet.authorize(delegate(wallet).payload, token);
        if (given === undefined) throw new Error("nothing was authorised");
        this.#uses.set(token, (this.#uses.get(token) ?? 0) + 1);
        return given;
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

  #mint(): Promise<string> {
    return this.#wallet().mint({ purposes: [2], maxUses: MAX_USES });
  }

  /** Sends until there is an answer. */
  async #surely<T>(what: string, call: () => Promise<T>): Promise<T | undefined> {
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

  /** The user's wallet at any relay. */
  #wallet(): Wallet {
    const services = this.#services[Math.floor(this.#random() * this.#services.length)];
    const wallet = this.#user?.wallet;
    if (services === undefined || wallet?.key === undefined) throw new Error("nobody has signed in yet");
    return wallet.at(recordedSigner(relayedSigner(services), this.history, wallet.key));
  }
}

function wrong(call: FinalizeCall): FinalizeCall {
  const clientSignatureShare = call.request.clientSignatureShare.slice();
  clientSignatureShare[0] = (clientSignatureShare[0] ?? 0) ^ 1;
  return { ...call, request: { ...call.request, clientSignatureShare } };
}

async function isSettledWell(promise: Promise<unknown>): Promise<boolean> {
  const [{ status } = { status: "rejected" }] = await Promise.allSettled([promise]);
  return status === "fulfilled";
}
