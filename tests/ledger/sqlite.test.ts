import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { createInterface } from "node:readline";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { LedgerLockedError, LedgerUnavailableError } from "@countersign/server/ledger/errors.ts";
import { openLedger } from "@countersign/server/ledger/open-ledger.ts";
import { Secret } from "@countersign/service-kit";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { creation, delegate } from "./builders.ts";
import { sqliteHome } from "./engines.ts";

/** A process that accepts submissions on a ledger, and the lines that it has printed. */
class Accepting {
  readonly #child: ChildProcess;
  readonly lines: string[] = [];
  #wanted = Number.POSITIVE_INFINITY;
  readonly #enough = Promise.withResolvers<void>();

  constructor(url: Secret<string>) {
    const script = fileURLToPath(new URL("./accept-forever.ts", import.meta.url));
    this.#child = spawn(process.execPath, [script, url.reveal()], { stdio: ["ignore", "pipe", "inherit"] });
    this.#child.once("exit", () => this.#enough.reject(new Error("the process ended by itself")));
    if (this.#child.stdout === null) throw new Error("no output");
    createInterface(this.#child.stdout).on("line", (line) => {
      this.lines.push(line);
      if (this.lines.length >= this.#wanted) this.#enough.resolve();
    });
  }

  async printed(count: number): Promise<void> {
    this.#wanted = count;
    await this.#enough.promise;
  }

  /** SIGKILL; resolves when the process is gone and all that it printed was read. */
  async kill(): Promise<void> {
    const closed = once(this.#child, "close");
    this.#child.kill("SIGKILL");
    await closed;
  }
}

describe("a SQLite ledger", () => {
  let home: ReturnType<typeof sqliteHome>;
  beforeEach(() => {
    home = sqliteHome();
  });
  afterEach(() => home.remove());

  it("holds every submission that was answered before a kill -9, three times over", async () => {
    const answered: string[] = [];
    for (let round = 1; round <= 3; round++) {
      const accepting = new Accepting(home.url);
      await accepting.printed(300);
      await accepting.kill();
      answered.push(...accepting.lines);
    }
    const ledger = await home.open();
    expect(answered.length).toBeGreaterThanOrEqual(900);
    for (const line of answered) {
      const [id = "", outcome] = line.split(" ");
      expect(outcome).toBe("accepted");
      const submission = await ledger.getSubmission("default", id);
      expect(submission).toMatchObject({ id, transitions: [{ state: "ACCEPTED" }] });
    }
  });

  it("is refused to a second process until the first one is killed", async () => {
    const accepting = new Accepting(home.url);
    await accepting.printed(1);
    await expect(home.open()).rejects.toThrow(LedgerLockedError);
    await expect(home.open()).rejects.toThrow(/is open in another process/);
    await accepting.kill();
    const ledger = await home.open();
    await ledger.accept(delegate("after"));
  });

  it("is refused to a second opener in the same process, also through a link, and free after close", async () => {
    const first = await home.open();
    await expect(home.open()).rejects.toThrow(LedgerLockedError);
    const link = `${home.path}.link`;
    symlinkSync(home.path, link);
    await expect(openLedger(new Secret(`sqlite:${link}`))).rejects.toThrow(LedgerLockedError);
    await first.close();
    const second = await openLedger(new Secret(`sqlite:${link}`));
    await second.close();
  });

  it("makes the folders of a path and keeps what was written when it is opened again", async () => {
    expect(existsSync(home.path)).toBe(false);
    const first = await home.open();
    await first.accept(delegate("a"));
    await first.close();
    const second = await home.open();
    expect(await second.getSubmission("default", "sub_a")).toMatchObject({ state: "ACCEPTED" });
  });

  it("finishes the writes that wait when it is closed, and refuses later ones", async () => {
    const ledger = await home.open();
    const writes = Array.from({ length: 30 }, (_, i) => ledger.accept(creation(`n${i}`)));
    await ledger.close();
    expect((await Promise.all(writes)).every(({ outcome }) => outcome === "accepted")).toBe(true);
    await expect(ledger.accept(creation("late"))).rejects.toThrow(LedgerUnavailableError);
    await expect(ledger.ping()).rejects.toThrow(LedgerUnavailableError);
  });

  it("says that it is unavailable while another program keeps the file locked, and recovers", async () => {
    const ledger = await home.open();
    const other = new DatabaseSync(home.path);
    other.exec("begin immediate");
    const writes = await Promise.allSettled([ledger.accept(creation("a")), ledger.accept(creation("b"))]);
    for (const write of writes) {
      expect(write).toMatchObject({ status: "rejected", reason: expect.any(LedgerUnavailableError) });
    }
    other.exec("rollback");
    other.close();
    expect(await ledger.countOpen()).toBe(0);
    expect((await ledger.accept(creation("a"))).outcome).toBe("accepted");
  });

  it("refuses a file that is no database, leaves it as it is, and frees the lock", async () => {
    const text = "no database".repeat(1_000);
    mkdirSync(dirname(home.path));
    writeFileSync(home.path, text);
    await expect(home.open()).rejects.toThrow(/not a database/);
    expect(readFileSync(home.path, "utf8")).toBe(text);
    rmSync(home.path);
    const ledger = await home.open();
    await ledger.ping();
  });

  it.each(["relay.db", "mysql://user:geheim@host/db", "sqlite:", ""])(
    "refuses the URL %j without repeating it",
    async (url) => {
      const refusal = openLedger(new Secret(url));
      await expect(refusal).rejects.toThrow(/^a ledger URL is sqlite:PATH or postgres:/);
      await expect(refusal).rejects.not.toThrow(/geheim/);
    },
  );
});
