import { createHash, createHmac } from "node:crypto";
import type { ReceivedRequest } from "./local-server.ts";

export interface AwsAccessKey {
  readonly id: string;
  readonly secret: string;
}

const AUTHORIZATION =
  /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/kms\/aws4_request, SignedHeaders=([^,]+), Signature=([0-9a-f]{64})$/;

/** Whether the request to "/" bears this key's signature (AWS Signature Version 4, worked out from its description). */
export function hasAwsSignature(request: ReceivedRequest, key: AwsAccessKey, region: string): boolean {
  const parts = AUTHORIZATION.exec(request.headers.authorization ?? "");
  if (parts === null) return false;
  const [, id, day = "", signedFor = "", names = "", signature] = parts;
  const time = request.headers["x-amz-date"];
  if (id !== key.id || signedFor !== region || typeof time !== "string" || !time.startsWith(day))
    return false;
  const headers = names.split(";").map((name) => `${name}:${request.headers[name]}\n`);
  const canonical = [request.method, request.target, "", headers.join(""), names, sha256(request.body)].join(
    "\n",
  );
  const text = ["AWS4-HMAC-SHA256", time, `${day}/${region}/kms/aws4_request`, sha256(canonical)].join("\n");
  const signingKey = [day, region, "kms", "aws4_request"].reduce<Buffer | string>(hmac, `AWS4${key.secret}`);
  return names.includes("host") && hmac(signingKey, text).toString("hex") === signature;
}

function hmac(key: Buffer | string, text: string): Buffer {
  return createHmac("sha256", key).update(text).digest();
}

function sha256(data: string | Buffer): string {
  return createHash("sha256").update(data).digest("hex");
}
