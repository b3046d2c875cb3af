import { type Contract, stringArg, TGAS } from "./contract.ts";

const PREMIUM_DEPOSIT = 10_000_000_000_000_000_000_000n;

/** The guest book of NEAR's examples (near-examples/guest-book-examples): messages in order, premium from 0.01 NEAR. */
export const guestBook: Contract = {
  add_message: {
    view: false,
    gas: (24n * TGAS) / 10n,
    run(context) {
      const text = stringArg(context, "text");
      const total = Number(context.read("total") ?? "0");
      const message = { premium: context.deposit >= PREMIUM_DEPOSIT, sender: context.predecessorId, text };
      context.write(`message/${total}`, JSON.stringify(message));
      context.write("total", String(total + 1));
      return undefined;
    },
  },
  get_messages: {
    view: true,
    gas: 2n * TGAS,
    run(context) {
      const total = Number(context.read("total") ?? "0");
      const from = Number(context.args.from_index ?? 0);
      const to = Math.min(total, from + Number(context.args.limit ?? 10));
      const messages: unknown[] = [];
      for (let i = from; i < to; i++) messages.push(JSON.parse(context.read(`message/${i}`) ?? "null"));
      return messages;
    },
  },
  total_messages: {
    view: true,
    gas: TGAS,
    run: (context) => Number(context.read("total") ?? "0"),
  },
};
