/**
 * The run is over: a message of the peer is malformed, unexpected or fails a check. The message names the check and
 * holds no secret. Whoever catches it drops the run and all that was made in it.
 */
export class ProtocolAbort extends Error {
  override readonly name = "ProtocolAbort";
}
