import { describe, expect, test } from "vitest";
import type { Json, NearAction } from "../../../clients/web/src/iframe/api.ts";
import { amountText } from "../../../clients/web/src/iframe/guest/amounts.ts";
import { codes, preparing } from "./support/preparing.ts";

const KEY = "ed25519:6E8sCci9badyRkXb3JoRpBj5p8C6Tw41ELDZoiihKEtp";
const { wallet, prepared, shown, run } = preparing();

const batch = (...actions: NearAction[]) => ({ receiverId: "token.testnet", actions });
const call = (methodName: string, args: Json = {}, deposit = "0"): NearAction => ({
  ...{ kind: "FunctionCall", methodName, args: { json: args }, gas: "1", deposit },
});
const bytes = (text: string) => Buffer.from(text, "latin1").toString("base64");
const raw = (base64: string): NearAction => ({
  ...{ kind: "FunctionCall", methodName: "ft_transfer", args: { base64 }, gas: "1", deposit: "1" },
});

describe("NEAR's actions", () => {
  test("are shown in NEAR and Tgas, exactly", () => {
    expect(amountText(1n, 24)).toBe("0.000000000000000000000001");
    expect(amountText(2n * 10n ** 24n, 24)).toBe("2");
    expect(amountText(12_500_000_000_000n, 12)).toBe("12.5");
    expect(amountText(0n, 18)).toBe("0");
    const transfer: NearAction = { kind: "Transfer", deposit: "340282366920938463463374607431768211455" };
    expect(shown("near-relay", "relay", batch(transfer)).actions).toEqual([
      { kind: "Transfer", deposit: "340282366920938.463463374607431768211455" },
    ]);
  });

  test.each<[string, NearAction, string[]]>([
    ["a transfer", { kind: "Transfer", deposit: "1" }, []],
    ["an account", { kind: "CreateAccount" }, []],
    ["code", { kind: "DeployContract", code: "AAEC" }, ["danger DEPLOYS_CODE"]],
    [
      "a full-access key",
      { kind: "AddKey", publicKey: KEY, permission: { kind: "FullAccess" } },
      ["danger FULL_ACCESS_KEY"],
    ],
    [
      "another key",
      {
        ...{ kind: "AddKey", publicKey: KEY },
        permission: { kind: "FunctionCall", allowance: null, receiverId: "app.testnet", methodNames: [] },
      },
      ["caution ADDS_KEY"],
    ],
    ["the end of a key", { kind: "DeleteKey", publicKey: KEY }, ["danger DELETES_KEY"]],
    [
      "the end of an account",
      { kind: "DeleteAccount", beneficiaryId: "bob.testnet" },
      ["danger DELETES_ACCOUNT"],
    ],
    ["a stake", { kind: "Stake", stake: "5", publicKey: KEY }, ["caution STAKES"]],
    ["tokens", call("ft_transfer", { receiver_id: "bob.testnet" }, "1"), ["caution MOVES_TOKENS"]],
    ["an approval", call("nft_approve", {}, "1"), ["danger APPROVES_SPENDER"]],
    ["an approval of several tokens", call("mt_approve", {}, "1"), ["danger APPROVES_SPENDER"]],
    ["several tokens", call("mt_batch_transfer_call", {}, "1"), ["caution MOVES_TOKENS"]],
    ["a deposit for storage", call("storage_deposit", {}, "1250000000000000000000"), []],
    [
      "more than storage costs",
      call("storage_deposit", {}, (10n ** 23n).toString()),
      ["danger MOVES_TOKENS"],
    ],
    ["a deposit of 1,000 NEAR", call("near_deposit", {}, (10n ** 27n).toString()), ["danger MOVES_TOKENS"]],
    ["tokens, with a deposit", call("ft_transfer", {}, "2"), ["danger MOVES_TOKENS", "caution MOVES_TOKENS"]],
    ["an unknown method", call("vote"), ["caution UNKNOWN_METHOD"]],
    ["an unknown method with money", call("vote", {}, "2"), ["danger MOVES_TOKENS", "danger UNKNOWN_METHOD"]],
    [
      "text that turns around",
      call("ft_transfer", { memo: "to \u202eecila" }),
      ["caution MOVES_TOKENS", "caution HIDDEN_CHARACTERS"],
    ],
  ])("%s", (_, action, expected) => {
    expect(codes(shown("near-relay", "relay", batch(action)))).toEqual(expected);
  });

  test("show code by its hash", () => {
    const code: NearAction = { kind: "DeployContract", code: "AAEC" };
    const sha256 = "0xae4b3280e56e2faf83f414a6e3dabe9d5fbe18976544c05fed121accb85b53fc";
    expect(shown("near-relay", "relay", batch(code)).actions).toEqual([
      { kind: "DeployContract", bytes: 3, sha256 },
    ]);
  });

  test("have deposits added up, so that many small ones are one large one", () => {
    const small = call("storage_deposit", {}, (10n ** 22n).toString());
    const of = (count: number) =>
      shown("near-relay", "relay", batch(...Array<NearAction>(count).fill(small)));
    expect(of(9).warnings).toEqual([]);
    expect(of(100).warnings).toMatchObject([
      { level: "danger", text: "What it calls gets 1 NEAR of yours." },
    ]);
    const transactions = Array.from({ length: 10 }, () => batch(small));
    const several = shown("near-transactions", "signNearTransactions", { transactions });
    expect(codes(several)).toEqual(["danger MOVES_TOKENS"]);
  });

  test("have few warnings, the worst first, whatever else there is", () => {
    const others = Array.from({ length: 98 }, (_, i) => call(`method_${i}`, {}, "2"));
    const key: NearAction = { kind: "AddKey", publicKey: KEY, permission: { kind: "FullAccess" } };
    const { warnings } = shown(
      "near-relay",
      "relay",
      batch(...others, { kind: "DeleteKey", publicKey: KEY }, key),
    );
    expect(warnings.map(({ code }) => code)).toEqual([
      ...["FULL_ACCESS_KEY", "MOVES_TOKENS", "DELETES_KEY", "UNKNOWN_METHOD"],
    ]);
    expect(warnings[3]?.text).toBe(
      'The wallet does not know what "method_0", "method_1", "method_2" and 95 more do.',
    );
  });

  test("have names in warnings written out where they are not seen", () => {
    const { warnings } = shown("near-relay", "relay", batch(call("a\u202eb")));
    expect(warnings.map(({ text }) => text)).toContain('The wallet does not know what "a\\u{202e}b" does.');
  });

  test.each<[string, boolean]>([
    ["plain text\r\n\twith a tab", false],
    [
      "\u{1f44d} \u2764\ufe0f \u{1f469}\u{1f3fd}\u200d\u{1f680} \u{1f469}\u200d\u2764\ufe0f\u200d\u{1f469}",
      false,
    ],
    ["a\u200db", true],
    ["a\ufe0fb", true],
    ["\u2764\ufe0f\ufe0f", true],
    ["a\u00a0b", true],
    ["a\u2800b", true],
    ["a\u3164b", true],
    ["a\u2028b", true],
    ["a\u{e0100}b", true],
    ["a\u034fb", true],
  ])("say whether %j has characters that are not seen: %s", (memo, isWarned) => {
    const request = shown("near-relay", "relay", batch(call("storage_withdraw", { memo })));
    expect(codes(request)).toEqual(isWarned ? ["caution HIDDEN_CHARACTERS"] : []);
  });

  test.each<[string, string, object]>([
    ["fields", '{"a":1}', { json: { a: 1 } }],
    [
      "a field twice, of which a reader sees one",
      '{"to":"eve","to":"bob"}',
      { text: '{"to":"eve","to":"bob"}' },
    ],
    ["a number that reading rounds", '{"a":12345678901234567890}', { text: '{"a":12345678901234567890}' }],
    ["text", "hello", { text: "hello" }],
    ["nothing", "", { text: "" }],
    ["bytes", "\xff\x00", { hex: "0xff00" }],
    ["a field of the prototype", '{"__proto__":{"a":1}}', { json: JSON.parse('{"__proto__":{"a":1}}') }],
  ])("show arguments as they are sent: %s", async (_, args, expected) => {
    const params = batch(raw(bytes(args)));
    const request = shown("near-relay", "relay", params);
    expect(request.actions).toMatchObject([{ args: expected }]);
    const isReadable = "json" in expected || args === "";
    expect(codes(request).includes("caution UNREADABLE_DATA")).toBe(!isReadable);
    await run("relay", params);
    const sent = wallet.calls.at(-1)?.of as { actions: { args: Uint8Array }[] };
    expect(Buffer.from(sent.actions[0]?.args ?? []).toString("latin1")).toBe(args);
  });

  test.each<[string, object]>([
    ["an amount that is a number", batch({ kind: "Transfer", deposit: 1 as never })],
    ["an amount of 129 bits", batch({ kind: "Transfer", deposit: (1n << 128n).toString() })],
    ["a sign", batch({ kind: "Transfer", deposit: "-1" })],
    ["leading zeros", batch({ kind: "Transfer", deposit: "01" })],
    ["a field too many", batch({ kind: "Transfer", deposit: "1", memo: "" } as never)],
    ["a field of the prototype", batch(JSON.parse('{"kind":"Transfer","deposit":"1","__proto__":1}'))],
    ["an unknown kind", batch({ kind: "Delegate" } as never)],
    ["no action", batch()],
    ["101 actions", batch(...Array.from({ length: 101 }, () => call("vote")))],
    ["an account name in capitals", { ...batch(call("vote")), receiverId: "Bob.testnet" }],
    ["a key that is none", batch({ kind: "DeleteKey", publicKey: "ed25519:1" })],
    ["base64 that is not canonical", batch(raw("QR=="))],
    ["base64 without padding", batch(raw("QQ"))],
    ["both kinds of arguments", batch({ ...call("vote"), args: { json: 1, base64: "" } } as never)],
    ["half a character", batch(call("\ud800"))],
    ["an account that is none", { accountId: "A", ...batch(call("vote")) }],
  ])("are refused: %s", (_, params) => {
    expect(() => prepared("relay", params)).toThrow(expect.objectContaining({ reason: "REQUEST_INVALID" }));
  });
});

describe("a message of NEAR", () => {
  const message = { message: "Sign in", nonce: bytes("n".repeat(32)), recipient: "app.example" };

  test("is shown with whom it is for, and a warning if that is somebody else", () => {
    const own = shown("near-message", "signNearMessage", message);
    expect(own).toMatchObject({ ...message, warnings: [] });
    const other = shown("near-message", "signNearMessage", { ...message, recipient: "bank.example" });
    expect(codes(other)).toEqual(["danger OTHER_RECIPIENT"]);
    const turned = shown("near-message", "signNearMessage", { ...message, recipient: "\u202ebank" });
    expect(turned.warnings[0]?.text).toContain('"\\u{202e}bank"');
  });

  test("has a nonce of 32 bytes", () => {
    const short = { ...message, nonce: bytes("n".repeat(31)) };
    expect(() => prepared("signNearMessage", short)).toThrow(/has not 32 bytes/);
  });
});
