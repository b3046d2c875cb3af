import type { EmbeddedCall } from "../api.ts";
import { EmbeddedWalletError, frameError } from "../embedded-wallet-error.ts";
import type { FramePort } from "../frame-port.ts";
import {
  type GuestMessage,
  type HostMessage,
  MAX_ANSWER_LENGTH,
  MAX_REQUEST_LENGTH,
  type Method,
  readMessage,
} from "../protocol.ts";
import { hangUp } from "./handshake.ts";

interface Waiting {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: EmbeddedWalletError) => void;
  readonly onProgress: EmbeddedCall["onProgress"];
}

/** What the wallet asks of its frame. */
export interface FrameAsks {
  show(isVisible: boolean): void;
  resize(height: number): void;
}

/** The requests of an application to its wallet. */
export class WalletPort {
  /** Settles with CLOSED. */
  readonly closed: Promise<EmbeddedWalletError>;
  readonly #port: FramePort;
  readonly #frame: FrameAsks;
  readonly #silenceMs: number;
  readonly #waiting = new Map<number, Waiting>();
  readonly #close: (error: EmbeddedWalletError) => void;
  #lastId = 0;
  #isClosed = false;
  #silence: ReturnType<typeof setTimeout> | undefined;

  /** @param silenceMs without a word from the wallet, after which all that wait fail with TIMEOUT */
  constructor(port: FramePort, frame: FrameAsks, silenceMs: number) {
    this.#port = port;
    this.#frame = frame;
    this.#silenceMs = silenceMs;
    const { promise, resolve } = Promise.withResolvers<EmbeddedWalletError>();
    this.closed = promise;
    this.#close = resolve;
    port.receive((data) => this.#receive(data));
    // Where browsers have the event, a frame that was removed is known at once, and else by its silence.
    port.ended(() => this.close("the wallet's page went away"));
  }

  /** Rejects with EmbeddedWalletError. */
  request(method: Method, params: object, { signal, onProgress }: EmbeddedCall = {}): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (this.#isClosed) return reject(frameError("CLOSED", "the wallet is closed"));
      const cancelled = () => frameError("CANCELLED", "cancelled", { cause: signal?.reason });
      if (signal?.aborted) return reject(cancelled());
      const id = ++this.#lastId;
      const text = textOf({ type: "request", id, method, params });
      if (text === undefined) {
        return reject(frameError("REQUEST_INVALID", "the request is too large, or not plain data"));
      }
      const cancel = () => {
        this.#post({ type: "cancel", id });
        this.#take(id)?.reject(cancelled());
      };
      const settled = () => signal?.removeEventListener("abort", cancel);
      signal?.addEventListener("abort", cancel);
      this.#waiting.set(id, {
        resolve: (result) => {
          settled();
          resolve(result);
        },
        reject: (error) => {
          settled();
          reject(error);
        },
        onProgress,
      });
      if (this.#waiting.size === 1) this.#listen();
      this.#port.send(text);
    });
  }

  /** Ends all requests with CLOSED. */
  close(why: string): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearTimeout(this.#silence);
    hangUp(this.#port);
    const error = frameError("CLOSED", why);
    for (const id of [...this.#waiting.keys()]) this.#take(id)?.reject(error);
    this.#close(error);
  }

  #receive(data: unknown): void {
    const message = readMessage(data, MAX_ANSWER_LENGTH) as GuestMessage | undefined;
    if (message === undefined || this.#isClosed) return;
    this.#listen();
    switch (message.type) {
      case "answer":
        this.#take(message.id)?.resolve(message.result);
        return;
      case "error": {
        const { reason, code, message: text } = message;
        this.#take(message.id)?.reject(new EmbeddedWalletError(String(reason), String(code), String(text)));
        return;
      }
      case "progress":
        this.#waiting.get(message.id)?.onProgress?.(message.progress);
        return;
      case "frame":
        this.#frame.show(message.visible === true);
        return;
      case "size":
        if (Number.isFinite(message.height) && message.height >= 0) this.#frame.resize(message.height);
        return;
      case "closed":
        this.close("the wallet closed the connection");
    }
  }

  #take(id: number): Waiting | undefined {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    this.#listen();
    return waiting;
  }

  /** Begins to wait for the wallet's next word, if one is due. */
  #listen(): void {
    clearTimeout(this.#silence);
    if (this.#waiting.size === 0 || this.#isClosed) return;
    this.#silence = setTimeout(() => this.#giveUp(), this.#silenceMs);
  }

  #giveUp(): void {
    for (const id of [...this.#waiting.keys()]) {
      this.#post({ type: "cancel", id });
      this.#take(id)?.reject(frameError("TIMEOUT", "the wallet does not answer any more"));
    }
    this.#frame.show(false);
  }

  #post(message: HostMessage): void {
    this.#port.send(JSON.stringify(message));
  }
}

/** Undefined for what JSON cannot say, or is longer than the wallet reads. */
function textOf(message: HostMessage): string | undefined {
  try {
    const text = JSON.stringify(message);
    return text.length > MAX_REQUEST_LENGTH ? undefined : text;
  } catch {
    return undefined;
  }
}
