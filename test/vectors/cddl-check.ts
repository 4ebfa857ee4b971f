/**
 * Checks decoded CBOR against a CDDL file (RFC 8610). The grammar is read by the `cddl` package, which
 * this project did not write; that package only parses, so what its syntax tree means is worked out
 * here, as far as message schemas need it. What is not known here throws: nothing passes unchecked.
 *
 * Known: maps with text keys (optional, `* tstr => type`, included groups), arrays with occurrences,
 * type choices, literals, ranges, tags, references, `.size .regexp .cbor .default .eq .ne .lt .le .gt
 * .ge`, and the standard names. Not known, because the parser does not give them: integer keys.
 * What stands behind `.cbor` is decoded by `cbor2`, which this project did not write either.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decode } from 'cbor2';
import { type Assignment, type Operator, type Property, parse } from 'cddl';

export type CddlRules = ReadonlyMap<string, Assignment>;

/** A tagged value, as `cbor2` gives it. */
interface Tagged {
  readonly tag: number;
  readonly contents: unknown;
}

/**
 * Parses a CDDL file.
 * @throws Error with the place, if it is not CDDL or a rule stands twice
 */
export function readCddl(path: string): CddlRules {
  // The parser knows no `.cbor`. It knows `.within`, which takes the same operand and which this
  // project does not use, so the one is read under the name of the other.
  const text = readFileSync(path, 'utf8');
  if (/\.within\b/.test(text)) throw new Error(`${path}: .within is not known here`);
  const directory = mkdtempSync(join(tmpdir(), 'cddl-'));
  try {
    const copy = join(directory, 'copy.cddl');
    writeFileSync(copy, text.replace(/\.cbor\b/g, '.within'));
    const rules = new Map<string, Assignment>();
    const exact = exactIntegers(text);
    for (const rule of parse(copy)) {
      makeExact(rule, exact);
      if (rules.has(rule.Name)) throw new Error(`${path}: rule ${rule.Name} stands twice`);
      rules.set(rule.Name, rule);
    }
    return rules;
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** Names of rules that other rules use, and that nobody defines. */
export function undefinedRules(rules: CddlRules): string[] {
  const used = new Set<string>();
  const walk = (node: unknown): void => {
    if (Array.isArray(node)) for (const each of node) walk(each);
    if (!isRecord(node)) return;
    if (node.Type === 'group' && typeof node.Value === 'string') used.add(node.Value);
    for (const each of Object.values(node)) walk(each);
  };
  for (const rule of rules.values()) walk(rule);
  return [...used].filter((name) => !rules.has(name) && !STANDARD.has(name));
}

/** The parser rounds integers to doubles; here are those that suffer, by what it makes of them. */
function exactIntegers(text: string): ReadonlyMap<number, bigint> {
  const exact = new Map<number, bigint>();
  for (const [digits] of text.replaceAll(/;.*$/gm, '').matchAll(/\b\d{16,}\b/g)) {
    const rounded = Number(digits);
    const value = BigInt(digits);
    if ((exact.get(rounded) ?? value) !== value) {
      throw new Error(`${digits} and ${exact.get(rounded)} are one to the parser`);
    }
    exact.set(rounded, value);
  }
  return exact;
}

function makeExact(node: unknown, exact: ReadonlyMap<number, bigint>): void {
  if (Array.isArray(node)) for (const each of node) makeExact(each, exact);
  if (!isRecord(node)) return;
  const { Type, Value } = node;
  if (Type === 'literal' && typeof Value === 'number') {
    const value = exact.get(Math.abs(Value));
    if (value !== undefined) Object.assign(node, { Value: Value < 0 ? -value : value });
  }
  for (const each of Object.values(node)) makeExact(each, exact);
}

/**
 * Checks `value` against the rule. Returns what is wrong, each with its place; nothing if it fits.
 * @throws Error if the rule, or one that it refers to, is missing or uses what is not known here
 */
export function validateAgainstCddl(rules: CddlRules, rule: string, value: unknown): string[] {
  return new Checker(rules).rule(rule, value, rule);
}

class Checker {
  readonly #rules: CddlRules;

  constructor(rules: CddlRules) {
    this.#rules = rules;
  }

  rule(name: string, value: unknown, at: string): string[] {
    const rule = this.#rules.get(name);
    if (rule === undefined) throw new Error(`CDDL has no rule ${name}`);
    if (rule.Type !== 'variable') return this.#type(rule, value, at);
    const choices = asChoices(rule.PropertyType);
    return this.#choice(rule.Operator ? withLast(choices, rule.Operator) : choices, value, at);
  }

  #choice(choices: readonly unknown[], value: unknown, at: string): string[] {
    const refusals: string[][] = [];
    for (const choice of choices) {
      const refusal = this.#type(choice, value, at);
      if (refusal.length === 0) return [];
      refusals.push(refusal);
    }
    if (refusals.length === 1) return refusals[0]!;
    return [`${at}: no choice fits (${refusals.map((refusal) => refusal[0]).join(' | ')})`];
  }

  #type(type: unknown, value: unknown, at: string): string[] {
    if (typeof type === 'string') return standard(type, value, at);
    if (!isRecord(type)) throw unknown(type);
    const operator = type.Operator as Operator | undefined;
    if (operator !== undefined) {
      const { Operator: _, ...bare } = type;
      const refusal = this.#type(bare, value, at);
      return refusal.length > 0 ? refusal : this.#operator(operator, value, at);
    }
    // A type in parentheses, or one that carried an operator: {Type: the type itself}.
    if (isRecord(type.Type)) return this.#type(type.Type, value, at);
    switch (type.Type) {
      case 'literal':
        return this.#literal(type.Value, value, at);
      case 'range':
        return range(type.Value, value, at);
      case 'tag':
        return this.#tag(type.Value, value, at);
      case 'array':
        return this.#array(type.Values as Property[], value, at);
      case 'group':
        if (typeof type.Value === 'string') return this.#reference(type.Value, value, at);
        return this.#map(type.Properties as Property[], value, at);
      default:
        if (typeof type.Type === 'string' && !('Value' in type)) {
          return standard(type.Type, value, at);
        }
        throw unknown(type);
    }
  }

  #reference(name: string, value: unknown, at: string): string[] {
    return this.#rules.has(name) ? this.rule(name, value, at) : standard(name, value, at);
  }

  #literal(literal: unknown, value: unknown, at: string): string[] {
    return sameNumber(literal, value) || literal === value
      ? []
      : [`${at}: ${JSON.stringify(literal)} expected`];
  }

  #tag(tag: unknown, value: unknown, at: string): string[] {
    if (!isRecord(tag)) throw unknown(tag);
    // The parser reads the head "6.18" as a decimal fraction.
    const number = Number(String(tag.NumericPart).split('.')[1]);
    if (!isTagged(value) || value.tag !== number) return [`${at}: tag ${number} expected`];
    return this.#type(tag.TypePart, value.contents, `${at}.#${number}`);
  }

  /** Each entry takes as many items as fit, in order; no schema of ours needs to go back. */
  #array(entries: readonly Property[], value: unknown, at: string): string[] {
    if (!Array.isArray(value)) return [`${at}: array expected`];
    let next = 0;
    for (const entry of entries) {
      const { n: least, m: most } = entry.Occurrence;
      const choices = choicesOf(entry);
      let taken = 0;
      let refusal: string[] = [`${at}: item ${next} is missing`];
      while (taken < most && next < value.length) {
        refusal = this.#choice(choices, value[next], `${at}[${next}]`);
        if (refusal.length > 0) break;
        taken++;
        next++;
        refusal = [`${at}: at least ${least} items expected`];
      }
      if (taken < least) return refusal;
      // An item that fits no later entry is better explained by the entry that could have taken it.
      if (entry === entries.at(-1) && next < value.length && taken < most) return refusal;
    }
    return next < value.length ? [`${at}: ${value.length - next} items too many`] : [];
  }

  #map(properties: readonly Property[], value: unknown, at: string): string[] {
    if (!isPlainMap(value)) return [`${at}: map expected`];
    const refusals: string[] = [];
    const seen = new Set<string>();
    const members = this.#members(properties);
    for (const member of members) {
      const { n: least, m: most } = member.Occurrence;
      // The parser drops the difference between `key: type` and `type => type`; only the latter is
      // written with more than one occurrence.
      if (most > 1) {
        for (const [key, inner] of Object.entries(value)) {
          if (seen.has(key) || members.some(({ Name }) => Name === key)) continue;
          seen.add(key);
          refusals.push(...this.#reference(member.Name, key, `${at} key "${key}"`));
          refusals.push(...this.#choice(choicesOf(member), inner, `${at}.${key}`));
        }
        continue;
      }
      seen.add(member.Name);
      if (Object.hasOwn(value, member.Name)) {
        const inner = value[member.Name];
        refusals.push(...this.#choice(choicesOf(member), inner, `${at}.${member.Name}`));
      } else if (least > 0) {
        refusals.push(`${at}: "${member.Name}" is missing`);
      }
    }
    for (const key of Object.keys(value)) {
      if (!seen.has(key)) refusals.push(`${at}: "${key}" is not known`);
    }
    return refusals;
  }

  /** The entries of a map, with those of the groups that it includes. */
  #members(properties: readonly Property[]): Property[] {
    return properties.flatMap((property) => {
      if (Array.isArray(property)) throw unknown('group choice');
      if (property.Name !== '') return [property];
      const [included] = choicesOf(property);
      const name = isRecord(included) ? included.Value : undefined;
      const group = typeof name === 'string' ? this.#rules.get(name) : undefined;
      if (group?.Type !== 'group') throw unknown(property);
      return this.#members(group.Properties as Property[]);
    });
  }

  #operator({ Type: name, Value: operand }: Operator, value: unknown, at: string): string[] {
    switch (name) {
      case 'default':
        return [];
      case 'size':
        return this.#size(operand, value, at);
      case 'regexp':
        return regexp(operand, value, at);
      case 'within': // `.cbor`, see readCddl
        return this.#embedded(operand, value, at);
      case 'eq':
      case 'ne':
      case 'lt':
      case 'le':
      case 'gt':
      case 'ge':
        return compare(name, literalOf(operand), value, at);
      default:
        throw unknown(`.${name}`);
    }
  }

  /** RFC 8610 section 3.8.1: bytes of a byte or (UTF-8) text string, or of an unsigned integer. */
  #size(operand: unknown, value: unknown, at: string): string[] {
    if (isInteger(value)) {
      const bytes = literalOf(operand);
      if (typeof bytes !== 'number') throw unknown(operand);
      return BigInt(value) < 256n ** BigInt(bytes)
        ? []
        : [`${at}: at most ${bytes} bytes expected`];
    }
    const size =
      typeof value === 'string' ? Buffer.byteLength(value) : (value as Uint8Array).length;
    return this.#type(operand, size, `${at} size`);
  }

  #embedded(operand: unknown, value: unknown, at: string): string[] {
    let inner: unknown;
    try {
      inner = decode(value as Uint8Array);
    } catch (error) {
      return [`${at}: ${(error as Error).message}`];
    }
    return this.#type(operand, inner, `${at}<<>>`);
  }
}

function asChoices(type: unknown): readonly unknown[] {
  return Array.isArray(type) ? type : [type];
}

/** `nil / bstr .size 4`: the parser hands the operator to the entry, but it binds the last choice. */
function withLast(choices: readonly unknown[], operator: Operator): readonly unknown[] {
  return choices.with(-1, { Type: choices.at(-1), Operator: operator });
}

function choicesOf(property: Property): readonly unknown[] {
  if (Array.isArray(property)) throw unknown('group choice');
  const choices = asChoices(property.Type);
  return property.Operator ? withLast(choices, property.Operator) : choices;
}

const STANDARD = new Map<string, (value: unknown) => boolean>([
  ['any', () => true],
  ['bool', (value) => typeof value === 'boolean'],
  ['true', (value) => value === true],
  ['false', (value) => value === false],
  ['nil', (value) => value === null],
  ['null', (value) => value === null],
  ['int', isInteger],
  ['uint', (value) => isInteger(value) && value >= 0],
  ['nint', (value) => isInteger(value) && value < 0],
  ['bstr', (value) => value instanceof Uint8Array],
  ['bytes', (value) => value instanceof Uint8Array],
  ['tstr', (value) => typeof value === 'string'],
  ['text', (value) => typeof value === 'string'],
]);

function standard(name: string, value: unknown, at: string): string[] {
  const fits = STANDARD.get(name);
  if (fits === undefined) throw unknown(name);
  return fits(value) ? [] : [`${at}: ${name} expected`];
}

function range(bounds: unknown, value: unknown, at: string): string[] {
  if (!isRecord(bounds)) throw unknown(bounds);
  const [least, most] = [literalOf(bounds.Min), literalOf(bounds.Max)];
  if (typeof least === 'string' || typeof most === 'string') throw unknown(bounds);
  const fits =
    isInteger(value) && value >= least && (bounds.Inclusive ? value <= most : value < most);
  return fits ? [] : [`${at}: ${least}..${most} expected`];
}

function regexp(operand: unknown, value: unknown, at: string): string[] {
  const pattern = literalOf(operand);
  if (typeof pattern !== 'string') throw unknown(operand);
  // RFC 8610 section 3.8.3: the whole text must match.
  const fits = typeof value === 'string' && new RegExp(`^(?:${pattern})$`, 'u').test(value);
  return fits ? [] : [`${at}: text that matches ${pattern} expected`];
}

function compare(name: string, bound: unknown, value: unknown, at: string): string[] {
  const same = bound === value || sameNumber(bound, value);
  const ordered = isInteger(value) && typeof bound === 'number';
  const fits =
    name === 'eq'
      ? same
      : name === 'ne'
        ? !same
        : ordered &&
          (name === 'lt'
            ? value < bound
            : name === 'le'
              ? value <= bound
              : name === 'gt'
                ? value > bound
                : value >= bound);
  return fits ? [] : [`${at}: .${name} ${String(bound)} expected`];
}

function literalOf(type: unknown): number | bigint | string {
  const value = isRecord(type) && type.Type === 'literal' ? type.Value : type;
  if (typeof value === 'number' || typeof value === 'bigint') return value;
  if (typeof value === 'string') return value;
  throw unknown(type);
}

function sameNumber(literal: unknown, value: unknown): boolean {
  return typeof literal === 'number' && isInteger(value) && BigInt(literal) === BigInt(value);
}

function isInteger(value: unknown): value is number | bigint {
  return typeof value === 'bigint' || Number.isInteger(value);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isTagged(value: unknown): value is Tagged {
  return isRecord(value) && typeof value.tag === 'number' && 'contents' in value;
}

function isPlainMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return isRecord(value) && !(value instanceof Uint8Array) && !isTagged(value);
}

function unknown(what: unknown): Error {
  return new Error(`CDDL that is not known here: ${JSON.stringify(what)}`);
}
