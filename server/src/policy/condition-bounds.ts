import type { parse } from "@bufbuild/cel";

type Expr = NonNullable<ReturnType<typeof parse>["expr"]>;

/** Longest source, in UTF-16 code units. */
const MAX_SOURCE = 1_024;
/** Bounds of an expression, in nodes of its tree with macros expanded. */
const MAX_NODES = 500;
const MAX_DEPTH = 64;
const TOO_DEEP = `it is nested more than ${MAX_DEPTH} deep`;
/** Each all, exists, exists_one, map and filter is one comprehension, and runs over a list or a map. */
const MAX_COMPREHENSIONS = 3;

/**
 * Why a source cannot be parsed safely, as a sentence, or undefined. The parser calls itself for each bracket, and where
 * its stack ends would depend on who calls it; brackets within strings count too.
 */
export function sourceDefect(source: string): string | undefined {
  if (source.length > MAX_SOURCE) return `it has more than ${MAX_SOURCE} characters`;
  let depth = 0;
  for (const character of source) {
    if ("([{".includes(character)) depth++;
    else if (")]}".includes(character)) depth = Math.max(0, depth - 1);
    if (depth > MAX_DEPTH) return TOO_DEEP;
  }
  return undefined;
}

/** Names of types, which stand for themselves: `type(x) == int`. */
const TYPES = [
  "bool",
  "bytes",
  "double",
  "int",
  "list",
  "map",
  "null_type",
  "string",
  "type",
  "uint",
] as const;

/** The names that a place in the tree sees, and whether that place is repeated by a comprehension. */
interface Place {
  readonly names: ReadonlySet<string>;
  readonly depth: number;
  readonly repeated: boolean;
}

/**
 * Why an expression cannot be used whatever it is asked about, as a sentence, or undefined: it is too large, or names
 * what is not among `variables`. Bounds the steps of its evaluation to a polynomial of the input: no comprehension
 * stands in what another one repeats.
 */
export function conditionDefect(
  root: Expr | undefined,
  variables: readonly string[],
  isFunction: (name: string) => boolean,
): string | undefined {
  let nodes = 0;
  let comprehensions = 0;

  const defectOf = (expr: Expr | undefined, place: Place): string | undefined => {
    if (expr === undefined) return undefined;
    nodes++;
    if (nodes > MAX_NODES) return `it has more than ${MAX_NODES} parts`;
    if (place.depth > MAX_DEPTH) return TOO_DEEP;
    const inside = { ...place, depth: place.depth + 1 };
    const first = (exprs: readonly (Expr | undefined)[], where: Place = inside) => {
      for (const child of exprs) {
        const defect = defectOf(child, where);
        if (defect !== undefined) return defect;
      }
      return undefined;
    };
    const { exprKind } = expr;
    switch (exprKind.case) {
      case "identExpr":
        return place.names.has(exprKind.value.name)
          ? undefined
          : `it names ${exprKind.value.name}, which is unknown`;
      case "selectExpr":
        return first([exprKind.value.operand]);
      case "callExpr": {
        const { function: name, target, args } = exprKind.value;
        return isFunction(name) ? first([target, ...args]) : `it calls ${name}, which is unknown`;
      }
      case "listExpr":
        return first(exprKind.value.elements);
      case "structExpr": {
        const { messageName, entries } = exprKind.value;
        if (messageName !== "") return `it makes a message ${messageName}`;
        return first(
          entries.flatMap(({ keyKind, value }) => [
            keyKind.case === "mapKey" ? keyKind.value : undefined,
            value,
          ]),
        );
      }
      case "comprehensionExpr": {
        comprehensions++;
        if (comprehensions > MAX_COMPREHENSIONS)
          return `it has more than ${MAX_COMPREHENSIONS} of all, exists, map and filter`;
        if (place.repeated) return "it has one of all, exists, map and filter inside of another";
        const { iterRange, accuInit, iterVar, iterVar2, accuVar, loopCondition, loopStep, result } =
          exprKind.value;
        const names = new Set([...place.names, iterVar, iterVar2, accuVar]);
        return (
          first([iterRange, accuInit]) ??
          first([loopCondition, loopStep], { ...inside, names, repeated: true }) ??
          first([result], { ...inside, names })
        );
      }
      default:
        return undefined;
    }
  };
  return defectOf(root, { names: new Set([...variables, ...TYPES]), depth: 0, repeated: false });
}
