import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { chownSync, mkdirSync, readdirSync, readFileSync, readlinkSync, statSync } from "node:fs";
import { connect } from "node:net";
import { describe, expect, it } from "vitest";
import { POLICY, startWithOneKey, tryTransfer } from "./support/one-key.ts";
import { keystorePlace } from "./support/places.ts";
import { NETWORK, RELAYER } from "./support/relaying.ts";
import type { SignerOperator } from "./support/signer-operator.ts";

const isLinux = process.platform === "linux";
const isRoot = process.geteuid?.() === 0;
const LISTENS = "0A";

/** A field of /proc/PID/status, its values apart. */
function statusOf(pid: number, field: string): string[] {
  const line = readFileSync(`/proc/${pid}/status`, "utf8").match(new RegExp(`^${field}:\\s*(.*)$`, "m"));
  return (line?.[1] ?? "").split(/\s+/).filter((part) => part !== "");
}

/** Gives the signer's folder with all that is in it to another user. */
function giveTo(operator: SignerOperator, user: string): void {
  const idOf = (option: string) => Number(execFileSync("id", [option, user], { encoding: "utf8" }));
  const [uid, gid] = [idOf("-u"), idOf("-g")];
  for (const path of ["", ...readdirSync(operator.folder, { recursive: true, encoding: "utf8" })]) {
    chownSync(operator.file(path), uid, gid);
  }
}

/** States of the process's sockets of TCP and UDP, as /proc/net has them. */
function internetSockets(pid: number): string[] {
  const inodes = new Set(
    readdirSync(`/proc/${pid}/fd`).flatMap((fd) => /^socket:\[(\d+)\]$/.exec(linkOf(pid, fd))?.[1] ?? []),
  );
  return ["tcp", "tcp6", "udp", "udp6"].flatMap((table) =>
    readFileSync(`/proc/${pid}/net/${table}`, "utf8")
      .trimEnd()
      .split("\n")
      .slice(1)
      .map((row) => row.trim().split(/\s+/))
      .flatMap((row) => (inodes.has(row[9] ?? "") ? [`${table} ${row[3]}`] : [])),
  );
}

/** It may be closed by now. */
function linkOf(pid: number, fd: string): string {
  try {
    return readlinkSync(`/proc/${pid}/fd/${fd}`);
  } catch {
    return "";
  }
}

const modeOf = (path: string) => (statSync(path).mode & 0o777).toString(8);

/** Whether this machine lets root make a mount namespace of its own. */
function mayUnshare(): boolean {
  if (!isLinux || !isRoot) return false;
  try {
    execFileSync("unshare", ["-m", "mount", "-o", "remount,bind,ro", "/"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

const READ_ONLY = mayUnshare();
if (!READ_ONLY) {
  process.stdout.write("skipped: a read-only root, which this user may not make here (unshare -m)\n");
}

/** Makes everything read-only but the folders named before "--"; ends with 99 if it is not. */
const READ_ONLY_ROOT = `
  mount --make-rprivate / || exit 98
  while read -r _ at _; do
    case "$at" in /dev/shm) ;; /proc* | /sys* | /dev*) continue ;; esac
    mount -o remount,bind,ro "$at"
  done </proc/self/mounts
  while [ "$1" != -- ]; do mount --bind "$1" "$1" && mount -o remount,bind,rw "$1" || exit 98; shift; done
  shift
  if touch "$PROBE/probe" 2>/dev/null; then exit 99; fi
  exec "$@"`;

describe.runIf(isLinux && isRoot)("a signer that root starts for another user", () => {
  it("keeps nothing of root's, shows its files to nobody else, and still reloads", async () => {
    const operator = await keystorePlace("first");
    operator.configure({ policies: { first: POLICY }, process: { user: "nobody", group: "nogroup" } });
    giveTo(operator, "nobody");
    await operator.start({ NODE_ENV: "production" });
    const { pid } = operator;
    for (const field of ["Uid", "Gid", "Groups"]) {
      expect(statusOf(pid, field)).not.toEqual([]);
      expect(statusOf(pid, field)).not.toContain("0");
    }
    expect(statusOf(pid, "CapEff")).toEqual(["0000000000000000"]);
    const core = /^Max core file size +(\S+) +(\S+)/m.exec(readFileSync(`/proc/${pid}/limits`, "utf8"));
    for (const limit of core?.slice(1) ?? ["none"]) expect(["0", "1"]).toContain(limit);
    const files = [operator.socketPath, operator.adminSocketPath];
    const kept = readdirSync(operator.file("state")).map((name) => operator.file(`state/${name}`));
    expect(kept.length).toBeGreaterThan(1);
    for (const path of [...files, ...kept]) expect(`${path} ${modeOf(path)}`).toBe(`${path} 600`);

    await operator.openKey("first", 0n);
    const key = (await operator.keys()).first?.public_key ?? "";
    operator.configure({ policies: {} });
    giveTo(operator, "nobody");
    operator.signal("SIGHUP");
    await operator.logged(({ msg }) => msg === "configuration reloaded");
    expect(await tryTransfer(operator, key, 1n)).toBe("SIGNER_PURPOSE_NOT_ALLOWED");
    expect(await operator.stop()).toBe(0);
  });

  it("does not start as root in production", async () => {
    const operator = await keystorePlace("first");
    const started = operator.start({ NODE_ENV: "production" });
    await expect(started).rejects.toThrow(/ended \(1\).*does not run as root/s);
    expect(readdirSync(operator.file("state"))).toEqual([]);
  });
});

describe.runIf(READ_ONLY)("a signer on a read-only file system", () => {
  it("signs and keeps its journal, with its sockets' and its store's folders alone to write to", async () => {
    const operator = await keystorePlace("first");
    operator.configure({ policies: { first: POLICY } });
    mkdirSync(operator.file("probe"));
    const folders = ["run", "state"].map((name) => operator.file(name));
    const before = ["unshare", "-m", "sh", "-c", READ_ONLY_ROOT, "sh", ...folders, "--"];
    await operator.start({ PROBE: operator.file("probe") }, before);
    await operator.openKey("first", 0n);
    const key = (await operator.keys()).first?.public_key ?? "";
    expect(await tryTransfer(operator, key, 1n)).toBe("signed");
    const names = ["--network", NETWORK, "--account", RELAYER, "--backend", "keys"];
    expect(
      await operator.refused("key", "generate", "--key-id", "second", ...names, ...operator.at),
    ).toContain("did not make the key");
    expect(await operator.admin("reload")).toContain("reloaded");
    expect(await tryTransfer(operator, key, 2n)).toBe("signed");
    expect(await operator.stop()).toBe(0);
    expect(await operator.exported("journal")).toHaveLength(2);
  });
});

describe.runIf(isLinux)("a signer with a keystore", () => {
  it("has no connection over the network; it only listens where its metrics are", async () => {
    const operator = await startWithOneKey();
    const key = (await operator.keys()).first?.public_key ?? "";
    let nonce = 0n;
    const seen = new Set<string>();
    for (let i = 0; i < 20; i++) {
      const signing = tryTransfer(operator, key, ++nonce);
      for (const socket of internetSockets(operator.pid)) seen.add(socket);
      expect(await signing).toBe("signed");
    }
    await operator.admin("reload");
    for (const socket of internetSockets(operator.pid)) seen.add(socket);
    expect([...seen]).toEqual([`tcp ${LISTENS}`]);
  });

  it("finishes its calls on SIGTERM, and takes its sockets away", async () => {
    const operator = await startWithOneKey();
    const key = (await operator.keys()).first?.public_key ?? "";
    expect(await tryTransfer(operator, key, 1n)).toBe("signed");
    const idle = connect(operator.socketPath);
    await once(idle, "connect");
    const closed = once(idle, "close");
    expect(await operator.stop()).toBe(0);
    await closed;
    expect(operator.lines.map(({ msg }) => msg).slice(-2)).toEqual(["stopping", "stopped"]);
    expect(readdirSync(operator.file("run"))).toEqual([]);
    await operator.start();
    expect(await tryTransfer(operator, key, 2n)).toBe("signed");
  });
});
