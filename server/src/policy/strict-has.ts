import { CelScalar, celFunc, mapType, parse } from "@bufbuild/cel";

type Expr = NonNullable<ReturnType<typeof parse>["expr"]>;

/** No name that an expression could write itself. */
const NAME = "@has";

/** What `withStrictHas` puts in the place of has(): an error for what is no map. */
export const hasFunction = celFunc(
  NAME,
  [mapType(CelScalar.DYN, CelScalar.DYN), CelScalar.STRING],
  CelScalar.BOOL,
  // The library's own map.has() is false for a field that holds null.
  (map, field) => map.get(field) !== undefined,
);

/**
 * Has has(x.field) of an expression fail where x is no map, as the language says
 * (https://github.com/google/cel-spec/blob/master/doc/langdef.md#field-selection). The library answers false, so that
 * `!has(x.field) || x.field == "good"` would hold for a null, a text or a list, of which a contract may take that field
 * all the same. Changes the expression, and calls itself for each level of it.
 */
export function withStrictHas(expr: Expr): Expr {
  for (const child of childrenOf(expr)) if (child !== undefined) withStrictHas(child);
  const { exprKind } = expr;
  if (exprKind.case !== "selectExpr" || !exprKind.value.testOnly) return expr;
  const call = parse('has_field(x, "field")').expr.exprKind;
  if (call.case !== "callExpr") throw new Error("a call is not parsed as one");
  const [, field] = call.value.args;
  const { operand } = exprKind.value;
  if (field?.exprKind.case !== "constExpr" || operand === undefined)
    throw new Error("a select lacks its parts");
  field.exprKind.value.constantKind = { case: "stringValue", value: exprKind.value.field };
  call.value.function = NAME;
  call.value.args = [operand, field];
  expr.exprKind = call;
  return expr;
}

function childrenOf({ exprKind }: Expr): (Expr | undefined)[] {
  switch (exprKind.case) {
    case "selectExpr":
      return [exprKind.value.operand];
    case "callExpr":
      return [exprKind.value.target, ...exprKind.value.args];
    case "listExpr":
      return exprKind.value.elements;
    case "structExpr":
      return exprKind.value.entries.flatMap(({ keyKind, value }) => [
        keyKind.case === "mapKey" ? keyKind.value : undefined,
        value,
      ]);
    case "comprehensionExpr": {
      const { iterRange, accuInit, loopCondition, loopStep, result } = exprKind.value;
      return [iterRange, accuInit, loopCondition, loopStep, result];
    }
    default:
      return [];
  }
}
