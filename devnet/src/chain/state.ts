interface Version {
  readonly height: bigint;
  readonly value: unknown;
}

/**
 * The chain's state: a map that remembers what each key held at each of the last blocks, so that a lagging node can be
 * asked. A write costs the same however many accounts there are. Values are immutable.
 */
export class VersionedState {
  readonly #versions = new Map<string, Version[]>();
  readonly #groups = new Map<string, Set<string>>();
  readonly #window: bigint;

  constructor(historyBlocks: bigint) {
    this.#window = historyBlocks;
  }

  get(key: string): unknown {
    return this.#versions.get(key)?.at(-1)?.value;
  }

  /** What `key` held after the block at `height`. */
  getAt(key: string, height: bigint): unknown {
    const versions = this.#versions.get(key);
    if (versions === undefined) return undefined;
    for (let i = versions.length - 1; i >= 0; i--) {
      const version = versions[i];
      if (version !== undefined && version.height <= height) return version.value;
    }
    return undefined;
  }

  /** `undefined` removes. `group` makes the key one of those that {@link keysOf} lists. */
  set(key: string, height: bigint, value: unknown, group?: string): void {
    const versions = this.#versions.get(key);
    if (versions === undefined) {
      this.#versions.set(key, [{ height, value }]);
      if (group !== undefined) this.#addToGroup(group, key);
      return;
    }
    if (versions.at(-1)?.height === height) versions.pop();
    versions.push({ height, value });
    let obsolete = 0;
    while ((versions[obsolete + 1]?.height ?? height) <= height - this.#window) obsolete++;
    if (obsolete > 0) versions.splice(0, obsolete);
  }

  /** Every key that was ever written in a group, also those removed since. */
  keysOf(group: string): Iterable<string> {
    return this.#groups.get(group) ?? [];
  }

  #addToGroup(group: string, key: string): void {
    const keys = this.#groups.get(group);
    if (keys === undefined) this.#groups.set(group, new Set([key]));
    else keys.add(key);
  }
}
