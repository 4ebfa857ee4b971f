/**
 * What the audit log keeps of the options a node was started with: enough to say at the next start what each was
 * before and is now, and nothing that is a secret.
 */
import { hashOf } from '../../protocol/identity/pid.ts';
import { isSecretName } from '../secret-names.ts';

/** Sections of options, as the configuration has them. */
export type Options = Readonly<Record<string, unknown>>;

/** A few digits of the hash of what an option says, and how people are shown it. */
export type Noted = readonly [digest: string, shown: string];
export type NotedOptions = Readonly<Record<string, Noted>>;

/** Digits of a hash that tell one value of an option from another. */
const DIGITS = 16;
/** Of a value; the whole sentence has to fit into an entry of the log. */
const SHOWN_MAX = 120;
const HIDDEN = '[secret]';

/** Nothing changes a section once it is made, so many nodes of one process with the same sections hash them once. */
const notedBySection = new WeakMap<object, NotedOptions>();

/** Of each option its name (`section.name`) and what is kept of it. */
export function notedOptions(options: Options): NotedOptions {
  const noted: Record<string, Noted> = {};
  for (const [section, value] of Object.entries(options)) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      noted[section] = notedOf(section, value);
      continue;
    }
    for (const [name, each] of Object.entries(sectionOf(value))) noted[`${section}.${name}`] = each;
  }
  return noted;
}

/** A sentence for each option that is otherwise than it was, for example `hub.name: "a" is now "b"`. */
export function changedOptions(
  before: Readonly<Record<string, Noted | string>>,
  now: NotedOptions,
): string[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(now)])].sort();
  return names.flatMap((name) => {
    const [was, is] = [before[name], now[name]];
    // A note of before values were kept is a digest alone: it does not say what the option was.
    if (typeof was === 'string' || was?.[0] === is?.[0]) return [];
    const [old, current] = [was?.[1] ?? 'not there', is?.[1] ?? 'not there'];
    return old === current
      ? `${name}: changed in what is not shown of ${current}`
      : `${name}: ${old} is now ${current}`;
  });
}

function sectionOf(section: object): NotedOptions {
  const known = notedBySection.get(section);
  if (known !== undefined) return known;
  const noted = Object.fromEntries(
    Object.entries(section).map(([name, value]) => [name, notedOf(name, value)]),
  );
  notedBySection.set(section, noted);
  return noted;
}

function notedOf(name: string, value: unknown): Noted {
  const text = JSON.stringify(value) ?? '';
  return [hashOf(new TextEncoder().encode(text)).slice(0, DIGITS), shownOf(name, value)];
}

function shownOf(name: string, value: unknown): string {
  const shown = JSON.stringify({ [name]: value }, (key, each) => (isHidden(key) ? HIDDEN : each));
  const text = JSON.stringify(JSON.parse(shown)[name]) ?? 'not there';
  return text.length <= SHOWN_MAX ? text : `${text.slice(0, SHOWN_MAX - 1)}…`;
}

/** Only an add-on itself knows what in its own options is secret. */
function isHidden(name: string): boolean {
  return name === 'config' || isSecretName(name);
}
