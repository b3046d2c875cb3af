import { bytesToHex } from "@noble/hashes/utils.js";
import { describe, expect, it } from "vitest";
import { isScalar } from "./scalar.ts";
import { random } from "./test-tools.ts";
import { Transcript, TranscriptRng } from "./transcript.ts";

const NINES = new Uint8Array(32).fill(9);
const hexOf = (rng: TranscriptRng, size: number) => bytesToHex(rng.fill(new Uint8Array(size)));

describe("a transcript", () => {
  it("gives the reference library's challenge", () => {
    expect(bytesToHex(Transcript.begin("protocol").message("l", "m").challenge("c", 32))).toBe(
      "21527601a01797dea91d31a272b4ceca12d91608cbc1f9bf98ec680302b06659",
    );
  });

  it("depends on labels, messages, their order and where one ends", () => {
    const challenges = [
      Transcript.begin("a").message("l", "m"),
      Transcript.begin("b").message("l", "m"),
      Transcript.begin("a").message("k", "m"),
      Transcript.begin("a").message("l", "n"),
      Transcript.begin("a").message("l", "m").message("l", "m"),
      Transcript.begin("a").message("l", "m").message("l", ""),
      Transcript.begin("a").message("lm", ""),
      Transcript.begin("a").message("l", new Uint8Array(1_000)),
    ].map((transcript) => bytesToHex(transcript.challenge("c", 32)));
    expect(new Set(challenges).size).toBe(challenges.length);
  });

  it("is not changed by what becomes of its fork", () => {
    const transcript = Transcript.begin("a").message("l", "m");
    const fork = transcript.fork("party", Uint8Array.of(1));
    fork.message("l", "m").challenge("c", 32);
    expect(transcript.challenge("c", 32)).toEqual(Transcript.begin("a").message("l", "m").challenge("c", 32));
    expect(Transcript.begin("a").fork("l", Uint8Array.of(1)).challenge("c", 32)).toEqual(
      Transcript.begin("a").message("l", Uint8Array.of(1)).challenge("c", 32),
    );
  });
});

describe("a generator", () => {
  it("gives the reference library's bytes", () => {
    expect(hexOf(TranscriptRng.seeded(NINES), 64)).toBe(
      "5e0d7cc954c2caebabd922bb0ead09fa67d6fc7754a3acb03e93b712151b7db97f99e3d9f27ee5cdbd3d7ba943abfbf10b6b62600c4afc810425d62e3f39abba",
    );
  });

  it("gives the reference library's words, of which each is a call", () => {
    const rng = TranscriptRng.seeded(NINES);
    // The library writes them as numbers: 80648512b3e726e6 and ce969c7a24c9a37c.
    expect([hexOf(rng, 8), hexOf(rng, 8)]).toEqual(["e626e7b312856480", "7ca3c9247a9c96ce"]);
  });

  it("begins anew with another seed", () => {
    const rng = TranscriptRng.seeded(random("", 32));
    hexOf(rng, 200);
    rng.reseed(NINES);
    expect(hexOf(rng, 64)).toBe(hexOf(TranscriptRng.seeded(NINES), 64));
    rng.reseed(new Uint8Array(32));
    expect(hexOf(rng, 64)).not.toBe(hexOf(TranscriptRng.seeded(NINES), 64));
  });

  it("gives more than a block", () => {
    const bytes = TranscriptRng.seeded(NINES).fill(new Uint8Array(1_000));
    expect(new Set(bytes).size).toBeGreaterThan(200);
    expect(bytes.subarray(0, 166)).not.toEqual(bytes.subarray(166, 332));
  });

  it("gives scalars, each another one", () => {
    const rng = TranscriptRng.seeded(random("", 32));
    const scalars = Array.from({ length: 50 }, () => rng.scalar());
    expect(scalars.every(isScalar)).toBe(true);
    expect(new Set(scalars.map(bytesToHex)).size).toBe(50);
  });

  it("of a transcript depends on the transcript, and leaves it behind", () => {
    const [a, b] = [Transcript.begin("a"), Transcript.begin("b")];
    expect(hexOf(a.challengeRng("c"), 32)).not.toBe(hexOf(b.challengeRng("c"), 32));
    expect(hexOf(a.challengeRng("c"), 32)).not.toBe(hexOf(Transcript.begin("a").challengeRng("c"), 32));
  });
});
