import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { Purpose } from "@countersign/gen/countersign/threshold/v1/threshold_pb.ts";
import { errorFromConnect } from "@countersign/service-kit";
import { delegate } from "../../signer/threshold/support/payloads.ts";
import { type GivenRequest, ThresholdWallet } from "../../signer/threshold/support/threshold-wallet.ts";
import { History } from "./history.ts";
import { verifies } from "./plain-signature.ts";
import { recordedSigner } from "./recorded-signer.ts";
import { RelayedUser, tried } from "./relayed-user.ts";
import type { Rival } from "./rival.ts";

const MAX_USES = 30;
/** Of a request, as the wallet has it. */
const MAX_RUNS = 3;

type FinalizeCall = ReturnType<ThresholdWallet["finalizeRequest"]>;

/**
 * A user who knows the client's share and means harm, and wallets of the same user that mean none. All that relays
 * answer them is in the history.
 */
export class Attacker implements Rival {
  readonly wallets = 2;
  readonly history = new History();
  signed = 0;
  readonly #user: RelayedUser<ThresholdWallet>;
  readonly #wrong: string[] = [];
  #begun: GivenRequest[] = [];
  #finalized: FinalizeCall[] = [];

  constructor(random: () => number) {
    this.#user = new RelayedUser({
      newWallet: (client, options) => new ThresholdWallet(client, options),
      purposes: [Purpose.NEAR_DELEGATE],
      maxUses: MAX_USES,
      random,
    });
  }

  /** What wallets were refused, that repeated what they asked for, and what else went wrong with them, in sentences. */
  get blocked(): readonly string[] {
    return [...this.#user.blocked, ...this.#wrong, ...this.#user.overused()];
  }

  reach(place: number, address: string): void {
    this.#user.reach(place, address);
  }

  prepare(): Promise<void> {
    return this.#user.prepare();
  }

  /** One signature as a wallet makes it: it repeats what was lost, each time at any relay. */
  async signHonestly(): Promise<void> {
    const given = await this.#user.surely("authorize", () => this.#authorize());
    if (given === undefined) return;
    for (let runs = 1; ; runs++) {
      const round = await this.#user.surely("init", () => this.#wallet().init(given));
      if (round === undefined) return;
      const call = this.#wallet().finalizeRequest(round);
      const ended = await this.#user.surely("finalize", () => this.#end(call, runs === MAX_RUNS));
      if (ended === undefined) return;
      if (ended === "ended by another run") continue;
      if (verifies(this.#wallet().keyId, given.digest, ended.response?.signature)) this.signed += 1;
      else this.#wrong.push("a wallet was given a wrong signature");
      return;
    }
  }

  /** The answer, or that an attempt to begin which came late has ended the run. */
  async #end(call: FinalizeCall, isLast: boolean) {
    try {
      return await this.#wallet().client.signEd25519Finalize(call);
    } catch (error) {
      const { reason } = errorFromConnect(error);
      if (isLast || reason !== ErrorReason.SIGNING_SESSION_STALE) throw error;
      return "ended by another run";
    }
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
    await Promise.all(finalized.map((call) => this.#send(call)));
    await Promise.all(begun.map((given) => this.#beginAndEnd(given)));
    await this.signHonestly();
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
    await this.#send(call);
  }

  async #send(call: FinalizeCall): Promise<void> {
    await tried(() => this.#wallet().client.signEd25519Finalize(call));
  }

  #authorize(): Promise<GivenRequest> {
    const wallet = this.#wallet();
    return this.#user.useOf(async (token) => {
      const [given] = await wallet.authorize(delegate(wallet).payload, token);
      if (given === undefined) throw new Error("nothing was authorised");
      return given;
    });
  }

  /** The user's wallet at any relay. */
  #wallet(): ThresholdWallet {
    const wallet = this.#user.wallet();
    if (wallet.key === undefined) throw new Error("a wallet without a key");
    return wallet.at(recordedSigner(wallet.client, this.history, wallet.key));
  }
}

function wrong(call: FinalizeCall): FinalizeCall {
  const clientSignatureShare = call.request.clientSignatureShare.slice();
  clientSignatureShare[0] = (clientSignatureShare[0] ?? 0) ^ 1;
  return { ...call, request: { ...call.request, clientSignatureShare } };
}
