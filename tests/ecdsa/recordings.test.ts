import { readdirSync, readFileSync } from "node:fs";
import { libsecp256k1Points } from "@countersign/crypto/ot-ecdsa/libsecp256k1-points.ts";
import { noblePoints } from "@countersign/crypto/ot-ecdsa/noble-points.ts";
import { describe, expect, it } from "vitest";
import { type Recording, replay } from "./support/replay.ts";

const FOLDER = new URL("../vectors/threshold-ecdsa/", import.meta.url);
const FILES = readdirSync(FOLDER).filter((name) => name.endsWith(".json"));
const read = (name: string): Recording => JSON.parse(readFileSync(new URL(name, FOLDER), "utf8"));

describe.each(FILES)("the recorded run %s", (name) => {
  it.each([
    ["libsecp256k1", libsecp256k1Points],
    ["noble", noblePoints],
  ])("comes out byte for byte with %s", async (_, points) => {
    expect(await replay(read(name), points)).toEqual([]);
  });
});

it("there is a recording of each role", () => {
  expect(new Set(FILES.map((name) => read(name).result.me))).toEqual(new Set([1, 2]));
});

it("a replay notices a value that is another one", async () => {
  const recording = read("client-vs-reference-relayer.json");
  const entropy = "00".repeat(32);
  const differences = await replay(
    { ...recording, result: { ...recording.result, entropy } },
    libsecp256k1Points,
  );
  expect(differences.map((text) => text.split(" is ")[0])).toEqual([
    "delta",
    "rerand's R",
    "rerand's k",
    "rerand's sigma",
    "r",
    "a message was not sent then: sign, channel 440103a9, waitpoint 0",
    "a message was not sent now: sign, channel 440103a9, waitpoint 0",
  ]);
});
