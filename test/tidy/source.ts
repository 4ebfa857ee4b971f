/** Source files as the tidy test reads them: without comments, without texts, and what they refer to. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

export interface Reference {
  /** As written between the quotes. */
  readonly name: string;
  /** Path from the project's root, for a reference to one of its files. */
  readonly file: string | undefined;
  readonly kind: 'import' | 'url';
}

export interface Source {
  /** Path from the project's root, with forward slashes. */
  readonly path: string;
  readonly text: string;
  /** Comments blanked out, lines kept. */
  readonly code: string;
  /** As `code`, and texts and regular expressions blanked out too. */
  readonly bare: string;
  readonly references: readonly Reference[];
}

/** All TypeScript and JavaScript files under the given folders. */
export function readSources(folders: readonly string[]): Source[] {
  return folders
    .flatMap((folder) => filesUnder(folder))
    .filter((path) => /\.(ts|js)$/.test(path))
    .map((path) => {
      const text = readFileSync(join(ROOT, path), 'utf8');
      const code = blank(text, 'comments');
      return { path, text, code, bare: blank(text, 'texts'), references: referencesOf(path, code) };
    });
}

/** Paths from the project's root of all files under a folder. */
export function filesUnder(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)).replaceAll('\\', '/'));
}

// One alternative per token that may hide another: comments, then quoted texts, then templates (with
// one more template inside a substitution), then regular expressions where a division cannot stand.
const TOKENS = new RegExp(
  [
    String.raw`(?<comment>\/\/[^\n]*|\/\*[\s\S]*?\*\/)`,
    String.raw`(?<quoted>'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*")`,
    '(?<template>`(?:\\\\.|\\$\\{(?:[^`{}]|`(?:\\\\.|[^`\\\\])*`|\\{[^{}]*\\})*\\}|[^`\\\\])*`)',
    String.raw`(?<regex>(?<=(?:[(,=:[!&|?{};]|=>|return)\s*)\/(?![*/])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n[])+\/[a-z]*)`,
  ].join('|'),
  'g',
);

/** Blanks out comments, or comments and texts, and keeps the lines. */
export function blank(text: string, what: 'comments' | 'texts'): string {
  return text.replace(TOKENS, (token, ...rest) => {
    const groups = rest.at(-1) as Record<string, string | undefined>;
    if (groups.comment !== undefined) return spaces(token);
    if (what === 'comments') return token;
    // What a template computes is code like any other.
    if (groups.template === undefined) return spaces(token);
    const computed = [...token.matchAll(/\$\{([^`]*?)\}/g)].map(([, code]) => code);
    return `(${computed.join(', ')})${'\n'.repeat(token.split('\n').length - 1)}`;
  });
}

function spaces(token: string): string {
  return token.replaceAll(/[^\n]/g, ' ');
}

const REFERENCES: readonly [kind: Reference['kind'], pattern: RegExp][] = [
  ['import', /\b(?:import|export)\b[^'";]*?\bfrom\s*'([^']+)'/g],
  ['import', /\bimport\s*\(\s*'([^']+)'/g],
  ['import', /^import\s+'([^']+)'/gm],
  ['url', /\bnew URL\(\s*'([^']+)',\s*import\.meta\.url/g],
];

/** Every file or package that a file's code names, see {@link Reference}. */
export function referencesOf(path: string, code: string): Reference[] {
  return REFERENCES.flatMap(([kind, pattern]) =>
    [...code.matchAll(pattern)].map(([, name = '']) => {
      const own = kind === 'url' || name.startsWith('.');
      const file = own ? join(dirname(path), name).replaceAll('\\', '/') : undefined;
      return { name, file, kind };
    }),
  );
}

/** `@scope/name` or `name` of a package import; undefined for Node's own modules and project files. */
export function packageOf({ name, file }: Reference): string | undefined {
  if (file !== undefined || name.startsWith('node:')) return undefined;
  const parts = name.split('/');
  return parts.slice(0, name.startsWith('@') ? 2 : 1).join('/');
}

/** Line number, from 1, of an offset. */
export function lineAt(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length;
}
