import { randomBytes } from "node:crypto";
import type { Presignature } from "@countersign/crypto/ot-ecdsa/presign-run.ts";
import { Purpose } from "@countersign/gen/countersign/threshold/v1/threshold_pb.ts";
import type { GivenRequest } from "../../signer/threshold/support/threshold-wallet.ts";
import { type BegunEcdsa, EcdsaWallet } from "../../signer/threshold-ecdsa/support/ecdsa-client.ts";
import { evmMessage } from "../../signer/threshold-ecdsa/support/evm-payloads.ts";
import { PASSING, RelayedUser, tried } from "../../threshold-attacks/support/relayed-user.ts";
import type { Rival } from "../../threshold-attacks/support/rival.ts";
import { EcdsaHistory, ecdsaViolations } from "./ecdsa-history.ts";
import { type FlightCall, reordered, withBytesChanged } from "./flights.ts";
import { recordedEcdsaSigner } from "./recorded-ecdsa-signer.ts";

const MAX_USES = 30;
/** What a step of a presign session that was burnt is told. */
const BURNT = ["PRESIGN_ABORTED", "PRESIGN_SESSION_INVALID"];

type FinalizeCall = ReturnType<EcdsaWallet["ecdsaFinalizeRequest"]>;
/** What a signature is begun with. */
interface Wish {
  readonly given: GivenRequest;
  readonly presignature: Presignature;
}

const entropy = () => new Uint8Array(randomBytes(32));

/**
 * A user who knows the client's share and means harm, and wallets of the same user that mean none. All that relays
 * answer them is in the history.
 */
export class EcdsaAttacker implements Rival {
  readonly wallets = 1;
  readonly history = new EcdsaHistory();
  signed = 0;
  readonly #user: RelayedUser<EcdsaWallet>;
  readonly #wrong: string[] = [];
  readonly #random: () => number;
  #wishes: Wish[] = [];
  #finalized: FinalizeCall[] = [];
  #flights: FlightCall[] = [];

  constructor(random: () => number) {
    this.#random = random;
    this.#user = new RelayedUser({
      newWallet: (client, options) => new EcdsaWallet(client, options),
      purposes: [Purpose.EVM_MESSAGE],
      maxUses: MAX_USES,
      random,
    });
  }

  /** What must never be, in sentences: of the history, and of wallets that were refused what they repeated. */
  get violations(): string[] {
    const wallet = this.#wallet();
    const ofHistory = ecdsaViolations(this.history, (begun, message) => wallet.combine(begun, message));
    return [...ofHistory, ...new Set([...this.#user.blocked, ...this.#wrong]), ...this.#user.overused()];
  }

  reach(place: number, address: string): void {
    this.#user.reach(place, address);
  }

  prepare(): Promise<void> {
    return this.#user.prepare();
  }

  /** One signature as a wallet makes it, with a new presignature: it repeats what was lost, each time at any relay. */
  async signHonestly(): Promise<void> {
    const presignature = await this.#presign();
    const given = await this.#user.surely("authorize", () => this.#authorize());
    if (presignature === undefined || given === undefined) return;
    const own = entropy();
    const begun = await this.#user.surely("init", () => this.#wallet().beginEcdsa(given, presignature, own));
    if (begun === undefined) return;
    const call = this.#wallet().ecdsaFinalizeRequest(begun);
    const ended = await this.#user.surely("finalize", () => this.#wallet().client.signEcdsaFinalize(call));
    if (ended === undefined) return;
    this.#wallet().combine(begun, ended.response?.message?.data ?? new Uint8Array());
    this.signed += 1;
  }

  /** Rivals for presignatures, requests and steps, all at once. What becomes of them is for the history to say. */
  async attack(): Promise<void> {
    const races = [
      () => this.#racePresignature(),
      () => this.#raceEntropy(),
      () => this.#raceFinalizes(),
    ] as const;
    const race = races[Math.floor(this.#random() * races.length)] ?? races[0];
    await Promise.all([race(), this.#burnPresign()]);
  }

  /** After a kill: whatever was sent comes again, and each request is begun anew with the same presignature. */
  async goOn(): Promise<void> {
    const [wishes, finalized, flights] = [this.#wishes, this.#finalized, this.#flights];
    this.#wishes = [];
    this.#finalized = [];
    this.#flights = [];
    await Promise.all(finalized.map((call) => this.#send(call)));
    await Promise.all(
      wishes.map(({ given, presignature }) =>
        this.#end(() => this.#wallet().beginEcdsa(given, presignature)),
      ),
    );
    for (const call of flights) {
      const outcome = await tried(() => this.#wallet().client.presignStep(call));
      const how = "answer" in outcome ? "answered" : outcome.refusal;
      if (![...BURNT, ...PASSING, "LOST"].includes(how)) this.#wrong.push(`a burnt presign session: ${how}`);
    }
    await this.signHonestly();
  }

  /** One presignature for two requests, each of them ended. */
  async #racePresignature(): Promise<void> {
    const [presignature, one, two] = await this.#hostile(2);
    if (presignature === undefined || one === undefined || two === undefined) return;
    await Promise.all([one, two].map((given) => this.#beginAndEnd({ given, presignature })));
  }

  /** One presignature and request with entropy of two kinds, each of them ended. */
  async #raceEntropy(): Promise<void> {
    const [presignature, given] = await this.#hostile(1);
    if (presignature === undefined || given === undefined) return;
    await Promise.all([1, 2].map(() => this.#beginAndEnd({ given, presignature })));
  }

  /** One signing, ended by several at once: with its own entropy, another's, and for another digest. */
  async #raceFinalizes(): Promise<void> {
    const [presignature, given] = await this.#hostile(1);
    if (presignature === undefined || given === undefined) return;
    const begun = await tried(() => this.#begin({ given, presignature }));
    if (!("answer" in begun)) return;
    const call = this.#wallet().ecdsaFinalizeRequest(begun.answer);
    const other = { ...call, request: { ...call.request, clientEntropy: entropy() } };
    const foreign = { ...call, request: { ...call.request, digest: entropy() } };
    await Promise.all([call, other, call, foreign, call].map((one) => this.#finalize(one)));
  }

  /** A presignature whose second step comes with two flights at once, so that it is burnt; then as it should have been. */
  async #burnPresign(): Promise<void> {
    const begun = await tried(() => this.#user.withToken((token) => this.#wallet().beginPresign(token)));
    if (!("answer" in begun)) return;
    const right = this.#wallet().presignStepRequest(begun.answer);
    const calls = [right, reordered(right), withBytesChanged(right)];
    const outcomes = await Promise.all(
      calls.map((call) => tried(() => this.#wallet().client.presignStep(call))),
    );
    if (outcomes.filter((outcome) => "answer" in outcome).length > 1) {
      this.#wrong.push("a step was answered for two flights");
    }
    // What was lost may have been the only one that came.
    const again = await tried(() => this.#wallet().client.presignStep(withBytesChanged(right)));
    if ("answer" in again) this.#wrong.push("a step was answered for a flight that does not hold");
    if ("refusal" in again && BURNT.includes(again.refusal)) this.#flights.push(right);
  }

  /** A presignature and requests for it, as many as there could be had. */
  async #hostile(count: 1 | 2): Promise<[Presignature | undefined, ...GivenRequest[]]> {
    const presignature = await this.#presign();
    const given = await Promise.all(Array.from({ length: count }, () => tried(() => this.#authorize())));
    return [presignature, ...given.flatMap((one) => ("answer" in one ? [one.answer] : []))];
  }

  /** A new presignature, which both sides have. */
  async #presign(): Promise<Presignature | undefined> {
    const begun = await this.#user.surely("presign init", () =>
      this.#user.withToken((token) => this.#wallet().beginPresign(token)),
    );
    while (begun !== undefined && begun.presignature === undefined) {
      const isAnswered = await this.#user.surely("presign step", async () => {
        await this.#wallet().stepPresign(begun);
        return true;
      });
      if (isAnswered === undefined) return undefined;
    }
    const presignature = begun?.presignature;
    if (presignature !== undefined) {
      this.history.halves.set(Buffer.from(presignature.id).toString("hex"), presignature);
    }
    return presignature;
  }

  async #begin(wish: Wish): Promise<BegunEcdsa> {
    this.#wishes.push(wish);
    return this.#wallet().beginEcdsa(wish.given, wish.presignature);
  }

  async #beginAndEnd(wish: Wish): Promise<void> {
    await this.#end(() => this.#begin(wish));
  }

  async #end(begin: () => Promise<BegunEcdsa>): Promise<void> {
    const begun = await tried(begin);
    if ("answer" in begun) await this.#finalize(this.#wallet().ecdsaFinalizeRequest(begun.answer));
  }

  async #finalize(call: FinalizeCall): Promise<void> {
    this.#finalized.push(call);
    await this.#send(call);
  }

  async #send(call: FinalizeCall): Promise<void> {
    await tried(() => this.#wallet().client.signEcdsaFinalize(call));
  }

  #authorize(): Promise<GivenRequest> {
    return this.#user.useOf(async (token) => {
      const [given] = await this.#wallet().authorizeEcdsa(evmMessage().payload, token);
      if (given === undefined) throw new Error("nothing was authorised");
      return given;
    });
  }

  /** The user's wallet at any relay. */
  #wallet(): EcdsaWallet {
    const wallet = this.#user.wallet();
    return wallet.at(recordedEcdsaSigner(wallet.client, this.history));
  }
}
