import { tmpdir } from "node:os";
import { join } from "node:path";

/**
 * For the environment of a program in a process of its own: where all of a test run share their compiled modules, without
 * which each start compiles everything again. Where scripts/test.sh did not say, it is Node's own default.
 */
export const COMPILE_CACHE: { readonly NODE_COMPILE_CACHE: string } = {
  NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? join(tmpdir(), "node-compile-cache"),
};
