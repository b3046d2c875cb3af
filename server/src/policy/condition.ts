import {
  type CelEnv,
  CelScalar,
  celEnv,
  celFunc,
  celListConcat,
  isCelError,
  listType,
  parse,
  plan,
} from "@bufbuild/cel";
import { TookTooLongError, withinTime } from "./bounded-time.ts";
import { conditionDefect, sourceDefect } from "./condition-bounds.ts";
import { CONDITION_VARIABLES } from "./condition-variables.ts";
import type { Condition } from "./policy.ts";
import { hasFunction, withStrictHas } from "./strict-has.ts";

/** The expression cannot be used; the message is a sentence that says why. */
export class ConditionError extends Error {
  override readonly name = "ConditionError";
}

/** How long reading and evaluating may take, in milliseconds of the clock. They need well below 20 and 1. */
const PARSE_MS = 2_000;
const EVALUATE_MS = 50;
/** Largest string, in code units, largest bytes and longest list that an evaluation makes of smaller ones. */
const MAX_JOINED = 65_536;

const { BYTES, DYN, STRING } = CelScalar;
const LIST = listType(DYN);

/** Operators that the library evaluates itself. */
const OPERATORS: ReadonlySet<string> = new Set(["_&&_", "_||_", "_?_:_", "_[_]", "@not_strictly_false"]);

/**
 * The standard functions, of which `+` alone makes values larger than its inputs: doubled again and again, they would
 * take memory faster than a bound of time notices. `matches` is RE2 in JavaScript: linear in its text, and stopped.
 */
const env: CelEnv = celEnv({
  funcs: [
    hasFunction,
    celFunc("_+_", [STRING, STRING], STRING, (a, b) => {
      boundJoined(a.length + b.length);
      return a + b;
    }),
    celFunc("_+_", [BYTES, BYTES], BYTES, (a, b) => {
      boundJoined(a.length + b.length);
      return Buffer.concat([a, b]);
    }),
    celFunc("_+_", [LIST, LIST], LIST, (a, b) => {
      boundJoined(a.size + b.size);
      return celListConcat(a, b);
    }),
  ],
});

function boundJoined(size: number): void {
  if (size > MAX_JOINED) throw new RangeError("too large a value");
}

/** Reads a CEL expression over CONDITION_VARIABLES. Throws ConditionError. */
export function compileCondition(source: string): Condition {
  const unsafe = sourceDefect(source);
  if (unsafe !== undefined) throw new ConditionError(unsafe);
  let evaluate: ReturnType<typeof plan>;
  try {
    evaluate = withinTime(PARSE_MS, () => {
      const { expr } = parse(source);
      const defect = conditionDefect(expr, CONDITION_VARIABLES, isFunction);
      if (defect !== undefined) throw new ConditionError(defect);
      return plan(env, withStrictHas(expr));
    });
  } catch (error) {
    if (error instanceof ConditionError) throw error;
    const message = error instanceof TookTooLongError ? "it is too complex" : "it is not a CEL expression";
    throw new ConditionError(message, { cause: error });
  }
  return { source, holds: (variables) => verdict(evaluate, variables) };
}

function isFunction(name: string): boolean {
  return OPERATORS.has(name) || env.funcs.find(name) !== undefined;
}

/** Whatever goes wrong is a sentence: the caller then does not get what the condition was to guard. */
function verdict(
  evaluate: ReturnType<typeof plan>,
  variables: Parameters<Condition["holds"]>[0],
): boolean | string {
  try {
    // Without a prototype, whose names would be variables too.
    const bindings = Object.assign(Object.create(null), variables);
    const value = withinTime(EVALUATE_MS, () => evaluate(bindings));
    if (typeof value === "boolean") return value;
    return isCelError(value) ? "it cannot be evaluated for this delegate" : "it does not give true or false";
  } catch (error) {
    return error instanceof TookTooLongError
      ? `it takes more than ${EVALUATE_MS} ms for this delegate`
      : "it cannot be evaluated for this delegate";
  }
}
