// Sums reports of vitest's json reporter: node vitest-counts.ts STATUS FILE [STATUS FILE]...
// STATUS is what vitest exited with.
// Prints "N passed, N failed, N skipped"; exits with 1 if something failed.
import { existsSync, readFileSync } from "node:fs";

/** The part of a report that is counted. */
interface Report {
  readonly numPassedTests: number;
  readonly numPendingTests: number;
  readonly numTodoTests: number;
  readonly testResults: readonly {
    readonly status: "passed" | "failed";
    readonly assertionResults: readonly { readonly status: string }[];
  }[];
}

interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** A file that fails without a failed test of its own, because it cannot be loaded or set up, counts as one. */
function countReport(report: Report): Counts {
  const failed = report.testResults.map(({ status, assertionResults }) => {
    const tests = assertionResults.filter((test) => test.status === "failed").length;
    return status === "failed" ? Math.max(1, tests) : tests;
  });
  return {
    passed: report.numPassedTests,
    failed: failed.reduce((sum, n) => sum + n, 0),
    skipped: report.numPendingTests + report.numTodoTests,
  };
}

/** A run that fails by an error outside of all tests, or without a report, counts as one failed test. */
function countRun(status: string, path: string): Counts {
  const none = { passed: 0, failed: 0, skipped: 0 };
  const counts = existsSync(path) ? countReport(JSON.parse(readFileSync(path, "utf8")) as Report) : none;
  return status === "0" ? counts : { ...counts, failed: Math.max(1, counts.failed) };
}

const args = process.argv.slice(2);
const counts: Counts[] = [];
for (let i = 0; i < args.length; i += 2) counts.push(countRun(args[i] ?? "", args[i + 1] ?? ""));
const total = (key: keyof Counts) => counts.reduce((sum, count) => sum + count[key], 0);
process.stdout.write(`${total("passed")} passed, ${total("failed")} failed, ${total("skipped")} skipped\n`);
process.exitCode = total("failed") > 0 ? 1 : 0;
