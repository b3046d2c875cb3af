import { once } from "node:events";
import net, { type AddressInfo, type Socket } from "node:net";

/** Stands before a PostgreSQL and takes it away, as a restart or a broken network would. */
export class LedgerGate {
  readonly url: string;
  readonly #port: number;
  readonly #target: { host: string; port: number };
  readonly #sockets = new Set<Socket>();
  #server: net.Server | undefined;

  private constructor(url: string, port: number, target: { host: string; port: number }, server: net.Server) {
    this.url = url;
    this.#port = port;
    this.#target = target;
    this.#use(server);
  }

  /** An open gate; its `url` leads through it to the database of `databaseUrl`. */
  static async before(databaseUrl: string): Promise<LedgerGate> {
    const url = new URL(databaseUrl);
    const target = { host: url.hostname, port: Number(url.port) };
    const server = net.createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    url.host = `127.0.0.1:${port}`;
    return new LedgerGate(url.href, port, target, server);
  }

  /** Breaks every connection; new ones are refused until `open`. */
  async close(): Promise<void> {
    const server = this.#server;
    if (server === undefined) return;
    this.#server = undefined;
    const closed = once(server, "close");
    server.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  /** Lets connections through again. */
  async open(): Promise<void> {
    if (this.#server !== undefined) return;
    const server = net.createServer().listen(this.#port, "127.0.0.1");
    await once(server, "listening");
    this.#use(server);
  }

  #use(server: net.Server): void {
    this.#server = server;
    server.on("connection", (near) => {
      const far = net.connect(this.#target);
      for (const [socket, other] of [
        [near, far],
        [far, near],
      ] as const) {
        this.#sockets.add(socket);
        socket.on("error", () => other.destroy());
        socket.on("close", () => {
          this.#sockets.delete(socket);
          other.destroy();
        });
        socket.pipe(other);
      }
    });
  }
}
