// Sums up a report of vitest's json reporter: node test-summary.ts STATUS FILE
// STATUS is what vitest exited with.
// Prints what failed, which files took longest, and "N passed, N failed, N skipped"; exits with 1 if something failed.
import { existsSync, readFileSync } from "node:fs";
import { relative } from "node:path";

/** The part of a report that is read. Times in milliseconds. */
interface Report {
  readonly numPassedTests: number;
  readonly numPendingTests: number;
  readonly numTodoTests: number;
  readonly testResults: readonly {
    readonly name: string;
    readonly status: "passed" | "failed";
    readonly message: string;
    readonly startTime: number;
    readonly endTime: number;
    readonly assertionResults: readonly {
      readonly status: string;
      readonly fullName: string;
      readonly failureMessages?: readonly string[];
    }[];
  }[];
}

/** Files that are named for the time that they took, and lines of a failure: the whole of it is further up. */
const SLOWEST = 40;
const FAILURE_LINES = 6;

const NO_REPORT: Report = { numPassedTests: 0, numPendingTests: 0, numTodoTests: 0, testResults: [] };

const [status, path = ""] = process.argv.slice(2);
const report = existsSync(path) ? (JSON.parse(readFileSync(path, "utf8")) as Report) : NO_REPORT;
const failures = report.testResults.flatMap(failuresOf);
// An error outside of all tests, or no report.
if (status !== "0" && failures.length === 0) failures.push(`the run itself, which exited with ${status}`);

const lines = [
  ...(failures.length > 0 ? ["Failed", ...failures.map(indented), ""] : []),
  "Slowest files",
  ...slowest(report).map(indented),
  "",
  `${report.numPassedTests} passed, ${failures.length} failed, ${report.numPendingTests + report.numTodoTests} skipped`,
];
process.stdout.write(`\n${lines.join("\n")}\n`);
process.exitCode = failures.length > 0 ? 1 : 0;

/** A file that fails without a failed test of its own, because it cannot be loaded or set up, counts as one. */
function failuresOf({ name, status, message, assertionResults }: Report["testResults"][number]): string[] {
  const file = relative(process.cwd(), name);
  const tests = assertionResults
    .filter((test) => test.status === "failed")
    .map(({ fullName, failureMessages }) => `${file}: ${fullName}\n${beginningOf(failureMessages?.[0])}`);
  return status === "failed" && tests.length === 0 ? [`${file}\n${beginningOf(message)}`] : tests;
}

function beginningOf(message = ""): string {
  return message.split("\n").slice(0, FAILURE_LINES).map(indented).join("\n");
}

function slowest({ testResults }: Report): string[] {
  return testResults
    .toSorted((a, b) => duration(b) - duration(a))
    .slice(0, SLOWEST)
    .map((file) => `${duration(file).toFixed(1).padStart(6)} s  ${relative(process.cwd(), file.name)}`);
}

function duration({ startTime, endTime }: Report["testResults"][number]): number {
  return (endTime - startTime) / 1000;
}

function indented(text: string): string {
  return `  ${text}`;
}
