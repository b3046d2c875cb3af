import { Secret } from "@countersign/service-kit";

type CamelKey<K> = K extends `${infer Head}_${infer Tail}` ? `${Head}${Capitalize<CamelKey<Tail>>}` : K;

/** A configuration section as code names it: keys in camel case, all the way down to secrets and scalars. */
export type CamelKeys<T> = T extends Secret<unknown> | string | number | bigint | boolean | undefined
  ? T
  : T extends readonly (infer Item)[]
    ? CamelKeys<Item>[]
    : { readonly [K in keyof T as CamelKey<K>]: CamelKeys<T[K]> };

/** The same value with keys in camel case. */
export function camelKeys<T>(value: T): CamelKeys<T> {
  return convert(value) as CamelKeys<T>;
}

function convert(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(convert);
  if (typeof value !== "object" || value === null || value instanceof Secret) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [camel(key), convert(inner)]));
}

function camel(key: string): string {
  return key.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
