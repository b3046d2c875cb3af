const ACCOUNT_ID = /^(([a-z\d]+[-_])*[a-z\d]+\.)*([a-z\d]+[-_])*[a-z\d]+$/;

const MIN_LENGTH = 2;
const MAX_LENGTH = 64;

/**
 * Whether `name` is a valid NEAR account name: 2 to 64 characters, lower case letters, digits and single
 * separators (https://nomicon.io/DataStructures/Account#account-id-rules).
 */
export function isValidAccountId(name: string): boolean {
  return name.length >= MIN_LENGTH && name.length <= MAX_LENGTH && ACCOUNT_ID.test(name);
}

/** The account that alone may create `name`: "b.c" for "a.b.c"; null for a top-level name. */
export function parentAccountId(name: string): string | null {
  const dot = name.indexOf(".");
  return dot === -1 ? null : name.slice(dot + 1);
}
