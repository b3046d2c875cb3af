import { describe, expect, it } from "vitest";
import { ConditionError, compileCondition } from "./condition.ts";
import { conditionVariables } from "./condition-variables.ts";
import { addKey, call, delegateBytes, NEAR, policyOf, subjectOf, transfer } from "./policy-builders.ts";

const NO_POLICY = policyOf({});

function variablesOf(actions: Parameters<typeof delegateBytes>[1]) {
  const variables = conditionVariables(subjectOf(NO_POLICY, delegateBytes("app.near", actions)));
  if (variables === undefined) throw new Error("too many actions");
  return variables;
}

const ONE = variablesOf([
  call("vote", { gas: 30n, deposit: 1n, args: '{"amount": 5, "to": "bob.near", "l": [1]}' }),
]);
const LARGE = variablesOf(
  Array.from({ length: 100 }, () => call("vote", { args: `{"l": [${Array(1_300).fill("1").join(", ")}]}` })),
);
const holds = (source: string, variables = ONE) => compileCondition(source).holds(variables);

describe("a condition", () => {
  it.each([
    'sender_id == "alice.near" && receiver_id == "app.near" && tenant == "acme" && end_user == "user-1"',
    'public_key.startsWith("ed25519:")',
    'gas == 30 && deposit == "1" && deposit_millinear == 1',
    'actions.all(a, a.kind == "FunctionCall" && a.method in ["vote", "unvote"])',
    "actions.exists(a, a.args.amount < 6) && actions[0].args.amount == 5",
    'actions.filter(a, a.deposit_millinear > 0).map(a, a.method) == ["vote"]',
    'actions[0].args.to.matches("^[a-z]+[.]near$")',
    "has(actions[0].args.to) && !has(actions[0].args.toString)",
    "actions[0].args.l.size() == 1 && type(gas) == int",
    `${"(".repeat(64)}true${")".repeat(64)}`,
    'true ? {"a": 1}.a == 1 : false',
    "size(actions) == 1 || actions[7].gas == 1",
  ])("holds: %s", (source) => expect(holds(source)).toBe(true));

  it.each([
    'actions.all(a, a.method == "unvote")',
    "size(actions) > 1",
    "false && actions[7].gas == 1",
    'end_user == ""',
    'actions[0].args.to.matches("^near$")',
  ])("does not hold: %s", (source) => expect(holds(source)).toBe(false));

  it("sees amounts beyond 64 bits as the largest int", () => {
    const most = 2n ** 128n - 1n;
    const variables = variablesOf(
      Array.from({ length: 100 }, () => call("f", { gas: 2n ** 64n - 1n, deposit: most })),
    );
    expect(holds("gas == 9223372036854775807 && deposit_millinear == 9223372036854775807", variables)).toBe(
      true,
    );
    expect(holds("actions[0].gas == 9223372036854775807", variables)).toBe(true);
    expect(holds(`deposit == "${most * 100n}" && actions[0].deposit == "${most}"`, variables)).toBe(true);
  });

  it("sees every kind of action, with args of readable calls alone", () => {
    const variables = variablesOf([transfer(NEAR), addKey(), call("f", { args: "borsh" }), call("g")]);
    expect(
      holds('actions.map(a, a.kind) == ["Transfer", "AddKey", "FunctionCall", "FunctionCall"]', variables),
    ).toBe(true);
    expect(holds("actions.map(a, has(a.args)) == [false, false, false, true]", variables)).toBe(true);
    expect(holds('actions[0].deposit_millinear == 1000 && actions[1].method == ""', variables)).toBe(true);
  });

  describe("that guards a field of the arguments with has()", () => {
    const GUARDS = [
      '!has(a.args.receiver_id) || a.args.receiver_id == "shop.near"',
      'has(a.args.receiver_id) ? a.args.receiver_id == "shop.near" : true',
      '!("receiver_id" in a.args) || a.args.receiver_id == "shop.near"',
      "a.args != null && !has(a.args.receiver_id) || a.args == null",
      "type(a.args) == null_type",
    ].map((guard) => `actions.all(a, ${guard})`);
    const evil = '{"receiver_id": "evil.near"}';

    it.each([
      ["padded with spaces", evil + " ".repeat(4_096)],
      ["with the field twice", '{"receiver_id": "shop.near", "receiver_id": "evil.near"}'],
      ["with an integer that would be rounded", '{"receiver_id": "evil.near", "n": 9007199254740993}'],
      ["as borsh", "\u0009evil.near"],
      ["as a string", JSON.stringify(evil)],
      ["as a list", `[${evil}]`],
      ["as null", "null"],
    ])("refuses arguments %s", (_how, args) => {
      const variables = variablesOf([call("ft_transfer", { args })]);
      for (const guard of GUARDS) {
        expect(holds(guard, variables)).toBe("it cannot be evaluated for this delegate");
      }
    });

    it("refuses what is no call", () => {
      for (const guard of GUARDS) {
        expect(holds(guard, variablesOf([transfer(NEAR)]))).toBe("it cannot be evaluated for this delegate");
      }
    });

    it.each([
      ["null", "null"],
      ["a string", '"x"'],
      ["a list, of which a contract may take the fields in order", '["evil.near"]'],
      ["a number", "7"],
    ])("refuses %s where an object is expected further in", (_what, inner) => {
      const variables = variablesOf([call("f", { args: `{"to": ${inner}}` })]);
      for (const guard of [
        'actions.all(a, !has(a.args.to.id) || a.args.to.id == "shop.near")',
        "[actions[0]].map(a, has(a.args.to.id)) == [false]",
        '{"a": has(actions[0].args.to.id)}.a == false',
        "has(actions[0].args.to.id) ? false : true",
        "!has(actions[0].args.to.id.further)",
      ]) {
        expect(holds(guard, variables)).toBe("it cannot be evaluated for this delegate");
      }
    });

    it("decides about objects further in", () => {
      const guard = 'actions.all(a, !has(a.args.to.id) || a.args.to.id == "shop.near")';
      expect(holds(guard, variablesOf([call("f", { args: '{"to": {"id": "evil.near"}}' })]))).toBe(false);
      expect(holds(guard, variablesOf([call("f", { args: '{"to": {"id": null}}' })]))).toBe(false);
      expect(holds(guard, variablesOf([call("f", { args: '{"to": {"id": "shop.near"}}' })]))).toBe(true);
      expect(holds(guard, variablesOf([call("f", { args: '{"to": {}}' })]))).toBe(true);
      expect(holds('has({"a": 1}.a) && !has({"a": 1}.b)')).toBe(true);
    });

    it("decides about arguments that can be read", () => {
      const [guard = ""] = GUARDS;
      expect(holds(guard, variablesOf([call("f", { args: evil })]))).toBe(false);
      expect(holds(guard, variablesOf([call("f", { args: '{"receiver_id": "shop.near"}' })]))).toBe(true);
      expect(holds(guard, variablesOf([call("f", { args: "{}" })]))).toBe(true);
    });
  });

  it("is asked about at most 100 actions", () => {
    const actions = Array.from({ length: 101 }, () => call("f"));
    expect(conditionVariables(subjectOf(NO_POLICY, delegateBytes("app.near", actions)))).toBeUndefined();
  });

  it.each([
    ["an error", "actions[1].gas == 1"],
    ["an error", "actions[0].args.missing == 1"],
    ["an error", "1 / 0 == 1"],
    ["an error", 'actions[0].args.amount < "6"'],
    ["an error", "9223372036854775807 + gas > 0"],
    ["an error", 'actions.all(a, a.args.amount.matches("x"))'],
    ["an error", 'end_user.matches("(")'],
    ["no bool", "size(actions)"],
    ["no bool", "null"],
    ["no bool", '"true"'],
  ])("that gives %s is a sentence without internals: %s", (_what, source) => {
    expect(holds(source)).toMatch(/^it (cannot be evaluated for this delegate|does not give true or false)$/);
  });

  it.each([
    ["syntax", "size(actions) ==", "it is not a CEL expression"],
    ["nothing", "", "it is not a CEL expression"],
    ["length", `true ${"||true".repeat(170)}`, "it has more than 1024 characters"],
    ["an unknown name", "amount > 1", "it names amount, which is unknown"],
    ["a name of JavaScript's objects", "constructor == 1", "it names constructor, which is unknown"],
    [
      "a name that only a comprehension knows",
      "actions.all(a, true) && a.gas > 1",
      "it names a, which is unknown",
    ],
    ["an unknown function", "actions.sum() > 1", "it calls sum, which is unknown"],
    ["a function that stands for has()", 'has_field(tenant, "a")', "it calls has_field, which is unknown"],
    [
      "a message",
      'google.protobuf.StringValue{value: "a"} == "a"',
      "it makes a message google.protobuf.StringValue",
    ],
    ["depth", `${"[".repeat(70)}1${"]".repeat(70)} == []`, "it is nested more than 64 deep"],
    ["many parts", `gas in [${"1,".repeat(500)}1]`, "it has more than 500 parts"],
    ["depth of calls", `${"1+".repeat(500)}1 == 1`, "it is nested more than 64 deep"],
    ["brackets", `${"(".repeat(65)}true${")".repeat(65)}`, "it is nested more than 64 deep"],
    [
      "brackets after others in a string",
      `"${")".repeat(400)}" == ${"(".repeat(65)}"a"${")".repeat(65)}`,
      "it is nested more than 64 deep",
    ],
    ["brackets that never close", "{[(".repeat(340), "it is nested more than 64 deep"],
    [
      "a comprehension in another",
      "actions.all(a, actions.all(b, a == b))",
      "it has one of all, exists, map and filter inside of another",
    ],
    [
      "a comprehension in another's list",
      "actions.map(a, actions.filter(b, true)).all(c, true)",
      "it has one of all, exists, map and filter inside of another",
    ],
    [
      "four comprehensions",
      "actions.map(a, a).map(a, a).map(a, a).all(a, true)",
      "it has more than 3 of all, exists, map and filter",
    ],
  ])("is refused for %s", (_what, source, message) => {
    expect(() => compileCondition(source)).toThrow(new ConditionError(message));
  });

  it.each([
    ["strings", "public_key"],
    ["lists", "actions"],
    ["bytes", "bytes(public_key)"],
  ])("cannot take much memory by adding up %s", (_what, value) => {
    const sum = Array(50).fill("x").join("+");
    const source = `[${value}].map(x, ${sum}).map(x, ${sum}).all(x, x.size() > 0)`;
    expect(holds(source, LARGE)).toBe("it cannot be evaluated for this delegate");
    expect(holds(source.replace(`.map(x, ${sum})`, ""), LARGE)).toBe(true);
  });

  // Unbounded, each takes ten times as long at least.
  it.each([
    ["large lists over and over", "actions.all(a, actions == actions && actions == actions)"],
    [
      "a large regular expression over and over",
      `actions.all(a, !a.method.matches("${"(\\\\pL{30}){30}".repeat(20)}"))`,
    ],
  ])("that compares with %s is stopped", (_what, source) => {
    expect(holds(source, LARGE)).toBe("it takes more than 50 ms for this delegate");
    // The next evaluation is none the worse for it.
    expect(holds("size(actions) == 100", LARGE)).toBe(true);
  });

  it("with a regular expression that would explode elsewhere is decided", () => {
    const text = JSON.stringify({ t: "a".repeat(4_000) });
    const source = 'actions[0].args.t.matches("(a+)+b")';
    expect(holds(source, variablesOf([call("f", { args: text })]))).toBe(false);
  });
});
