import { Secret } from "@countersign/service-kit";
import { expect, test } from "vitest";
import { signatureHeaders } from "./signature.ts";

// The example of Standard Webhooks, which its libraries test themselves with.
const SECRET = new Secret<Uint8Array>(Buffer.from("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "base64"));
const EVENT = {
  id: "msg_p5jXN8AQM9LWM0D4loKWxJek",
  at: new Date(1_614_265_330_999),
  body: '{"test": 2432232314}',
};
const SIGNATURE = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

test("a signature is that of Standard Webhooks", () => {
  expect(signatureHeaders(EVENT, [SECRET])).toEqual({
    "webhook-id": EVENT.id,
    "webhook-timestamp": "1614265330",
    "webhook-signature": SIGNATURE,
  });
});

test("each secret signs, and each field changes what it signs", () => {
  const other = new Secret<Uint8Array>(Buffer.alloc(32, 1));
  const both = signatureHeaders(EVENT, [other, SECRET])["webhook-signature"]?.split(" ");
  expect(both).toHaveLength(2);
  expect(both?.[1]).toBe(SIGNATURE);
  const changed = [
    { ...EVENT, id: "msg_q" },
    { ...EVENT, at: new Date(1_614_265_331_000) },
    { ...EVENT, body: '{"test": 2432232315}' },
  ];
  for (const event of changed) {
    expect(signatureHeaders(event, [SECRET])["webhook-signature"]).not.toBe(SIGNATURE);
  }
});
