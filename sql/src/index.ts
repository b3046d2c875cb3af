export { fromMillis, int64, toMillis, whole } from "./column-values.ts";
export type { Engine } from "./engine.ts";
export { FixedStatement } from "./fixed-statement.ts";
export { migrate } from "./migrate.ts";
export { openEngine, openReader } from "./open-engine.ts";
export { NodeSqliteDialect } from "./sqlite-dialect.ts";
export { sqlitePath } from "./sqlite-path.ts";
export type { BytesType, StoreKind } from "./store-kind.ts";
export { valueList } from "./value-list.ts";
