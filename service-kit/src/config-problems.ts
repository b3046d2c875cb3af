/** Something wrong with a configuration. `path` is the field's ("near.endpoints.0.url"), or "" for the whole. */
export interface ConfigProblem {
  readonly path: string;
  readonly message: string;
}

/** Everything that is wrong with a configuration, at once. Values are never echoed: they may be secrets. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  readonly problems: readonly ConfigProblem[];

  constructor(problems: readonly ConfigProblem[]) {
    const lines = problems.map(({ path, message }) => `  ${path === "" ? "" : `${path}: `}${message}`);
    super(`invalid configuration:\n${lines.join("\n")}`);
    this.problems = problems;
  }
}
