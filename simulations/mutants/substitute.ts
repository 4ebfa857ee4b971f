/**
 * Puts other text in the place of a snippet while a module is loaded: how mutants are made and steps
 * are counted without a line in production code that is there for tests. A snippet that is not
 * found, or found twice, stops the program: a mutant that is none would pass for one that was caught.
 */
import { readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { fileURLToPath } from 'node:url';

const ROOT = new URL('../../', import.meta.url);

export interface Substitution {
  /** From the project's root. */
  readonly file: string;
  readonly snippet: string;
  readonly replacement: string;
}

/** Call before anything imports the files. Throws if a snippet does not stand in its file exactly once. */
export function substitute(substitutions: readonly Substitution[]): void {
  const byUrl = new Map<string, string>();
  for (const { file, snippet, replacement } of substitutions) {
    const url = new URL(file, ROOT).href;
    const source = byUrl.get(url) ?? readFileSync(fileURLToPath(url), 'utf8');
    const count = source.split(snippet).length - 1;
    if (count !== 1) {
      throw new Error(`${file} holds ${count} times, not once, what is to be replaced: ${snippet}`);
    }
    byUrl.set(
      url,
      source.replace(snippet, () => replacement),
    );
  }
  registerHooks({
    load: (url, context, nextLoad) => {
      const source = byUrl.get(url);
      if (source === undefined) return nextLoad(url, context);
      byUrl.delete(url);
      return { format: 'module-typescript', source, shortCircuit: true };
    },
  });
  pending = byUrl;
}

let pending: ReadonlyMap<string, string> = new Map();

/** Throws unless every file that was to be changed has been loaded since: it came too late otherwise. */
export function requireSubstituted(): void {
  if (pending.size === 0) return;
  throw new Error(`not loaded in their changed form: ${[...pending.keys()].join(', ')}`);
}
