import { describe, expect, it } from "vitest";
import { type Credentials, dropPrivileges } from "./privileges.ts";

/** A process of root's, as the kernel would treat it; `keepsRoot` is one that could get root back. */
function processOf({ uid = 0, keepsRoot = false, keepsGroups = false } = {}) {
  let user = uid;
  let group = uid;
  let groups = [uid];
  const allowed = (id: string | number) => {
    if (user !== 0 && id === 0 && !keepsRoot) throw Object.assign(new Error("no"), { code: "EPERM" });
  };
  const credentials: Credentials = {
    getuid: () => user,
    geteuid: () => user,
    getgid: () => group,
    getegid: () => group,
    getgroups: () => groups,
    initgroups: () => {
      if (!keepsGroups) groups = [1000];
    },
    setgid: (id) => {
      allowed(id);
      if (id !== 0) group = 1000;
    },
    setuid: (id) => {
      allowed(id);
      if (id === "nobody-there") throw Object.assign(new Error("no"), { code: "ERR_UNKNOWN_CREDENTIAL" });
      if (id !== 0) user = 1000;
    },
  };
  return credentials;
}

const runAs = { user: "signer", group: "signer" };

describe("dropPrivileges", () => {
  it("leaves root for good", () => {
    const credentials = processOf();
    dropPrivileges(runAs, credentials);
    expect([credentials.getuid?.(), credentials.getgid?.()]).toEqual([1000, 1000]);
  });

  it("leaves a process alone that is not root", () => {
    const credentials = processOf({ uid: 33 });
    dropPrivileges(null, credentials);
    dropPrivileges(runAs, credentials);
    expect(credentials.getuid?.()).toBe(33);
  });

  it.each([
    ["nobody is named", null, {}, "does not run as root"],
    ["there is no such user", { user: "nobody-there", group: "signer" }, {}, "ERR_UNKNOWN_CREDENTIAL"],
    ["root can be had back", runAs, { keepsRoot: true }, "still have root's rights"],
    ["a group of root's stays", runAs, { keepsGroups: true }, "still have root's rights"],
  ])("throws when %s", (_, as, process, message) => {
    expect(() => dropPrivileges(as, processOf(process))).toThrow(message);
  });
});
