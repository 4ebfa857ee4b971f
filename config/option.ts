/**
 * Kinds of options: each builds a zod schema and says in words what it allows, so that the loader's
 * complaint, the reference page and the check itself come from one place.
 */
import { z } from 'zod';

export type OptionKind = 'whole' | 'flag' | 'choice' | 'text' | 'list' | 'records';

export interface OptionFacts {
  readonly kind: OptionKind;
  /** What is accepted, as the end of "allowed: …". */
  readonly allowed: string;
  /** What the option does, and what happens at its limit. */
  readonly meaning: string;
}

/** Facts of every option's schema; the schema object itself is the key. */
export const optionFacts = z.registry<OptionFacts>();

/** A whole number in `min..max`, in the unit that the option's name ends with. */
export function whole(bounds: { default: number; min: number; max: number }, meaning: string) {
  const allowed = `a whole number from ${bounds.min} to ${bounds.max}`;
  return z
    .int()
    .min(bounds.min)
    .max(bounds.max)
    .default(bounds.default)
    .register(optionFacts, { kind: 'whole', allowed, meaning });
}

export function flag(value: boolean, meaning: string) {
  return z
    .boolean()
    .default(value)
    .register(optionFacts, { kind: 'flag', allowed: 'true or false', meaning });
}

export function choice<const Value extends string>(
  values: readonly [Value, ...Value[]],
  value: NoInfer<Value>,
  meaning: string,
) {
  return z
    .enum(values)
    .default(value as z.util.NoUndefined<Value>)
    .register(optionFacts, { kind: 'choice', allowed: values.join(', '), meaning });
}

/** One line of text that `accepts` agrees to. */
export function text(
  value: string,
  accepts: (text: string) => boolean,
  allowed: string,
  meaning: string,
) {
  return z
    .string()
    .refine(accepts)
    .default(value)
    .register(optionFacts, { kind: 'text', allowed, meaning });
}

/** As {@link text}, and may be left out: null. */
export function optionalText(accepts: (text: string) => boolean, allowed: string, meaning: string) {
  return z
    .string()
    .refine(accepts)
    .nullable()
    .default(null)
    .register(optionFacts, { kind: 'text', allowed: `${allowed}, or null`, meaning });
}

/** A list of texts, each of which `accepts` agrees to. A later source replaces the whole list. */
export function list(
  values: readonly string[],
  max: number,
  accepts: (text: string) => boolean,
  allowed: string,
  meaning: string,
) {
  return z
    .array(z.string().refine(accepts))
    .max(max)
    .default([...values])
    .register(optionFacts, {
      kind: 'list',
      allowed: `a list of at most ${max}, each ${allowed}`,
      meaning,
    });
}

/** A list of small records; in the environment and after `--set` one JSON text. */
export function records<Shape extends z.ZodObject>(
  shape: Shape,
  max: number,
  allowed: string,
  meaning: string,
) {
  return z
    .array(shape)
    .max(max)
    .default([])
    .register(optionFacts, {
      kind: 'records',
      allowed: `a list of at most ${max}, each ${allowed}`,
      meaning,
    });
}

/**
 * A value as it stands in an environment variable or after `--set key=`, in the form that a file
 * would have given. What cannot be read is returned as it is: the option's schema then refuses it.
 */
export function valueFromText(kind: OptionKind, given: string): unknown {
  switch (kind) {
    case 'whole':
      return /^-?\d{1,15}$/.test(given) ? Number(given) : given;
    case 'flag':
      return given === 'true' ? true : given === 'false' ? false : given;
    case 'choice':
      return given;
    case 'records':
      return parsedOr(given);
    case 'text':
      return given === '' ? null : given;
    case 'list':
      return given
        .split(',')
        .map((entry) => entry.trim())
        .filter((entry) => entry !== '');
  }
}

function parsedOr(given: string): unknown {
  try {
    return JSON.parse(given);
  } catch {
    return given;
  }
}
