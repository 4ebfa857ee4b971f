/** Values that a JSON Schema allows, and values that it just does not, for fast-check. */
import fc from 'fast-check';

export interface Schema {
  readonly $ref?: string;
  readonly type?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
  readonly pattern?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly items?: Schema;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: Schema | boolean;
}

export interface Known {
  readonly schemas: Readonly<Record<string, Schema>>;
  /** What a member of this name is, mostly: random texts would rarely get beyond the first check. */
  readonly likely: Readonly<Record<string, readonly unknown[]>>;
  /** Members that have nothing else: what they name is written to. */
  readonly only: Readonly<Record<string, () => unknown>>;
}

const LIST_MAX = 4;
const TEXT_MAX = 60;

export function allowedBy(schema: Schema, known: Known, name = ''): fc.Arbitrary<unknown> {
  const only = known.only[name];
  if (only !== undefined) return fc.constant(null).map(only);
  const likely = known.likely[name];
  const plain = plainly(schema, known, name);
  if (likely === undefined) return plain;
  return fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom(...likely) },
    { weight: 1, arbitrary: plain },
  );
}

function plainly(schema: Schema, known: Known, name: string): fc.Arbitrary<unknown> {
  if (schema.$ref !== undefined) {
    return allowedBy(known.schemas[schema.$ref.split('/').at(-1)!]!, known, name);
  }
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
  const choices = schema.anyOf ?? schema.oneOf ?? schema.allOf;
  if (choices !== undefined)
    return fc.oneof(...choices.map((each) => allowedBy(each, known, name)));
  switch (schema.type) {
    case 'string':
      return text(schema);
    case 'integer':
      return integer(schema);
    case 'number':
      return fc.double({ min: schema.minimum ?? -5, max: schema.maximum ?? 1_000, noNaN: true });
    case 'boolean':
      return fc.boolean();
    case 'null':
      return fc.constant(null);
    case 'array':
      return fc.array(allowedBy(schema.items ?? {}, known, name), {
        minLength: Math.min(schema.minItems ?? 0, LIST_MAX),
        maxLength: Math.min(schema.maxItems ?? LIST_MAX, LIST_MAX),
      });
    case 'object':
      return object(schema, known);
    default:
      return fc.jsonValue({ maxDepth: 2 });
  }
}

function integer({ minimum = -5, maximum = minimum + 1_000 }: Schema): fc.Arbitrary<number> {
  return fc.integer({ min: minimum, max: Math.min(maximum, minimum + 1_000) });
}

function text({ pattern, minLength = 0, maxLength = TEXT_MAX }: Schema): fc.Arbitrary<string> {
  if (pattern !== undefined) return fc.stringMatching(new RegExp(pattern));
  return fc.string({ minLength, maxLength: Math.max(minLength, Math.min(maxLength, TEXT_MAX)) });
}

function object(schema: Schema, known: Known): fc.Arbitrary<unknown> {
  const { properties = {}, required = [], additionalProperties: others } = schema;
  const members = Object.fromEntries(
    Object.entries(properties).map(([name, each]) => [name, allowedBy(each, known, name)]),
  );
  const named = fc.record(members, { requiredKeys: required.filter((name) => name in members) });
  if (typeof others !== 'object') return named;
  const more = fc.dictionary(fc.string({ maxLength: 10 }), allowedBy(others, known), {
    maxKeys: 3,
  });
  return fc.tuple(named, more).map(([first, second]) => ({ ...second, ...first }));
}

/** Members left out, added, or of another kind. */
export function nearly(good: fc.Arbitrary<unknown>, known: Known): fc.Arbitrary<unknown> {
  const wrong = fc.oneof(
    fc.constantFrom(null, '', -1, 1e21, [], {}, '9'.repeat(400), '\u0000', '../../x'),
    fc.jsonValue({ maxDepth: 1 }),
  );
  return fc.tuple(good, fc.nat(), fc.nat(2), wrong).map(([value, place, how, other]) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return other;
    const names = Object.keys(value).filter((name) => known.only[name] === undefined);
    const name = names[place % Math.max(1, names.length)];
    if (how === 0 || name === undefined) return { ...value, one_that_nobody_knows: other };
    if (how === 1) return Object.fromEntries(Object.entries(value).filter(([key]) => key !== name));
    return { ...value, [name]: other };
  });
}
