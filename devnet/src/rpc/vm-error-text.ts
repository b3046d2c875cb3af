import type { ErrorVariant } from "../chain/errors.ts";

const PANIC = "Smart contract panicked: ";

/**
 * The error of a view call as Rust's Debug prints it, which is what nodes answer and clients parse
 * (nearcore runtime/runtime/src/state_viewer/mod.rs, call_function; near-vm-runner's FunctionCallError).
 */
export function vmErrorText(error: ErrorVariant): string {
  if (typeof error === "string") return error;
  const [name, content] = Object.entries(error)[0] ?? ["", ""];
  if (name === "FunctionCallError") return vmErrorText(content as ErrorVariant);
  if (name === "ExecutionError" && typeof content === "string") return hostErrorText(content);
  return `${name}${contentText(content)}`;
}

/** A call's execution error holds text; a view's is the host's error itself. */
function hostErrorText(message: string): string {
  if (!message.startsWith(PANIC)) return "HostError(GasExceeded)";
  return `HostError(GuestPanic { panic_msg: ${JSON.stringify(message.slice(PANIC.length))} })`;
}

function contentText(content: unknown): string {
  if (typeof content === "string") return `(${content})`;
  const entries = Object.entries(content as object);
  // Fields begin with a small letter, variants with a capital one.
  if (entries.some(([name]) => /^[A-Z]/.test(name))) return `(${vmErrorText(content as ErrorVariant)})`;
  return ` { ${entries.map(([name, value]) => `${name}: ${JSON.stringify(value)}`).join(", ")} }`;
}
