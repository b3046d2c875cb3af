/** What a relay in its own process is told. */
export interface Plan {
  /** Its settings by path. */
  readonly flags: Readonly<Record<string, string | undefined>>;
  /** Kills itself at an event, named as in Events, with the state it leads to if there is one. */
  readonly dieAt?: string;
  /** Kills itself so many milliseconds after so many events. */
  readonly dieAfter?: { readonly events: number; readonly ms: number };
  /** Stops itself (SIGSTOP) at an event. */
  readonly stopAt?: string;
}

/** What it tells of itself. */
export interface Message {
  readonly event: string;
  readonly to?: string | undefined;
  readonly address?: string;
}
