import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fromJsonString } from "@bufbuild/protobuf";
import { SignedAdminGrantSchema } from "@countersign/gen/countersign/signer/v1/signer_admin_pb.ts";
import { grantCommand } from "@countersign/signer-service/commands/grant.ts";
import { verifyAdminGrant } from "@countersign/signer-service/grants/admin-grant-signature.ts";
import { trustedKeys } from "@countersign/signer-service/grants/trusted-keys.ts";
import { describe, expect, it, vi } from "vitest";
import { temporaryDirectory } from "../support/temporary-directory.ts";

/** Runs `signer grant …` in this process and gives what it prints. */
async function run(...args: string[]): Promise<string> {
  let printed = "";
  const stdout = vi.spyOn(process.stdout, "write").mockImplementation((text) => {
    printed += String(text);
    return true;
  });
  try {
    await grantCommand().parseAsync(args, { from: "user" });
    return printed;
  } finally {
    stdout.mockRestore();
  }
}

async function adminKey() {
  const file = join(temporaryDirectory(), "admin.key");
  const publicKey = (await run("keygen", "--out", file)).trim();
  const trust = { adminKeys: trustedKeys([{ id: "alice", public_key: publicKey }]), audience: "signer-1" };
  return { file, trust };
}

function signing(command: string, keyFile: string, out: string, ...more: string[]): string[] {
  const key = ["--admin-key", `file:${keyFile}`, "--admin-key-id", "alice", "--audience", "signer-1"];
  const about = ["--id", "g-1", "--network", "testnet", "--account", "relay.testnet", "--out", out];
  return [command, ...key, ...about, ...more];
}

function readGrant(path: string, trust: Parameters<typeof verifyAdminGrant>[1]) {
  const { grant, adminKeyId, signature } = fromJsonString(SignedAdminGrantSchema, readFileSync(path, "utf8"));
  return verifyAdminGrant({ grantBytes: grant, adminKeyId, signature }, trust, new Date());
}

describe("signer grant keygen", () => {
  it("makes a key that its owner alone can read, and prints the public half only", async () => {
    const file = join(temporaryDirectory(), "admin.key");
    const printed = await run("keygen", "--out", file);
    expect(printed).toMatch(/^ed25519:[1-9A-HJ-NP-Za-km-z]{40,44}\n$/);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(printed).not.toContain(readFileSync(file, "utf8").trim());
  });

  it("leaves a file that is there as it was", async () => {
    const file = join(temporaryDirectory(), "admin.key");
    writeFileSync(file, "precious");
    await expect(run("keygen", "--out", file)).rejects.toMatchObject({ code: "EEXIST" });
    expect(readFileSync(file, "utf8")).toBe("precious");
  });
});

describe("signer grant sign-key-management", () => {
  it("writes a grant that the signer verifies", async () => {
    const { file, trust } = await adminKey();
    const out = `${file}.grant.json`;
    await run(
      ...signing("sign-key-management", file, out, "--may-add", "--expires", "2999-01-01T00:00:00+01:00"),
    );
    const grant = readGrant(out, trust);
    expect(grant).toMatchObject({
      id: "g-1",
      audience: "signer-1",
      expiresAt: new Date("2998-12-31T23:00:00Z"),
    });
    expect(grant.allows).toEqual({
      kind: "key_management",
      network: "testnet",
      accountId: "relay.testnet",
      mayAdd: true,
      mayDelete: false,
    });
    expect(grant.notBefore.getTime()).toBeLessThanOrEqual(Date.now());
  });

  it("names a pool with all of its bounds, or none of it", async () => {
    const { file, trust } = await adminKey();
    const out = `${file}.grant.json`;
    const command = (...pool: string[]) =>
      run(...signing("sign-key-management", file, out, "--may-add", "--expires", "12h", ...pool));
    const bounds = ["--pool-max-keys", "8", "--pool-min-active", "2"];
    await expect(command("--pool-prefix", "pool-", ...bounds)).rejects.toThrow("belong together");
    const pool = ["--pool-prefix", "pool-", "--pool-backend", "hsm-1"];
    await expect(command(...pool, ...bounds.with(1, "0"))).rejects.toThrow("not a number of keys");
    await expect(command(...pool, ...bounds.with(1, "257"))).rejects.toThrow("1 to 256 keys");
    await expect(command(...pool, ...bounds.with(1, "1"))).rejects.toThrow("no more active keys");
    await command(...pool, ...bounds);
    expect(readGrant(out, trust).allows).toMatchObject({
      pool: { keyIdPrefix: "pool-", backend: "hsm-1", maxKeys: 8, minActive: 2 },
    });
  });

  it("takes the end as a time from now", async () => {
    const { file, trust } = await adminKey();
    const out = `${file}.grant.json`;
    await run(...signing("sign-key-management", file, out, "--may-delete", "--expires", "12h"));
    const { notBefore, expiresAt } = readGrant(out, trust);
    expect(expiresAt.getTime() - notBefore.getTime()).toBe(12 * 3_600_000);
  });

  it("refuses a grant of nothing, a time that is past or unclear, and a key on the command line", async () => {
    const { file } = await adminKey();
    const out = `${file}.grant.json`;
    const command = (...more: string[]) => run(...signing("sign-key-management", file, out, ...more));
    await expect(command("--expires", "12h")).rejects.toThrow("--may-add or --may-delete");
    for (const expires of [
      "2001-01-01T00:00:00Z",
      "2999-01-01T00:00:00",
      "0d",
      "tomorrow",
      "2999-13-01T00:00:00Z",
    ]) {
      await expect(command("--may-add", "--expires", expires)).rejects.toThrow(expires);
    }
    const args = signing("sign-key-management", file, out, "--may-add", "--expires", "12h");
    args[args.indexOf(`file:${file}`)] = "hunter2";
    await expect(run(...args)).rejects.toThrow("must be a reference");
  });
});

describe("signer grant sign-repair", () => {
  const repair = ["--public-key", "ed25519:6E8sCci9badyRkXb3JoRpBj5p8C6Tw41ELDZoiihKEtp", "--expires", "15m"];
  const hash = "ab".repeat(32);

  it("names the nonce and the old payload", async () => {
    const { file, trust } = await adminKey();
    const out = `${file}.grant.json`;
    const more = ["--nonce", "18446744073709551615", "--old-payload-hash", hash];
    await run(...signing("sign-repair", file, out, ...repair, ...more));
    expect(readGrant(out, trust).allows).toEqual({
      kind: "journal_repair",
      network: "testnet",
      accountId: "relay.testnet",
      publicKey: repair[1],
      nonce: 2n ** 64n - 1n,
      oldPayloadHash: Uint8Array.from(Buffer.from(hash, "hex")),
    });
  });

  it("refuses a nonce and a hash that are none", async () => {
    const { file } = await adminKey();
    const command = (nonce: string, oldHash: string) =>
      run(
        ...signing("sign-repair", file, `${file}.json`, ...repair),
        ...["--nonce", nonce, "--old-payload-hash", oldHash],
      );
    for (const nonce of ["-1", "1.5", "18446744073709551616", "0x1"]) {
      await expect(command(nonce, hash)).rejects.toThrow("--nonce");
    }
    for (const wrong of ["", hash.slice(2), `${hash}00`]) await expect(command("1", wrong)).rejects.toThrow();
  });
});
