import { type Compilable, CompiledQuery, type Kysely } from "kysely";
import { type Parameter, prepare } from "./fixed-statement.ts";

/**
 * What a statement is asked with: parameters, lists of them, and what changes its text. Lists are of any length in no order,
 * and may hold something more than once: they are filled up with their last to one of a few lengths.
 */
type Asked = Parameter | readonly Parameter[] | boolean | undefined;

interface Shape {
  readonly text: string;
  /** Of each parameter its place in what is asked; or a constant of the statement. */
  readonly parameters: readonly (number | { readonly constant: unknown })[];
}

/** Stands for what will be asked for, where the statement is built. */
class Place {
  readonly index: number;

  constructor(index: number) {
    this.index = index;
  }
}

/**
 * A statement whose text depends on the shape of what is asked: on which parameters are there, and how many are in a list.
 * Its text is built once for each shape and database.
 */
export class ShapedStatement<Schema, Input extends Readonly<Record<keyof Input, Asked>>, Row> {
  readonly #build: (db: Kysely<Schema>, asked: Input) => Compilable<Row>;
  readonly #shapes = new WeakMap<object, Map<string, Shape>>();

  /** `build` hands the parameters on to the statement, and looks at nothing but the shape of what is asked. */
  constructor(build: (db: Kysely<Schema>, asked: Input) => Compilable<Row>) {
    this.#build = build;
  }

  async run(db: Kysely<Schema>, asked: Input): Promise<Row[]> {
    const given: Parameter[] = [];
    const shape: (string | number | boolean)[] = [];
    for (const [name, value] of Object.entries<Asked>(asked)) {
      if (value === undefined || typeof value === "boolean") {
        shape.push(name, value ?? "none");
      } else if (isList(value)) {
        const filled = filledUp(value);
        shape.push(name, filled.length);
        given.push(...filled);
      } else {
        shape.push(name, "one");
        given.push(value);
      }
    }
    const { text, parameters } = this.#shape(db, asked, shape.join());
    const values = parameters.map((place) => (typeof place === "number" ? given[place] : place.constant));
    const { rows } = await db.executeQuery<Row>(CompiledQuery.raw(text, values));
    return rows;
  }

  #shape(db: Kysely<Schema>, asked: Input, name: string): Shape {
    const { adapter } = db.getExecutor();
    const shapes = this.#shapes.get(adapter) ?? new Map<string, Shape>();
    this.#shapes.set(adapter, shapes);
    let shape = shapes.get(name);
    if (shape === undefined) {
      shape = this.#compile(db, asked);
      shapes.set(name, shape);
    }
    return shape;
  }

  #compile(db: Kysely<Schema>, asked: Input): Shape {
    let next = 0;
    const place = () => new Place(next++);
    const places = Object.entries<Asked>(asked).map(([name, value]) => {
      if (value === undefined || typeof value === "boolean") return [name, value];
      return [name, isList(value) ? filledUp(value).map(place) : place()];
    });
    const { sql: text, parameters } = this.#build(db, Object.fromEntries(places) as Input).compile();
    prepare(text);
    return {
      text,
      parameters: parameters.map((value) => (value instanceof Place ? value.index : { constant: value })),
    };
  }
}

function isList(value: Parameter | readonly Parameter[]): value is readonly Parameter[] {
  return Array.isArray(value);
}

/** Lists up to this length are filled up to a power of two, longer ones to a multiple of it. */
const FEW = 256;

function filledUp(list: readonly Parameter[]): readonly Parameter[] {
  const last = list.at(-1);
  if (last === undefined) return list;
  const length =
    list.length > FEW ? Math.ceil(list.length / FEW) * FEW : 2 ** Math.ceil(Math.log2(list.length));
  return [...list, ...Array.from({ length: length - list.length }, () => last)];
}
