import { z } from "zod";

/** The section `operations` of the configuration: where /metrics, /healthz and /readyz are served, for operators only. */
export const operationsSchema = z
  .strictObject({
    host: z.string().min(1).max(255).default("127.0.0.1"),
    port: z.int().min(0).max(65_535).default(9_091),
  })
  .prefault({});
