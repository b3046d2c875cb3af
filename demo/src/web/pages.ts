import { once } from "node:events";
import { readdir, readFile } from "node:fs/promises";
import http from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, relative, sep } from "node:path";
import { build } from "vite";

const EXAMPLES = join(import.meta.dirname, "../../../examples");
/** Bytes of a body that is sent to a page's own server. */
const MAX_BODY = 262_144;
/** Of what Vite puts out for a page. */
const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".svg": "image/svg+xml",
};

/** Answers a path beside a page. */
export type Answer = (body: string) => Promise<{ readonly status: number; readonly json: string }>;

/** A page's server. What it says besides can be told to it later. */
export interface Page {
  readonly origin: string;
  /** Headers of everything that it serves. */
  headers: Readonly<Record<string, string>>;
  /** By path, GET or POST. */
  answers: Readonly<Record<string, Answer>>;
  stop(): Promise<void>;
}

interface File {
  readonly type: string;
  readonly body: Buffer;
}

/** Bundles an example as its own Vite configuration has it, and serves it on a free port. */
export async function servePage(example: "wallet" | "app", host: string, folder: string): Promise<Page> {
  const files = await bundled(example, join(folder, example));
  const state: Pick<Page, "headers" | "answers"> = { headers: {}, answers: {} };
  const server = http.createServer((request, response) => {
    serve(request, response, files, state).catch(() => response.writeHead(502).end());
  });
  server.listen(0, host);
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return Object.assign(state, {
    origin: `http://${host}:${port}`,
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  });
}

/** The files of an example, by the path at which they are served. */
async function bundled(example: string, outDir: string): Promise<ReadonlyMap<string, File>> {
  // Vite tells its whole process that it is in production, which pages are built for. Relays and signers, which get their
  // environment from this process, would take it for theirs.
  const { NODE_ENV } = process.env;
  await build({ root: join(EXAMPLES, example), logLevel: "error", build: { outDir, emptyOutDir: true } });
  if (NODE_ENV === undefined) delete process.env.NODE_ENV;
  else process.env.NODE_ENV = NODE_ENV;

  const files = new Map<string, File>();
  for (const entry of await readdir(outDir, { recursive: true, withFileTypes: true })) {
    const type = TYPES[extname(entry.name)];
    if (!entry.isFile() || type === undefined) continue;
    const file = join(entry.parentPath, entry.name);
    const path = `/${relative(outDir, file).split(sep).join("/")}`;
    files.set(path === "/index.html" ? "/" : path, { type, body: await readFile(file) });
  }
  return files;
}

async function serve(
  request: http.IncomingMessage,
  response: http.ServerResponse,
  files: ReadonlyMap<string, File>,
  { headers, answers }: Pick<Page, "headers" | "answers">,
): Promise<void> {
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  const path = request.url?.split("?", 1)[0] ?? "";
  const answer = Object.hasOwn(answers, path) ? answers[path] : undefined;
  if (answer !== undefined) {
    const { status, json } = await answer(await bodyOf(request));
    response.writeHead(status, { "content-type": "application/json", "cache-control": "no-store" }).end(json);
    return;
  }
  const file = files.get(path);
  if (file === undefined) {
    response.writeHead(404, { "content-type": "text/plain" }).end("There is nothing here.");
    return;
  }
  response.writeHead(200, { "content-type": file.type, "cache-control": "no-cache" }).end(file.body);
}

async function bodyOf(request: http.IncomingMessage): Promise<string> {
  let body = "";
  for await (const chunk of request.setEncoding("utf8")) {
    body += chunk;
    if (body.length > MAX_BODY) throw new RangeError("the body is too long");
  }
  return body;
}
