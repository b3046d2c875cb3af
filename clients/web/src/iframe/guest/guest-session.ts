import { unlessAborted } from "../../clock.ts";
import type { ConnectedAccount, WalletProgress } from "../api.ts";
import { type EmbeddedWalletError, frameError } from "../embedded-wallet-error.ts";
import type { FramePort } from "../frame-port.ts";
import {
  ALIVE_MS,
  type GuestMessage,
  MAX_REQUEST_LENGTH,
  METHODS,
  type Method,
  PROTOCOL_VERSION,
  readMessage,
} from "../protocol.ts";
import { answerError } from "./answer-error.ts";
import { accountId, anyRecord } from "./fields.ts";
import type { GuestContext } from "./guest-context.ts";
import { prepareRequest, type SigningMethod } from "./prepare-request.ts";

/** A request in work. */
interface Work {
  readonly id: number;
  readonly signal: AbortSignal;
}

/** The requests that come through one port. What belongs to it is never answered through another. */
export class GuestSession {
  readonly #port: FramePort;
  readonly #origin: string;
  readonly #context: GuestContext;
  readonly #onEnd: () => void;
  readonly #working = new Map<number, AbortController>();
  #lastId = 0;
  #isOver = false;
  #alive: ReturnType<typeof setInterval> | undefined;

  /** @param origin whose requests these are, as the browser said it */
  constructor(port: FramePort, origin: string, context: GuestContext, onEnd: () => void) {
    this.#port = port;
    this.#origin = origin;
    this.#context = context;
    this.#onEnd = onEnd;
    port.receive((data) => this.#receive(data));
    port.ended(() => this.end());
    const { wallet, network } = context;
    const capabilities = { network, evm: "evm" in wallet };
    this.post({ type: "welcome", protocolVersion: PROTOCOL_VERSION, capabilities });
  }

  post(message: GuestMessage): void {
    if (!this.#isOver) this.#port.send(JSON.stringify(message));
  }

  /** Ends all that it works on. */
  end(): void {
    if (this.#isOver) return;
    this.post({ type: "closed" });
    this.#isOver = true;
    this.#port.close();
    clearInterval(this.#alive);
    for (const controller of this.#working.values()) controller.abort();
    this.#onEnd();
  }

  #receive(data: unknown): void {
    if (this.#isOver) return;
    const message = readMessage(data, MAX_REQUEST_LENGTH) ?? {};
    switch (message.type) {
      case "request":
        this.#begin(message);
        return;
      case "cancel":
        this.#working.get(message.id as number)?.abort();
        return;
      case "bye":
        this.end();
        return;
      default:
        this.#breakOff();
    }
  }

  /** Whoever speaks another language is not listened to any more. */
  #breakOff(): void {
    this.#context.onError(frameError("REQUEST_INVALID", "a message is none of the protocol"), this.#origin);
    this.end();
  }

  #begin({ id, method, params }: Readonly<Record<string, unknown>>): void {
    if (!isIdAfter(id, this.#lastId)) {
      this.#breakOff();
      return;
    }
    this.#lastId = id;
    if (!isMethod(method)) {
      this.#fail(id, frameError("UNSUPPORTED", "the wallet does not know this method"));
    } else {
      const controller = new AbortController();
      this.#working.set(id, controller);
      this.#alive ??= setInterval(() => this.post({ type: "alive" }), ALIVE_MS);
      void this.#work({ id, signal: controller.signal }, method, params);
    }
  }

  async #work(work: Work, method: Method, params: unknown): Promise<void> {
    const { id, signal } = work;
    let end = () => {};
    try {
      end = this.#context.patience.begin(this.#origin);
      const result = await this.#answer(work, method, params);
      this.post({ type: "answer", id, result: result ?? null });
    } catch (thrown) {
      this.#fail(id, answerError(thrown, signal));
    } finally {
      end();
      this.#working.delete(id);
      if (this.#working.size === 0) {
        clearInterval(this.#alive);
        this.#alive = undefined;
      }
    }
  }

  #fail(id: number, error: EmbeddedWalletError): void {
    const { reason, code, message } = error;
    this.post({ type: "error", id, reason, code, message });
    this.#context.onError(error, this.#origin);
  }

  async #answer(work: Work, method: Method, params: unknown): Promise<unknown> {
    switch (method) {
      case "connect":
        return this.#connect(work);
      case "disconnect":
        return this.#context.grants.forget(this.#origin);
      default:
        return this.#sign(work, method, params);
    }
  }

  async #connect(work: Work): Promise<readonly ConnectedAccount[]> {
    const { ui, grants, wallet, patience } = this.#context;
    const known = this.#granted();
    if (known.length > 0) return this.#accounts(known);
    const endTurn = await this.#turn(work);
    try {
      // Another request may have asked in the meantime.
      const sinceThen = this.#granted();
      if (sinceThen.length > 0) return this.#accounts(sinceThen);
      const chosen = await this.#ask(work, (context) => ui.connect(context));
      const userId = wallet.user?.id;
      if (userId === undefined) throw this.#declined("nobody is signed in to the wallet");
      const kept = grants.set(this.#origin, { userId, accounts: Array.isArray(chosen) ? chosen : [] });
      if (kept.length === 0) throw this.#declined("the user let this application see no account");
      patience.agreed(this.#origin);
      return this.#accounts(kept);
    } finally {
      endTurn();
    }
  }

  /** What the user who is signed in lets this application see, of what the wallet has keys for. */
  #granted(): readonly string[] {
    const { wallet, grants } = this.#context;
    const grant = grants.get(this.#origin);
    if (grant === undefined || grant.userId !== wallet.user?.id) return [];
    return this.#accounts(grant.accounts)
      .filter(({ publicKey, evmAddress }) => publicKey !== undefined || evmAddress !== undefined)
      .map(({ accountId }) => accountId);
  }

  #accounts(accountIds: readonly string[]): readonly ConnectedAccount[] {
    const { wallet } = this.#context;
    return accountIds.map((accountId) => {
      const publicKey = wallet.key(accountId)?.keyId;
      const evmAddress = "evm" in wallet ? wallet.evm.account(accountId)?.address : undefined;
      return {
        accountId,
        ...(publicKey === undefined ? {} : { publicKey }),
        ...(evmAddress === undefined ? {} : { evmAddress }),
      };
    });
  }

  async #sign(work: Work, method: SigningMethod, params: unknown): Promise<unknown> {
    const { ui, patience } = this.#context;
    const account = accountId(anyRecord(params, "params").accountId, "params.accountId");
    // Nobody's request is read, and no user bothered, on behalf of whom they do not know.
    this.#assertMayAsk(account);
    const { decoded, run } = prepareRequest(method, params, this.#context, this.#origin);
    const endTurn = await this.#turn(work);
    try {
      this.#assertMayAsk(account);
      const isAgreed = await this.#ask(work, (context) => ui.confirm(decoded, context));
      if (isAgreed !== true) throw this.#declined("the user declined");
      patience.agreed(this.#origin);
      // Asked, they may have signed in as somebody else.
      if (!this.#granted().includes(account)) throw notConnected();
      const { signal } = work;
      this.#progress(work, { stage: "signing" });
      const onRelaying = (submissionId: string, state: string) => {
        endTurn();
        this.#progress(work, { stage: "relaying", submissionId, state });
      };
      return await run({ signal, onRelaying });
    } finally {
      endTurn();
    }
  }

  /** Where nobody is signed in, the wallet's screens may ask whoever let the application see the account to do so again. */
  #assertMayAsk(account: string): void {
    const { wallet, grants } = this.#context;
    const known = wallet.user === undefined ? grants.get(this.#origin)?.accounts : this.#granted();
    if (!known?.includes(account)) throw notConnected();
  }

  #declined(message: string): EmbeddedWalletError {
    this.#context.patience.declined(this.#origin);
    return frameError("DECLINED", message);
  }

  /** The user's attention, with the frame shown, until the turn is ended. */
  async #turn(work: Work): Promise<() => void> {
    const { turns, patience } = this.#context;
    const signal = AbortSignal.any([work.signal, patience.waiting(this.#origin)]);
    const release = await turns.take(this, signal, () => this.#progress(work, { stage: "queued" }));
    this.post({ type: "frame", visible: true });
    let isOver = false;
    return () => {
      if (isOver) return;
      isOver = true;
      if (turns.next !== this) this.post({ type: "frame", visible: false });
      release();
    };
  }

  /** Asks the user, until they answer or the application gives up. */
  async #ask<T>(
    work: Work,
    question: (context: { origin: string; signal: AbortSignal }) => Promise<T>,
  ): Promise<T> {
    const { signal } = work;
    signal.throwIfAborted();
    this.#progress(work, { stage: "confirming" });
    const answer = (async () => question({ origin: this.#origin, signal }))();
    return unlessAborted(
      answer.catch((cause) => {
        throw frameError("DECLINED", "the wallet could not ask the user", { cause });
      }),
      signal,
    );
  }

  #progress({ id }: Work, progress: WalletProgress): void {
    this.post({ type: "progress", id, progress });
  }
}

function notConnected(): EmbeddedWalletError {
  return frameError("NOT_CONNECTED", "the user has not let this application see the account");
}

function isIdAfter(id: unknown, last: number): id is number {
  return Number.isSafeInteger(id) && (id as number) > last;
}

function isMethod(name: unknown): name is Method {
  return METHODS.some((known) => known === name);
}
