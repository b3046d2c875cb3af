import { setTimeout as delay } from "node:timers/promises";
import type { Call, CrashRelay, Outcome } from "./crash-relay.ts";
import { type CrashWorld, recordsOf } from "./crash-world.ts";
import { nonceOf, type Payload } from "./history.ts";
import type { FaultPoint } from "./plan.ts";
import { SignerProcess } from "./signer-process.ts";

/** A call that had no answer, or a refusal that passes, is sent again so often: each try has its own time limits. */
const MAX_TRIES = 5;
const PASSING: readonly Outcome[] = ["LOST", "SIGNER_STORE_UNAVAILABLE", "SIGNER_BACKEND_UNAVAILABLE"];
/** A fault is armed for one of the first passings of its point, which a few rounds of calls are sure to have. */
const MAX_PASSING = 3;
const MAX_ROUNDS = 20;
/** Bounds of the random moments of kills from outside, in milliseconds. */
const MAX_RUNNING_MS = 25;
const MAX_STARTING_MS = 500;

/** The signers of a world, one of which is killed again and again while a relay asks for signatures. */
export class Lives {
  readonly #world: CrashWorld;
  readonly #relay: CrashRelay;
  readonly #random: () => number;
  /** By their place among the world's sites. */
  readonly #signers: SignerProcess[] = [];
  /** What was asked for in the life that ended: the payloads of each nonce, and the calls. */
  #asked: Payload[][] = [];
  #sent: { readonly call: Call; readonly outcomes: readonly Outcome[] }[] = [];
  #old: Payload | undefined;
  #lives = 0;
  /** What did not go on after a kill, in sentences. */
  readonly blocked: string[] = [];

  constructor(world: CrashWorld, relay: CrashRelay, random: () => number) {
    this.#world = world;
    this.#relay = relay;
    this.#random = random;
  }

  async start(): Promise<void> {
    await this.#start(0);
    await this.#world.enterKeys();
    for (const at of this.#world.sites.keys()) if (at > 0) await this.#start(at);
  }

  async stop(): Promise<void> {
    await Promise.all(this.#signers.map((signer) => signer.kill()));
  }

  /** One kill, one start, and what must go on then. Gives how many nonces were asked for in the life that ended. */
  async killAt(point: FaultPoint): Promise<number> {
    const victim = Math.floor(this.#random() * this.#signers.length);
    if (point === "from outside, while it starts") await this.#killStarting(victim);
    else await this.#killServing(victim, point);
    await this.#start(victim);
    const nonces = this.#asked.length;
    await this.#goOn();
    return nonces;
  }

  async #start(at: number): Promise<void> {
    await this.#spawn(at).serves();
  }

  #spawn(at: number): SignerProcess {
    const site = this.#world.sites[at];
    if (site === undefined) throw new Error(`there is no signer ${at}`);
    const signer = new SignerProcess(this.#world.program, site.plan, site.folder, this.#world.env);
    this.#signers[at] = signer;
    return signer;
  }

  async #killStarting(victim: number): Promise<void> {
    await this.#signer(victim).kill();
    const starting = this.#spawn(victim);
    await delay(this.#random() * MAX_STARTING_MS);
    await starting.kill();
  }

  async #killServing(victim: number, point: FaultPoint): Promise<void> {
    const signer = this.#signer(victim);
    let isRunning = true;
    const ended = signer.ended.then((how) => {
      isRunning = false;
      if (how !== "SIGKILL") this.blocked.push(`a signer ended by itself (${how})`);
    });
    if (point === "from outside, while calls run") {
      void delay(this.#random() * MAX_RUNNING_MS).then(() => signer.kill());
    } else {
      await signer.arm({ point, passing: 1 + Math.floor(this.#random() * MAX_PASSING) });
    }
    for (let round = 0; isRunning; round++) {
      if (round === MAX_ROUNDS) throw new Error(`no call came to where it dies: ${point}`);
      const outcomes = await Promise.all(
        this.#round().map((call, i) => this.#send(call, i + victim, victim)),
      );
      // Its calls fail a little before its end is known.
      if (outcomes.flat().includes("LOST")) await ended;
    }
  }

  /** Calls that run at the same time: rivals for a nonce, one payload twice, several payloads, and an old one. */
  #round(): Call[] {
    const relay = this.#relay;
    const [a, b, c, d] = [this.#fresh(), this.#fresh(), this.#fresh(), this.#fresh()];
    const [rivalOfA, rivalOfC] = [relay.rival(a), relay.rival(c)];
    this.#asked.push([a, rivalOfA], [b], [c, rivalOfC], [d]);
    const calls = [
      relay.call(a),
      relay.call(rivalOfA),
      relay.call(b),
      relay.call(b),
      relay.call(d, c, rivalOfC),
    ];
    if (this.#old !== undefined) calls.push(relay.call(this.#old));
    this.#old = b;
    return this.#shuffled(calls);
  }

  /** Whoever is not killed must answer. */
  async #send(call: Call, turn: number, victim: number): Promise<readonly Outcome[]> {
    const at = turn % this.#signers.length;
    const outcomes = await this.#relay.send(this.#signer(at).client, call);
    this.#sent.push({ call, outcomes });
    if (at === victim || !outcomes.includes("LOST")) return outcomes;
    this.blocked.push("the other signer gave no answer");
    return [];
  }

  /**
   * After a kill: what was sent comes again, every nonce must get its signature, and a fresh one of each key too. In
   * most lives a payload that nobody signed comes first, for every nonce that another payload was signed for.
   */
  async #goOn(): Promise<void> {
    this.#lives += 1;
    const isHostile = this.#lives % 3 !== 0;
    const signed = new Set(recordsOf(this.#world).signings.map(({ hash }) => hash));
    const lost = this.#sent.filter(({ outcomes }) => outcomes.includes("LOST"));
    const fresh = [...this.#world.keys.keys()].map((keyId) => this.#relay.fresh(keyId));
    const nonces = [...this.#asked, ...fresh.map((payload) => [payload])].map((payloads) => {
      const [payload] = payloads;
      const all = isHostile && payload !== undefined ? [...payloads, this.#relay.rival(payload)] : payloads;
      const shuffled = this.#shuffled(all);
      return isHostile
        ? shuffled.sort((a, b) => Number(signed.has(a.hash)) - Number(signed.has(b.hash)))
        : shuffled;
    });
    this.#asked = [];
    this.#sent = [];
    const replay = () => Promise.all(lost.map(({ call }) => this.#replay(call)));
    if (!isHostile) await replay();
    await Promise.all(nonces.map((payloads) => this.#decide(payloads)));
    if (isHostile) await replay();
  }

  /** A call that was recorded: whatever came of it before, its grants are good for one time. */
  async #replay(call: Call): Promise<void> {
    await this.#surely(call);
    const again = await this.#surely(call);
    const other = again.find((outcome) => outcome !== "SIGNER_GRANT_USED");
    if (other !== undefined) this.blocked.push(`a grant that was used is answered with ${other}`);
  }

  /** Asks for one payload after the other: one of them gets the nonce, and the same signature each time. */
  async #decide(rivals: readonly Payload[]): Promise<void> {
    const signed: Payload[] = [];
    for (const payload of rivals) {
      const [outcome] = await this.#surely(() => this.#relay.call(payload));
      if (outcome === "SIGNED") signed.push(payload);
      else if (outcome !== "SIGNER_NONCE_CONFLICT") this.blocked.push(`${nonceOf(payload)}: ${outcome}`);
    }
    const [winner] = signed;
    if (winner === undefined) {
      this.blocked.push(`no payload gets ${rivals.map(nonceOf)[0]}`);
      return;
    }
    const [again] = await this.#surely(() => this.#relay.call(winner));
    if (again !== "SIGNED") this.blocked.push(`${nonceOf(winner)} was signed, and is answered with ${again}`);
  }

  /** Sends until there is an answer that lasts; without one, the last outcomes. */
  async #surely(call: Call | (() => Call)): Promise<Outcome[]> {
    for (let tries = 1; ; tries++) {
      const at = Math.floor(this.#random() * this.#signers.length);
      const outcomes = await this.#relay.send(
        this.#signer(at).client,
        typeof call === "function" ? call() : call,
      );
      if (tries === MAX_TRIES || !outcomes.some((outcome) => PASSING.includes(outcome))) return outcomes;
    }
  }

  #fresh(): Payload {
    const keyIds = [...this.#world.keys.keys()];
    return this.#relay.fresh(keyIds[Math.floor(this.#random() * keyIds.length)] ?? "");
  }

  #signer(at: number): SignerProcess {
    const signer = this.#signers[at];
    if (signer === undefined) throw new Error(`the signer ${at} was not started`);
    return signer;
  }

  #shuffled<T>(items: readonly T[]): T[] {
    const ranked = items.map((item) => ({ item, rank: this.#random() }));
    return ranked.sort((a, b) => a.rank - b.rank).map(({ item }) => item);
  }
}
