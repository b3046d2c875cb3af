import { connect, createServer, type Server, type Socket } from "node:net";

/** A Unix socket in front of the signer's, for a signer that goes away and comes back. */
export interface SignerGate {
  readonly socketPath: string;
  /** Cuts every connection and takes no more. */
  close(): Promise<void>;
  /** Takes connections again. */
  open(): Promise<void>;
}

export async function openSignerGate(socketPath: string, signerPath: string): Promise<SignerGate> {
  let server: Server | undefined;
  const sockets = new Set<Socket>();
  const hold = (socket: Socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket)).on("error", () => socket.destroy());
  };
  const gate: SignerGate = {
    socketPath,
    async close() {
      const closing = server;
      if (closing === undefined) return;
      server = undefined;
      await new Promise<void>((resolve) => {
        closing.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      });
    },
    async open() {
      const opening = createServer((from) => {
        const to = connect(signerPath);
        hold(from);
        hold(to);
        from.on("close", () => to.destroy()).pipe(to);
        to.on("close", () => from.destroy()).pipe(from);
      });
      server = opening;
      await new Promise<void>((resolve) => opening.listen(socketPath, resolve));
    },
  };
  await gate.open();
  return gate;
}
