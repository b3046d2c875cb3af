import http2 from "node:http2";
import { buffer } from "node:stream/consumers";
import { fromBinary, getOption } from "@bufbuild/protobuf";
import { ErrorReason, reasons } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { RelayService } from "@countersign/gen/countersign/relay/v1/relay_service_pb.ts";
import { ErrorInfoSchema } from "@countersign/gen/google/rpc/error_details_pb.ts";
import { reasonName } from "@countersign/service-kit";
import { AUTH } from "../support/test-tenant.ts";

export type ContentType = "application/proto" | "application/json";

/** What came back: the answer's bytes, or the name of the refusal's reason. */
export type Answer =
  | { readonly ok: true; readonly body: Buffer }
  | { readonly ok: false; readonly reason: string };

/** Reasons that SubmitDelegate may give: its own, and the ones of every method but INTERNAL. */
export const DECLARED: ReadonlySet<string> = new Set(
  [
    ...getOption(RelayService.method.submitDelegate, reasons),
    ErrorReason.FIELD_INVALID,
    ErrorReason.REQUEST_TOO_LARGE,
  ].map(reasonName),
);

/** Sends bytes as they are to SubmitDelegate, over one HTTP/2 connection. */
export class RawCalls {
  readonly #session: http2.ClientHttp2Session;

  constructor(address: string) {
    this.#session = http2.connect(address);
  }

  async submitDelegate(body: Uint8Array, contentType: ContentType): Promise<Answer> {
    const stream = this.#session.request({
      ":method": "POST",
      ":path": "/countersign.relay.v1.RelayService/SubmitDelegate",
      "content-type": contentType,
      ...AUTH,
    });
    let status = 0;
    stream.on("response", (headers) => {
      status = headers[":status"] ?? 0;
    });
    stream.end(body);
    const answer = await buffer(stream);
    return status === 200 ? { ok: true, body: answer } : { ok: false, reason: reasonOf(status, answer) };
  }

  close(): void {
    this.#session.destroy();
  }
}

/** The reason in Connect's JSON error; what is no such error counts as a reason that nobody declared. */
function reasonOf(status: number, body: Buffer): string {
  const fault = `HTTP ${status}: ${body.toString("utf8")}`;
  if (!body.toString("utf8", 0, 1).startsWith("{")) return fault;
  const { details = [] } = JSON.parse(body.toString("utf8")) as {
    details?: { type: string; value: string }[];
  };
  const info = details.find(({ type }) => type === "google.rpc.ErrorInfo");
  if (info === undefined) return fault;
  return fromBinary(ErrorInfoSchema, Buffer.from(info.value, "base64")).reason;
}
