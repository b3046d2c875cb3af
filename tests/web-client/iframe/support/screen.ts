import type {
  DecodedRequest,
  EmbeddedWalletUi,
  RequestContext,
} from "../../../../clients/web/src/iframe/guest-api.ts";

/** Something that the wallet's user looks at. */
interface Question extends RequestContext {
  /** Undefined for the question which accounts may be seen. */
  readonly request: DecodedRequest | undefined;
  /** What the user says; of an Error, the screen breaks. */
  answer(answer: boolean | readonly string[] | Error): void;
}

/** The screens of a wallet, with a user who answers when the test says so. */
export interface Screen {
  readonly ui: EmbeddedWalletUi;
  /** The question that comes next, or has come and was not taken yet. */
  next(): Promise<Question>;
  /** How many were asked in all. */
  readonly count: number;
  /** How many wait for an answer and were not given up. */
  readonly open: number;
}

export function screen(): Screen {
  const asked: Question[] = [];
  const waiting: ((question: Question) => void)[] = [];
  const open = new Set<Pick<RequestContext, "signal">>();
  let count = 0;
  const ask = <T>(request: DecodedRequest | undefined, context: RequestContext): Promise<T> => {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const unanswered = { signal: context.signal };
    open.add(unanswered);
    const answer = (value: unknown) => {
      open.delete(unanswered);
      if (value instanceof Error) reject(value);
      else resolve(value as T);
    };
    const question = { ...context, request, answer };
    count++;
    const taker = waiting.shift();
    if (taker === undefined) asked.push(question);
    else taker(question);
    return promise;
  };
  return {
    ui: {
      connect: (context) => ask(undefined, context),
      confirm: (request, context) => ask(request, context),
    },
    next() {
      const first = asked.shift();
      return first === undefined ? new Promise((resolve) => waiting.push(resolve)) : Promise.resolve(first);
    },
    get count() {
      return count;
    },
    get open() {
      return [...open].filter(({ signal }) => !signal.aborted).length;
    },
  };
}
