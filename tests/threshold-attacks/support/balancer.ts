import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { temporaryDirectory } from "../../signer/support/temporary-directory.ts";

/** Stands between a relay and signers, as a load balancer of connections does: Unix sockets. */
export interface Balancer {
  readonly path: string;
  /** Connections go to another signer from now on, and those that are open end. */
  turnTo(path: () => string): Promise<void>;
}

/** Starts it until the test ends. */
export async function startBalancer(first: () => string): Promise<Balancer> {
  const path = join(temporaryDirectory(), "b");
  const sockets = new Set<Socket>();
  let target = first;
  const server = createServer((incoming) => {
    const outgoing = connect(target());
    for (const [socket, other] of [
      [incoming, outgoing],
      [outgoing, incoming],
    ] as const) {
      sockets.add(socket);
      socket.on("error", () => undefined);
      socket.on("close", () => {
        sockets.delete(socket);
        other.destroy();
      });
      socket.pipe(other);
    }
  });
  const cut = () => Promise.all([...sockets].map((socket) => once(socket.destroy(), "close")));
  server.listen(path);
  await once(server, "listening");
  onTestFinished(async () => {
    server.close();
    await cut();
  });
  return {
    path,
    async turnTo(next) {
      target = next;
      await cut();
    },
  };
}
