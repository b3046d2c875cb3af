import type { ClientHttp2Stream, Http2Session } from "node:http2";
import { Http2SessionManager } from "@connectrpc/connect-node";

/**
 * Connections to the signer that end without ending the process. A manager lets go of a connection that the signer has
 * said goodbye on (GOAWAY) as soon as the next call comes, and the error with which it has that connection destroyed
 * finds no listener then: an uncaught exception (connect-node 2.2, http2-session-manager.js, onGoaway).
 */
export class SignerSessions extends Http2SessionManager {
  readonly #listening = new WeakSet<Http2Session>();

  override async request(...call: Parameters<Http2SessionManager["request"]>): Promise<ClientHttp2Stream> {
    const stream = await super.request(...call);
    const { session } = stream;
    if (session !== undefined && !this.#listening.has(session)) {
      this.#listening.add(session);
      // Whoever has a call on the connection is told by its stream.
      session.on("error", () => {});
    }
    return stream;
  }
}
