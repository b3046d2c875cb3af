import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";

/**
 * Loopback ports that were free a moment ago: a relay that logs errors only does not say which ports it
 * took. All are held until the last is known, so that no two are the same.
 */
export async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, "127.0.0.1"));
  await Promise.all(servers.map((server) => once(server, "listening")));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => once(server.close(), "close")));
  return ports;
}
