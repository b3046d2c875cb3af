import { actions, KeyPair } from "near-api-js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { TransactionView } from "../testing/raw-rpc.ts";
import type { TestAccount } from "../testing/test-account.ts";
import { burnt, failure, NEAR, returned, TestDevnet } from "../testing/test-devnet.ts";

const TGAS = 10n ** 12n;

describe("the built-in contracts", () => {
  let net: TestDevnet;
  beforeAll(async () => {
    net = await TestDevnet.start({ accounts: [{ id: "token.test", balance: String(NEAR) }] });
  });
  afterAll(() => net.stop());

  const callAs = async (
    account: TestAccount,
    contract: string,
    method: string,
    args: object,
    deposit = 0n,
    gas = 100n * TGAS,
  ): Promise<TransactionView> =>
    net.run(await account.sign(contract, [actions.functionCall(method, args, gas, deposit)]));
  const view = async (contract: string, method: string, args: object = {}): Promise<unknown> => {
    const { result } = await net.call("query", {
      request_type: "call_function",
      finality: "optimistic",
      account_id: contract,
      method_name: method,
      args_base64: Buffer.from(JSON.stringify(args)).toString("base64"),
    });
    return result.error ?? JSON.parse(Buffer.from(result.result).toString());
  };
  /** Balance changes are exact but for the contract's reward, which is counted at the contract. */
  const keyText = () => KeyPair.fromRandom("ed25519").getPublicKey().toString();

  describe("registrar", () => {
    it("creates an account with the deposit and the key, and says true", async () => {
      const key = keyText();
      const args = { new_account_id: "carol.test", new_public_key: key };
      const made = await callAs(net.alice, "test", "create_account", args, NEAR);
      expect(returned(made)).toBe(true);
      expect(net.chain.stateAt().account("carol.test")?.amount).toBe(NEAR);
      expect(net.chain.stateAt().accessKey("carol.test", key)?.permission).toEqual({ kind: "FullAccess" });
    });

    it("says false for a name that is taken, and gives the deposit back", async () => {
      const before = net.alice.balance;
      const args = { new_account_id: "bob.test", new_public_key: keyText() };
      const made = await callAs(net.alice, "test", "create_account", args, NEAR);
      expect(returned(made)).toBe(false);
      expect(failure(made)).toBeUndefined();
      expect(before - net.alice.balance).toBe(burnt(made));
    });

    it("says false for a name that is not under its own", async () => {
      const args = { new_account_id: "carol.other", new_public_key: keyText() };
      expect(returned(await callAs(net.alice, "test", "create_account", args, NEAR))).toBe(false);
    });

    it("panics on what is no name or no key, and the deposit comes back", async () => {
      const before = net.alice.balance;
      const bad = { new_account_id: "No Name", new_public_key: keyText() };
      const made = await callAs(net.alice, "test", "create_account", bad, NEAR);
      expect(failure(made)).toEqual({
        FunctionCallError: { ExecutionError: "Smart contract panicked: Invalid account id" },
      });
      expect(before - net.alice.balance).toBe(burnt(made));
    });

    it("keeps what else the call carries, with the account only", async () => {
      const register = (id: string) =>
        callAs(net.alice, "test", "create_account_and_register_user", {
          new_account_id: id,
          new_public_key: keyText(),
          email_hash: "abc",
          level: 3,
        });
      expect(returned(await register("dora.test"))).toBe(true);
      expect(returned(await register("bob.test"))).toBe(false);
      expect(await view("test", "get_user", { account_id: "dora.test" })).toEqual({
        email_hash: "abc",
        level: 3,
      });
      expect(await view("test", "get_user", { account_id: "bob.test" })).toBeNull();
    });

    it("runs out of gas without enough for the callback, and the deposit comes back", async () => {
      const before = net.alice.balance;
      const args = { new_account_id: "erin.test", new_public_key: keyText() };
      const made = await callAs(net.alice, "test", "create_account", args, NEAR, 10n * TGAS);
      expect(failure(made)).toEqual({ FunctionCallError: { ExecutionError: "Exceeded the prepaid gas." } });
      expect(before - net.alice.balance).toBe(burnt(made));
    });

    it("does not let others call its callback or its veto", async () => {
      for (const method of ["on_account_created", "set_allowed"]) {
        expect(failure(await callAs(net.alice, "test", method, { account_id: "x.test" }))).toEqual({
          FunctionCallError: { ExecutionError: `Smart contract panicked: Method ${method} is private` },
        });
      }
    });

    it("vetoes a name by its view once its own account says so", async () => {
      const own = await TestDevnet.start({
        accounts: [
          {
            id: "town",
            balance: String(NEAR),
            contract: "registrar",
            data: { "denied/mallory.town": "1" },
          },
        ],
      });
      try {
        const allowed = async (id: string) => {
          const { result } = await own.call("query", {
            request_type: "call_function",
            finality: "optimistic",
            account_id: "town",
            method_name: "is_allowed",
            args_base64: Buffer.from(JSON.stringify({ account_id: id })).toString("base64"),
          });
          return JSON.parse(Buffer.from(result.result).toString());
        };
        expect([await allowed("mallory.town"), await allowed("carol.town")]).toEqual([false, true]);
        const list = [
          actions.functionCall(
            "create_account_and_register_user",
            { new_account_id: "mallory.town", new_public_key: keyText() },
            100n * TGAS,
            0n,
          ),
        ];
        const made = await own.run(await own.alice.sign("town", list));
        expect(failure(made)).toEqual({
          FunctionCallError: {
            ExecutionError: "Smart contract panicked: The account mallory.town is not allowed",
          },
        });
      } finally {
        await own.stop();
      }
    });
  });

  describe("guest book", () => {
    it("keeps messages in order, premium from a hundredth of a NEAR", async () => {
      const before = (await view("guest-book.test", "total_messages")) as number;
      await callAs(net.alice, "guest-book.test", "add_message", { text: "plain" });
      await callAs(net.bob, "guest-book.test", "add_message", { text: "rich" }, NEAR / 100n);
      expect(await view("guest-book.test", "get_messages", { from_index: before, limit: 10 })).toEqual([
        { premium: false, sender: "alice.test", text: "plain" },
        { premium: true, sender: "bob.test", text: "rich" },
      ]);
    });

    it("earns three tenths of what its code burns", async () => {
      const before = net.chain.stateAt().account("guest-book.test")?.amount ?? 0n;
      await callAs(net.alice, "guest-book.test", "add_message", { text: "paid" });
      const after = net.chain.stateAt().account("guest-book.test")?.amount ?? 0n;
      expect(after - before).toBe((((24n * TGAS) / 10n) * 3n * 100_000_000n) / 10n);
    });
  });

  describe("fungible token", () => {
    beforeAll(async () => {
      const owner = net.addAccount("issuer.test", 10n * NEAR);
      const code = new TextEncoder().encode("devnet-contract:fungible-token");
      const init = { owner_id: "alice.test", total_supply: "1000" };
      const list = [actions.deployContract(code), actions.functionCall("new", init, 30n * TGAS, 0n)];
      expect(failure(await net.run(await owner.sign(owner.id, list)))).toBeUndefined();
    });
    const token = "issuer.test";

    it("registers for the storage deposit and gives back what is too much", async () => {
      const before = net.bob.balance;
      const made = await callAs(net.bob, token, "storage_deposit", {}, NEAR);
      const cost = 1_250_000_000_000_000_000_000n;
      expect(returned(made)).toEqual({ total: cost.toString(), available: "0" });
      expect(before - net.bob.balance).toBe(cost + burnt(made));
    });

    it("moves tokens for one yocto and tells of it by an event", async () => {
      const made = await callAs(
        net.alice,
        token,
        "ft_transfer",
        { receiver_id: "bob.test", amount: "10" },
        1n,
      );
      expect(made.receipts_outcome[0]?.outcome.logs).toEqual([
        'EVENT_JSON:{"standard":"nep141","version":"1.0.0","event":"ft_transfer","data":[{"old_owner_id":"alice.test","new_owner_id":"bob.test","amount":"10"}]}',
      ]);
      expect(await view(token, "ft_balance_of", { account_id: "bob.test" })).toBe("10");
      expect(await view(token, "ft_total_supply")).toBe("1000");
    });

    it.each([
      ["without a yocto", "bob.test", "1", 0n, "Requires attached deposit of exactly 1 yoctoNEAR"],
      ["to the unregistered", "relayer.test", "1", 1n, "The account relayer.test is not registered"],
      ["above the balance", "bob.test", "5000", 1n, "The account doesn't have enough balance"],
      ["of nothing", "bob.test", "0", 1n, "The amount should be a positive number"],
    ])("refuses a transfer %s", async (_name, receiver_id, amount, deposit, message) => {
      const made = await callAs(net.alice, token, "ft_transfer", { receiver_id, amount }, deposit);
      expect(failure(made)).toEqual({
        FunctionCallError: { ExecutionError: `Smart contract panicked: ${message}` },
      });
    });
  });

  it("that are not there cannot be called", async () => {
    expect(failure(await callAs(net.alice, "bob.test", "x", {}))).toEqual({
      FunctionCallError: { CompilationError: { CodeDoesNotExist: { account_id: "bob.test" } } },
    });
  });
});
