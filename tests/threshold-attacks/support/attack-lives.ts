import { setTimeout as delay } from "node:timers/promises";
import type { AttackGround } from "./attack-site.ts";
import { Child } from "./child.ts";
import type { Rival } from "./rival.ts";

/** A fault is armed for one of the first passings of its point, which a few rounds of calls are sure to have. */
const MAX_PASSING = 3;
const MAX_ROUNDS = 20;
/** Bounds of the random moments of kills from outside, in milliseconds. */
const MAX_RUNNING_MS = 40;
const MAX_STARTING_MS = 500;

type Kind = "relay" | "signer";

/** The relays and signers of a ground, one of which is killed again and again while a rival calls them. */
export class AttackLives {
  readonly #ground: AttackGround;
  readonly #rival: Rival;
  readonly #random: () => number;
  /** By kind and place. */
  readonly #children: Record<Kind, Child[]> = { relay: [], signer: [] };
  /** What ended that was not killed, in sentences. */
  readonly faults: string[] = [];

  constructor(ground: AttackGround, rival: Rival, random: () => number) {
    this.#ground = ground;
    this.#rival = rival;
    this.#random = random;
  }

  async start(): Promise<void> {
    for (const at of this.#ground.sites.keys()) await this.#start("signer", at);
    await Promise.all([...this.#ground.sites.keys()].map((at) => this.#start("relay", at)));
  }

  async stop(): Promise<void> {
    await Promise.all(Object.values(this.#children).flatMap((all) => all.map((child) => child.kill())));
  }

  /** One kill, one start, and what must go on then. */
  async killAt(point: string): Promise<void> {
    await this.#rival.prepare();
    const at = Math.floor(this.#random() * this.#ground.sites.length);
    const kind: Kind = point.startsWith("the relay") ? "relay" : "signer";
    const wallets: Promise<void>[] = [];
    if (point === "from outside, while it starts") await this.#killStarting(at);
    else await this.#killServing(kind, at, point, wallets);
    await this.#start(kind, at);
    await Promise.all(wallets);
    await this.#rival.goOn();
  }

  async #start(kind: Kind, at: number): Promise<void> {
    const address = await this.#spawn(kind, at).serves();
    if (kind === "relay") this.#rival.reach(at, address);
  }

  #spawn(kind: Kind, at: number): Child {
    const site = this.#ground.sites[at];
    if (site === undefined) throw new Error(`there is no site ${at}`);
    const child = new Child(this.#ground.programs[kind], site[kind], this.#ground.env);
    this.#children[kind][at] = child;
    return child;
  }

  async #killStarting(at: number): Promise<void> {
    await this.#child("signer", at).kill();
    const starting = this.#spawn("signer", at);
    await delay(this.#random() * MAX_STARTING_MS);
    await starting.kill();
  }

  /** Adds to `wallets` what ends only when the process that was killed is there again. */
  async #killServing(kind: Kind, at: number, point: string, wallets: Promise<void>[]): Promise<void> {
    const child = this.#child(kind, at);
    let isRunning = true;
    const ended = child.ended.then((how) => {
      isRunning = false;
      if (how !== "SIGKILL") this.faults.push(`a ${kind} ended by itself (${how})`);
    });
    if (point.endsWith("while calls run")) {
      void delay(this.#random() * MAX_RUNNING_MS).then(() => child.kill());
    } else {
      await child.arm({ point, passing: 1 + Math.floor(this.#random() * MAX_PASSING) });
    }
    for (let round = 0; isRunning; round++) {
      if (round === MAX_ROUNDS) throw new Error(`no call came to where it dies: ${point}`);
      const rival = this.#rival;
      const signing = Array.from({ length: rival.wallets }, () => rival.signHonestly());
      const calls = [...signing, rival.attack()];
      wallets.push(...calls);
      await Promise.race([ended, Promise.all(calls)]);
    }
  }

  #child(kind: Kind, at: number): Child {
    const child = this.#children[kind][at];
    if (child === undefined) throw new Error(`the ${kind} ${at} was not started`);
    return child;
  }
}
