import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { createInterface } from "node:readline";

/** A Redis of the test's own, that may be stopped and started again at the same address. */
export interface OwnRedis {
  readonly url: string;
  /** Ends it at once, with all that it knows. */
  kill(): Promise<void>;
  /** Starts it again, empty. */
  start(): Promise<void>;
  /** Its connections stay, but nothing is answered. */
  freeze(): void;
  thaw(): void;
}

/** The server that scripts/services.sh started; undefined without one. Tests share it. */
export const redisUrl = process.env.TEST_REDIS_URL;

/** Milliseconds for an answer, in tests that are not about a Redis that gives none: the machine may be busy with others. */
export const PATIENCE_MS = 30_000;
/** The same for a relay, whose calls may wait three times before their deadline. */
export const RELAY_PATIENCE_MS = 2_500;

/** The program, for a server of the test's own; undefined without one. */
export const redisServer = process.env.TEST_REDIS_SERVER;

/** Starts a server on a free loopback port. Throws without the program. Call `kill` at the end. */
export async function startRedis(): Promise<OwnRedis> {
  const password = randomBytes(16).toString("hex");
  // Another process may take the free port first: then another port.
  for (let attempt = 1; ; attempt++) {
    const port = await freePort();
    try {
      return await serve(port, password);
    } catch (error) {
      if (attempt === 3) throw error;
    }
  }
}

async function serve(port: number, password: string): Promise<OwnRedis> {
  let running = await launch(port, password);
  return {
    url: `redis://:${password}@127.0.0.1:${port}`,
    kill: async () => {
      if (running.exitCode !== null || running.signalCode !== null) return;
      const gone = once(running, "exit");
      running.kill("SIGKILL");
      await gone;
    },
    start: async () => {
      running = await launch(port, password);
    },
    freeze: () => {
      running.kill("SIGSTOP");
    },
    thaw: () => {
      running.kill("SIGCONT");
    },
  };
}

/** The configuration goes through standard input: everybody may read a command line. */
async function launch(port: number, password: string): Promise<ChildProcess> {
  if (redisServer === undefined)
    throw new Error("TEST_REDIS_SERVER is not set: run through scripts/services.sh");
  const server = spawn(redisServer, ["-"], { cwd: tmpdir(), stdio: ["pipe", "pipe", "inherit"] });
  server.stdin.end(
    `bind 127.0.0.1\nport ${port}\nrequirepass ${password}\nsave ""\nappendonly no\ndaemonize no\n`,
  );
  const log: string[] = [];
  for await (const line of createInterface({ input: server.stdout })) {
    if (line.includes("Ready to accept connections")) {
      server.stdout.resume();
      return server;
    }
    log.push(line);
  }
  throw new Error(`redis-server ended before it was ready:\n${log.join("\n")}`);
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
