import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { expect, it } from "vitest";
import { activeKeys, newKey, request, signed, type TestKey, told } from "./builders.ts";
import { at, overStores } from "./stores.ts";

overStores("the journal", (on) => {
  it("gives a nonce to the first payload, within a call and for good", async () => {
    const [key] = await activeKeys(on.store, "a");
    const { journal } = on.store;
    expect(told(await journal.reserve([request(key, 101n, "x"), request(key, 101n, "y")]))).toEqual([
      "reserved",
      "SIGNER_NONCE_CONFLICT",
    ]);
    expect(told(await journal.reserve([request(key, 101n, "y"), request(key, 101n, "x")]))).toEqual([
      "SIGNER_NONCE_CONFLICT",
      "reserved",
    ]);
  });

  it("gives the stored signature for a payload that was signed", async () => {
    const [key] = await activeKeys(on.store, "a");
    const { journal } = on.store;
    const asked = request(key, 101n, "x");
    await journal.reserve([asked]);
    const [kept] = await journal.record([signed(key, asked)]);
    expect(await journal.reserve([request(key, 101n, "x")])).toEqual([{ kind: "signed", signature: kept }]);
  });

  it("takes a grant once, also when what it was for was refused", async () => {
    const [key] = await activeKeys(on.store, "a");
    const { journal } = on.store;
    const first = request(key, 99n, "x");
    const { grant } = first;
    expect(told(await journal.reserve([first, request(key, 101n, "x", { grant })]))).toEqual([
      "SIGNER_NONCE_TOO_LOW",
      "SIGNER_GRANT_USED",
    ]);
    expect(told(await journal.reserve([request(key, 101n, "x", { grant })]))).toEqual(["SIGNER_GRANT_USED"]);
    expect(told(await journal.reserve([request(key, 101n, "x", { grant: null })]))).toEqual(["reserved"]);
  });

  it("knows only keys that were entered, with their own id, network and account", async () => {
    const [key] = await activeKeys(on.store, "a");
    const asked = [
      request(newKey("b"), 101n, "x"),
      request(key, 101n, "x", { keyId: "b" }),
      request(key, 101n, "x", { network: "mainnet" }),
      request(key, 101n, "x", { accountId: "other.testnet" }),
    ];
    expect(told(await on.store.journal.reserve(asked))).toEqual(Array(4).fill("SIGNER_KEY_NOT_FOUND"));
  });

  it("takes nonces above the floor and at most 10^6 above the highest", async () => {
    const [key] = await activeKeys(on.store, "a");
    const { journal } = on.store;
    const nonces = [100n, 1_000_101n, 1_000_100n, 2_000_101n, 2_000_100n, 2n ** 64n - 1n, 0n, 101n];
    const answers = await journal.reserve(nonces.map((nonce) => request(key, nonce, `at ${nonce}`)));
    expect(told(answers)).toEqual([
      "SIGNER_NONCE_TOO_LOW",
      "SIGNER_NONCE_TOO_HIGH",
      "reserved",
      "SIGNER_NONCE_TOO_HIGH",
      "reserved",
      "SIGNER_NONCE_TOO_HIGH",
      "SIGNER_NONCE_TOO_LOW",
      "reserved",
    ]);
    const [record] = await on.store.keyRecords.list();
    expect(record?.highestNonce).toBe(2_000_100n);
  });

  it("takes nonces up to the end of u64", async () => {
    const [key] = await activeKeys(on.store, "a");
    await on.store.keyRecords.setFloors([{ keyId: "a", nonce: 2n ** 64n - 3n }], "test");
    const top = request(key, 2n ** 64n - 1n, "x");
    expect(told(await on.store.journal.reserve([top]))).toEqual(["reserved"]);
    expect(told(await on.store.journal.reserve([request(key, top.nonce, "y")]))).toEqual([
      "SIGNER_NONCE_CONFLICT",
    ]);
  });

  it("is locked for a key without a floor, and for what it holds unsigned", async () => {
    const [key] = await activeKeys(on.store, "a");
    const { journal, keyRecords } = on.store;
    const done = request(key, 102n, "done");
    await journal.reserve([request(key, 101n, "x"), done]);
    await journal.record([signed(key, done)]);
    await on.home.execute("update key_records set nonce_floor = null");
    const again = () => [
      request(key, 101n, "x"),
      request(key, 102n, "done"),
      request(key, 103n, "new"),
      request(key, 101n, "y"),
    ];
    expect(told(await journal.reserve(again()))).toEqual([
      "SIGNER_JOURNAL_LOCKED",
      "signed",
      "SIGNER_JOURNAL_LOCKED",
      "SIGNER_NONCE_CONFLICT",
    ]);
    await keyRecords.setFloors([{ keyId: "a", nonce: 100n }], "test");
    expect(told(await journal.reserve(again().slice(0, 3)))).toEqual(["reserved", "signed", "reserved"]);
  });

  it("lets a drained key finish what it began and a pending or retired one nothing", async () => {
    const [key] = await activeKeys(on.store, "a");
    const { journal, keyRecords } = on.store;
    const [old, done] = [request(key, 101n, "old"), request(key, 102n, "done")];
    await journal.reserve([old, done]);
    await journal.record([signed(key, done)]);
    const again = () => [request(key, 101n, "old"), request(key, 102n, "done"), request(key, 103n, "new")];
    await keyRecords.move("a", "DRAINED", null, "test");
    expect(told(await journal.reserve(again()))).toEqual(["reserved", "signed", "SIGNER_KEY_NOT_ACTIVE"]);
    await keyRecords.move("a", "RETIRED", null, "test");
    expect(told(await journal.reserve(again()))).toEqual([
      "SIGNER_KEY_NOT_ACTIVE",
      "signed",
      "SIGNER_KEY_NOT_ACTIVE",
    ]);
    const pending = newKey("p");
    await keyRecords.enter([pending.record], "test");
    expect(told(await journal.reserve([request(pending, 1n, "x")]))).toEqual(["SIGNER_KEY_NOT_ACTIVE"]);
  });

  it("gives a paused key nothing, not even what it signed", async () => {
    const [key] = await activeKeys(on.store, "a");
    const { journal, keyRecords } = on.store;
    const done = request(key, 101n, "done");
    await journal.reserve([done]);
    await journal.record([signed(key, done)]);
    await keyRecords.setPause("a", "looks odd", "test");
    expect(told(await journal.reserve([request(key, 101n, "done"), request(key, 102n, "new")]))).toEqual(
      Array(2).fill("SIGNER_KEY_PAUSED"),
    );
    await keyRecords.setPause("a", null, "test");
    expect(told(await journal.reserve([request(key, 101n, "done")]))).toEqual(["signed"]);
  });

  it("bounds what a key moves in a UTC day, and counts a payload once", async () => {
    const [key, other] = await activeKeys(on.store, "a", "b");
    const { journal } = on.store;
    const moving = (nonce: bigint, deposit: bigint, of = key) =>
      request(of, nonce, `${nonce}`, { deposit, depositPerDay: 10n ** 30n });
    const half = 5n * 10n ** 29n;
    expect(
      told(
        await journal.reserve([
          moving(101n, half),
          moving(101n, half),
          moving(102n, half + 1n),
          moving(103n, half),
          moving(104n, 1n),
          moving(105n, 0n),
          moving(101n, 10n ** 30n, other),
        ]),
      ),
    ).toEqual([
      "reserved",
      "reserved",
      "SIGNER_DAILY_DEPOSIT_EXHAUSTED",
      "reserved",
      "SIGNER_DAILY_DEPOSIT_EXHAUSTED",
      "reserved",
      "reserved",
    ]);
    on.home.setTime(at(12 * 3_600_000 - 1));
    expect(told(await journal.reserve([moving(106n, 1n)]))).toEqual(["SIGNER_DAILY_DEPOSIT_EXHAUSTED"]);
    on.home.setTime(at(12 * 3_600_000));
    expect(told(await journal.reserve([moving(106n, 10n ** 30n), moving(107n, 1n)]))).toEqual([
      "reserved",
      "SIGNER_DAILY_DEPOSIT_EXHAUSTED",
    ]);
  });

  it("bounds the gas of a key's UTC day, and counts a payload once", async () => {
    const [key, other] = await activeKeys(on.store, "a", "b");
    const { journal } = on.store;
    const using = (nonce: bigint, gas: bigint, of = key) =>
      request(of, nonce, `${nonce}`, { gas, gasPerDay: 10n ** 30n });
    const all = 10n ** 30n;
    expect(
      told(
        await journal.reserve([
          using(101n, all + 1n),
          using(101n, all - 1n),
          using(101n, all - 1n),
          using(102n, 2n),
          using(102n, 1n),
          using(103n, 1n),
          using(101n, all, other),
        ]),
      ),
    ).toEqual([
      "SIGNER_DAILY_GAS_EXHAUSTED",
      "reserved",
      "reserved",
      "SIGNER_DAILY_GAS_EXHAUSTED",
      "reserved",
      "SIGNER_DAILY_GAS_EXHAUSTED",
      "reserved",
    ]);
    on.home.setTime(at(12 * 3_600_000 - 1));
    expect(told(await journal.reserve([using(103n, 1n)]))).toEqual(["SIGNER_DAILY_GAS_EXHAUSTED"]);
    on.home.setTime(at(12 * 3_600_000));
    expect(told(await journal.reserve([using(103n, all), using(104n, 1n)]))).toEqual([
      "reserved",
      "SIGNER_DAILY_GAS_EXHAUSTED",
    ]);
  });

  it("does not begin a day anew for a clock that is behind by a little, around midnight", async () => {
    const [key] = await activeKeys(on.store, "a");
    const { journal } = on.store;
    const ask = async (nonce: bigint, bounds: object) =>
      told(await journal.reserve([request(key, nonce, "x", bounds)]));
    const dear = { deposit: 5n, depositPerDay: 5n };
    on.home.setTime(at(12 * 3_600_000));
    expect(await ask(101n, dear)).toEqual(["reserved"]);
    on.home.setTime(at(12 * 3_600_000 - 1));
    expect(await ask(102n, dear)).toEqual(["SIGNER_DAILY_DEPOSIT_EXHAUSTED"]);
    expect(await ask(102n, { gas: 5n, gasPerDay: 5n })).toEqual(["SIGNER_DAILY_GAS_EXHAUSTED"]);
    expect(await ask(102n, { gas: 5n, gasPerDay: 6n })).toEqual(["reserved"]);
    on.home.setTime(at(12 * 3_600_000));
    expect(await ask(103n, { gasPerDay: 6n })).toEqual(["SIGNER_DAILY_GAS_EXHAUSTED"]);
    on.home.setTime(at(-12 * 3_600_000 - 1));
    expect(await ask(103n, dear)).toEqual(["reserved"]);
  });

  it("tells where it ends after each commit that added to it", async () => {
    if (!on.home.shared) await on.store.close();
    const ends: [bigint, string][] = [];
    const { store } = await on.home.open((sequence, hash) =>
      ends.push([sequence, Buffer.from(hash).toString("hex")]),
    );
    const [key] = await activeKeys(store, "a");
    await store.journal.reserve([request(key, 101n, "x"), request(key, 102n, "y")]);
    await store.journal.reserve([request(key, 102n, "z")]);
    const { entries, headHash } = await store.status();
    expect(ends).toEqual([[2n, Buffer.from(headHash).toString("hex")]]);
    expect(entries).toBe(2n);
  });

  it("answers calls of no requests and of 64 for as many keys", async () => {
    expect(await on.store.journal.reserve([])).toEqual([]);
    expect(await on.store.journal.record([])).toEqual([]);
    const keys: TestKey[] = await activeKeys(on.store, ...Array.from({ length: 64 }, (_, i) => `k${i}`));
    const asked = keys.map((key, i) => request(key, 101n + BigInt(i), "x", { deposit: 1n }));
    expect(told(await on.store.journal.reserve(asked))).toEqual(Array(64).fill("reserved"));
    const made = keys.flatMap((key, i) => (asked[i] === undefined ? [] : [signed(key, asked[i])]));
    expect(await on.store.journal.record(made)).toEqual(made.map(({ signature }) => signature));
  });

  it("holds what another signer did at once", async () => {
    if (!on.home.shared) return;
    const { store: other } = await on.home.open();
    const [key] = await activeKeys(on.store, "a");
    const ask = async (nonce: bigint) => told(await other.journal.reserve([request(key, nonce, "x")]));
    expect(await ask(101n)).toEqual(["reserved"]);
    await on.store.keyRecords.setPause("a", "stop", "test");
    expect(await ask(102n)).toEqual(["SIGNER_KEY_PAUSED"]);
    await on.store.keyRecords.setPause("a", null, "test");
    await on.store.keyRecords.setFloors([{ keyId: "a", nonce: 200n }], "test");
    expect(await ask(102n)).toEqual(["SIGNER_NONCE_TOO_LOW"]);
    await on.store.keyRecords.move("a", "DRAINED", null, "test");
    expect(await ask(201n)).toEqual(["SIGNER_KEY_NOT_ACTIVE"]);
    expect((await other.keyRecords.list())[0]?.state).toBe("DRAINED");
  });

  it("refuses everything with SIGNER_STORE_UNAVAILABLE once it is closed", async () => {
    const [key] = await activeKeys(on.store, "a");
    await on.store.close();
    const reason = ErrorReason.SIGNER_STORE_UNAVAILABLE;
    await expect(on.store.journal.reserve([request(key, 101n, "x")])).rejects.toMatchObject({ reason });
    await expect(on.store.ping()).rejects.toMatchObject({ reason });
  });
});
