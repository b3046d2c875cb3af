/** What of Node's `process` changes who a process is. Absent on Windows. */
export interface Credentials
  extends Pick<
    NodeJS.Process,
    "getuid" | "geteuid" | "getgid" | "getegid" | "getgroups" | "setgid" | "setuid"
  > {
  /** Takes all groups that a user is in, and one more. */
  readonly initgroups?: (user: string, extraGroup: string) => void;
}

/** As whom the signer is to run. */
export interface RunAs {
  readonly user: string;
  readonly group: string;
}

const ROOT = 0;

/**
 * Gives root up for good: takes the user's groups, the group and the user, and sees that root cannot be had back. A
 * process that is not root stays as it is. Throws an Error when root stays within reach, or when nobody is named.
 *
 * After it the kernel also keeps other processes of that user from reading this one's memory: a process that changed
 * its user is not dumpable (prctl(2), PR_SET_DUMPABLE).
 */
export function dropPrivileges(runAs: RunAs | null, credentials: Credentials): void {
  const { geteuid, getuid, getegid, getgid, initgroups, setgid, setuid, getgroups } = credentials;
  if (geteuid === undefined || getuid === undefined || getegid === undefined || getgid === undefined) return;
  if (geteuid() !== ROOT && getuid() !== ROOT) return;
  if (runAs === null) throw new Error("the signer does not run as root: name process.user and process.group");
  const { user, group } = runAs;
  try {
    initgroups?.(user, group);
    setgid?.(group);
    setuid?.(user);
  } catch (error) {
    const { code = "unknown" } = error as NodeJS.ErrnoException;
    throw new Error(`cannot become ${user}, group ${group} (${code})`);
  }
  const ids = [getuid(), geteuid(), getgid(), getegid(), ...(getgroups?.() ?? [])];
  if (ids.includes(ROOT) || mayBecomeRoot(credentials)) {
    throw new Error(`as ${user}, group ${group}, the signer would still have root's rights`);
  }
}

function mayBecomeRoot({ setuid, setgid }: Credentials): boolean {
  return [setuid, setgid].some((set) => {
    try {
      set?.(ROOT);
      return set !== undefined;
    } catch {
      return false;
    }
  });
}
