import { readFile } from "node:fs/promises";

/** USER_HZ: what the kernel counts CPU time in for user space, 100 on every Linux that Node runs on (proc(5)). */
const TICKS_A_SECOND = 100;
/** Places of utime and stime in /proc/PID/stat, counted from the field after the program's name. */
const UTIME = 11;
const STIME = 12;

/** CPU milliseconds that a process has spent so far in all of its threads, from /proc/PID/stat; in steps of 10. */
export async function cpuMs(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, "latin1");
  // The name may hold spaces and brackets, so the fields are counted from its last bracket.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return ((Number(fields[UTIME]) + Number(fields[STIME])) * 1000) / TICKS_A_SECOND;
}

/** CPU milliseconds that the whole machine has spent on anything, from /proc/stat. */
export async function machineCpuMs(): Promise<number> {
  const [line = ""] = (await readFile("/proc/stat", "latin1")).split("\n", 1);
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0] = line.split(/ +/).slice(1).map(Number);
  return ((user + nice + system + irq + softirq) * 1000) / TICKS_A_SECOND;
}

/** Resident memory of a process in bytes, now and at its highest, from /proc/PID/status. */
export async function memory(pid: number): Promise<{ rss: number; peak: number }> {
  const status = await readFile(`/proc/${pid}/status`, "latin1");
  const kilobytes = (name: string) =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(status)?.[1] ?? Number.NaN);
  return { rss: kilobytes("VmRSS") * 1024, peak: kilobytes("VmHWM") * 1024 };
}
