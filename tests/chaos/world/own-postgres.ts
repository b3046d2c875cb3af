import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { chownSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { userInfo } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import pg from "pg";

/** A PostgreSQL of the run's own, that may be stopped and started again at the same address. */
export interface OwnPostgres {
  /** Makes an empty database and gives its URL. */
  createDatabase(name: string): Promise<string>;
  /** "immediate" leaves what a crash leaves, and the next start recovers it; "fast" cuts the connections in good order. */
  stop(how: "immediate" | "fast"): Promise<void>;
  start(): Promise<void>;
}

/** The folder of PostgreSQL's programs, as scripts/services.sh found it; undefined without. */
export const postgresPrograms = process.env.TEST_POSTGRES_PROGRAMS;

const STOP_SIGNALS = { immediate: "SIGQUIT", fast: "SIGINT" } as const;
const LOOK_MS = 20;
const STARTS = 5;

/** Starts one that keeps its data in `folder`, which others may pass through. Throws without the programs. */
export async function startPostgres(folder: string): Promise<OwnPostgres> {
  if (postgresPrograms === undefined) throw new Error("no PostgreSQL: run through scripts/services.sh run");
  const programs = postgresPrograms;
  const data = join(folder, "postgres");
  const password = randomBytes(16).toString("hex");
  const user = serverUser();
  makeCluster(programs, data, password, user);
  const port = await freePort();
  let running: ChildProcess | undefined;

  const launch = async () => {
    const log = openSync(join(folder, "postgres.log"), "a");
    const settings = ["listen_addresses=127.0.0.1", `port=${port}`, "unix_socket_directories="];
    const args = [...settings, "max_connections=200"].flatMap((setting) => ["-c", setting]);
    // What an earlier life wrote there says nothing of this one.
    const state = join(data, "postmaster.pid");
    const child = spawn(join(programs, "postgres"), ["-D", data, ...args], {
      ...user,
      cwd: data,
      stdio: ["ignore", log, log],
    });
    while (child.exitCode === null && child.signalCode === null) {
      const lines = readLines(state);
      if (lines[0] === String(child.pid) && lines[7] === "ready") return child;
      await delay(LOOK_MS);
    }
    return undefined;
  };
  const postgres: OwnPostgres = {
    async createDatabase(name) {
      const url = new URL(`postgres://test:${password}@127.0.0.1:${port}/postgres`);
      const client = new pg.Client({ connectionString: url.href });
      await client.connect();
      await client.query(`create database ${name}`);
      await client.end();
      url.pathname = `/${name}`;
      return url.href;
    },
    async stop(how) {
      const child = running;
      running = undefined;
      if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
      const gone = once(child, "exit");
      child.kill(STOP_SIGNALS[how]);
      await gone;
    },
    async start() {
      // Children of the one before may hold its memory for a moment.
      for (let tries = 0; running === undefined && tries < STARTS; tries++) {
        if (tries > 0) await delay(LOOK_MS * 10);
        running = await launch();
      }
      if (running === undefined) throw new Error(`PostgreSQL does not start:\n${tail(folder)}`);
    },
  };
  await postgres.start();
  return postgres;
}

interface User {
  readonly uid?: number;
  readonly gid?: number;
}

/** PostgreSQL refuses to run as root. */
function serverUser(): User {
  if (userInfo().uid !== 0) return {};
  const idOf = (flag: string, name: string) => Number(execFileSync("id", [flag, name], { encoding: "utf8" }));
  for (const name of ["postgres", "nobody"]) {
    try {
      return { uid: idOf("-u", name), gid: idOf("-g", name) };
    } catch {
      // There is no such user.
    }
  }
  throw new Error("PostgreSQL does not run as root, and there is nobody else");
}

function makeCluster(programs: string, data: string, password: string, user: User): void {
  mkdirSync(data, { mode: 0o700 });
  const file = `${data}.password`;
  writeFileSync(file, password, { mode: 0o600 });
  if (user.uid !== undefined) for (const path of [data, file]) chownSync(path, user.uid, user.gid ?? -1);
  const args = [
    "--username=test",
    `--pwfile=${file}`,
    "--auth=scram-sha-256",
    "--encoding=UTF8",
    "--locale=C",
  ];
  execFileSync(join(programs, "initdb"), [`--pgdata=${data}`, ...args, "--no-sync"], {
    ...user,
    cwd: data,
    stdio: ["ignore", "ignore", "inherit"],
  });
  rmSync(file);
}

function readLines(path: string): string[] {
  try {
    return readFileSync(path, "utf8")
      .split("\n")
      .map((line) => line.trim());
  } catch {
    return [];
  }
}

function tail(folder: string): string {
  return readLines(join(folder, "postgres.log")).slice(-20).join("\n");
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}
