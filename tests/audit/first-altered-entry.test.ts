import { createHash } from "node:crypto";
import { hashEntry } from "@countersign/server/audit/entry-hash.ts";
import { type ExportLine, formatLine, parseLine } from "@countersign/server/audit/export-lines.ts";
import { endStatement, headStatement, startStatement } from "@countersign/server/audit/statements.ts";
import { beforeAll, describe, expect, it } from "vitest";
import { FORGER, KEY, verified } from "./support/exports.ts";
import { ENTRIES, HEAD_EVERY, logOfThirty } from "./support/log-of-thirty.ts";

let lines: string[];
/** What each line says. */
let said: ExportLine[];
beforeAll(async () => {
  lines = await logOfThirty("acme");
  said = lines.map(parsed);
});

function parsed(line: string): ExportLine {
  const found = parseLine(line);
  if (found === undefined) throw new Error(`not a line of an export: ${line}`);
  return found;
}

const entryLines = () =>
  [...said.entries()].flatMap(([i, line]) => (line.type === "entry" ? [{ i, line }] : []));
const lineOf = (type: ExportLine["type"]) => said.findIndex((line) => line.type === type);

/** A relay's export with changes to what it says, chained and signed anew with somebody else's key. */
function forged(change: (line: ExportLine) => ExportLine, publicKey = FORGER.publicKey): string[] {
  const hash = createHash("sha256");
  const tenant = "acme";
  let previous: Uint8Array = new Uint8Array(32);
  return said.map((original) => {
    const line = signed(change(original));
    const text = formatLine(line);
    hash.update(text);
    return text;
  });

  function signed(line: ExportLine): ExportLine {
    switch (line.type) {
      case "start":
        return {
          ...line,
          public_key: publicKey,
          signature: FORGER.signStatement(startStatement({ ...line, tenant })),
        };
      case "entry":
        previous = hashEntry(previous, { ...line, tenant });
        return { ...line, hash: previous };
      case "head": {
        const head = { ...line, hash: previous };
        return { ...head, signature: FORGER.signStatement(headStatement({ ...head, tenant })) };
      }
      case "end": {
        const end = { ...line, hash: previous, lines_hash: hash.copy().digest() };
        const statement = endStatement({
          ...end,
          tenant,
          entries: BigInt(end.entries),
          linesHash: end.lines_hash,
        });
        return { ...end, signature: FORGER.signStatement(statement) };
      }
    }
  }
}

const altering = (line: ExportLine): ExportLine =>
  line.type === "entry" && line.sequence === 7n ? { ...line, actor: "somebody else" } : line;

describe("the first altered entry", () => {
  it("is none in what was exported", async () => {
    expect(lines).toHaveLength(ENTRIES + ENTRIES / HEAD_EVERY + 2);
    expect(await verified(lines)).toMatchObject({
      ok: true,
      signedHeads: 3,
      first: 1n,
      last: 30n,
      pinned: true,
    });
  });

  it("is named for every character that is replaced, and for every letter whose case is turned", {
    timeout: 180_000,
  }, async () => {
    for (const { i, line } of entryLines()) {
      const text = lines[i] ?? "";
      for (let c = 0; c < text.length; c++) {
        for (const other of replacements(text.charAt(c))) {
          const altered = text.slice(0, c) + other + text.slice(c + 1);
          const found = await verified([...lines.slice(0, i), altered, ...lines.slice(i + 1)]);
          expect(found, altered).toMatchObject({ ok: false, line: i + 1, sequence: line.sequence });
        }
      }
    }
  });

  function replacements(character: string): string[] {
    const flipped = String.fromCharCode(character.charCodeAt(0) ^ 1);
    const turned = [character.toUpperCase(), character.toLowerCase()].filter((other) => other !== character);
    return [flipped, ...turned];
  }

  it("is named when its text stays the same and is only written otherwise", async () => {
    const { i, line } = entryLines().at(1) ?? expect.unreachable();
    const text = lines[i] ?? "";
    const escaped = text.replaceAll(
      /[^\x20-\x7e\n]/g,
      (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`,
    );
    const sequence = `"sequence":"${line.sequence}"`;
    for (const other of [
      escaped,
      text.replace(",", ", "),
      ` ${text}`,
      text.replace("\n", " \n"),
      text.replace("\n", "\r\n"),
      `\ufeff${text}`,
      text.replace("}\n", ',"note":"x"}\n'),
      text.replace(sequence, `${sequence},${sequence}`),
      text.replace(sequence, `"sequence":"0${line.sequence}"`),
      text.replace(sequence, `"sequence":${line.sequence}`),
      text.replace(/"at":\d+/, "$&.0"),
      text.replace(/"at":\d+/, "$&e0"),
    ]) {
      expect(other).not.toBe(text);
      const found = await verified(lines.with(i, other));
      expect(found, other).toMatchObject({ ok: false, line: i + 1, sequence: line.sequence });
    }
  });

  it("is the one that is missing, repeated or out of its place", async () => {
    for (const { i, line } of entryLines()) {
      const { sequence } = line;
      const text = lines[i] ?? "";
      const deleted = await verified(lines.toSpliced(i, 1));
      expect(deleted).toMatchObject({ ok: false, line: i + 1, sequence });
      const repeated = await verified(lines.toSpliced(i, 0, text));
      expect(repeated).toMatchObject({ ok: false, line: i + 2, sequence: sequence + 1n });
      const moved = await verified([...lines.toSpliced(i, 1), text]);
      expect(moved).toMatchObject({ ok: false, line: i + 1, sequence });
      const next = lines[i + 1] ?? "";
      const swapped = await verified(lines.toSpliced(i, 2, next, text));
      expect(swapped).toMatchObject({ ok: false, line: i + 1, sequence });
    }
  });

  it("is the one in a line of too many bytes, however few characters they are", async () => {
    const long = (characters: number) =>
      forged((line) =>
        line.type === "entry" && line.sequence === 7n
          ? { ...line, detail: JSON.stringify({ text: "東".repeat(characters) }) }
          : line,
      );
    expect(await verified(long(21_000), FORGER.publicKey)).toMatchObject({ ok: true });
    expect(await verified(long(22_000), FORGER.publicKey)).toMatchObject({
      ok: false,
      sequence: 7n,
      problem: "the line is too long",
    });
  });

  it("is none when a head or the end was altered or taken out: the entries are as they were", async () => {
    const [head, end] = [lineOf("head"), lineOf("end")];
    expect(await verified(lines.toSpliced(head, 1))).toEqual({
      ok: false,
      line: end,
      sequence: undefined,
      problem: "lines between the entries are altered, missing or added",
    });
    const signature = "0".repeat(128);
    for (const i of [head, end]) {
      const unsigned = (lines[i] ?? "").replace(/[0-9a-f]{128}/, signature);
      expect(await verified(lines.with(i, unsigned))).toMatchObject({
        ok: false,
        line: i + 1,
        sequence: undefined,
      });
    }
  });
});

describe("a forger", () => {
  it("passes who does not know the relay's key, and nobody who does", async () => {
    const forgery = forged(altering);
    expect(await verified(forgery)).toMatchObject({ ok: false, line: 1 });
    expect(await verified(forgery, null)).toMatchObject({
      ok: true,
      pinned: false,
      publicKey: FORGER.publicKey,
    });
  });

  it("cannot sign in the relay's name", async () => {
    expect(await verified(forged(altering, KEY.publicKey))).toMatchObject({ ok: false, line: 1 });
  });

  it("cannot put chained entries between the relay's own signatures", async () => {
    const forgery = forged(altering);
    const mixed = lines.map((line, i) => (said[i]?.type === "entry" ? (forgery[i] ?? "") : line));
    const head = lineOf("head");
    expect(await verified(mixed)).toMatchObject({ ok: false, line: head + 1, sequence: 10n });
    const withoutHeads = mixed.filter((_, i) => said[i]?.type !== "head");
    expect(await verified(withoutHeads)).toMatchObject({
      ok: false,
      line: withoutHeads.length,
      sequence: 30n,
    });
  });

  it("cannot use a head as the start or the end, nor name another tenant", async () => {
    const head = said[lineOf("head")];
    const end = said[lineOf("end")];
    if (head?.type !== "head" || end?.type !== "end") return expect.unreachable();
    const cut = lines.slice(0, lineOf("head"));
    const lines_hash = createHash("sha256").update(cut.join("")).digest();
    const impostor = formatLine({ ...end, ...head, type: "end", entries: 10, lines_hash });
    expect(await verified([...cut, impostor])).toMatchObject({ ok: false, line: cut.length + 1 });
    const renamed = (lines[0] ?? "").replace('"acme"', '"acmf"');
    expect(await verified(lines.with(0, renamed))).toMatchObject({ ok: false, line: 1 });
  });

  it("cannot join two exports", async () => {
    const other = await logOfThirty("other");
    for (let i = 1; i < lines.length; i++) {
      expect(await verified([...lines.slice(0, i), ...other.slice(i)])).toMatchObject({ ok: false });
    }
    expect(await verified([...lines, ...other])).toMatchObject({ ok: false, line: lines.length + 1 });
  });
});
