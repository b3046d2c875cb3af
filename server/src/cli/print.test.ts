import { expect, test } from "vitest";
import { formatTable } from "./print.ts";

test("columns are aligned, and an empty cell is a dash", () => {
  const columns = ["TENANT", "NAME"];
  expect(
    formatTable({
      columns,
      rows: [
        ["acme-inc", ""],
        ["b", "Globex"],
      ],
    }),
  ).toBe("TENANT    NAME\nacme-inc  -\nb         Globex\n");
});

test("what steers a terminal is not printed", () => {
  const table = formatTable({ columns: ["NAME"], rows: [["a\u001b[2Jb\nc\u202ed"]] });
  expect(table).toBe("NAME\na?[2Jb?c?d\n");
});
