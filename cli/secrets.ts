/**
 * Secrets from where they need not stand on the command line, which other users of a machine can
 * read: a file, standard input, the environment, or a question to the person.
 */

import { usageError } from './exit.ts';
import { readNamedFile } from './files.ts';
import type { Terminal } from './terminal.ts';

/** How an option that takes a secret can be given; part of its help. */
export const SECRET_FORMS = '@FILE reads it from a file, - from standard input (or asks)';

/** @throws GeoError E009 `file_unreadable` | `usage` */
export async function readSecret(
  given: string,
  question: string,
  terminal: Terminal,
): Promise<string> {
  if (given.startsWith('@')) return new TextDecoder().decode(await readNamedFile(given.slice(1)));
  if (given !== '-') return given;
  return terminal.inputIsPerson ? terminal.askSecret(question) : terminal.readInput();
}

export interface PassphraseOptions {
  /** Ask for it. */
  readonly passphrase: boolean;
  readonly passphraseFile: string | undefined;
}

/**
 * From a file, by asking, or from `GEO_PASSPHRASE`, in this order; undefined if there is none.
 * @param twice ask again, because a slip would lock the key for good
 */
export async function readPassphrase(
  options: PassphraseOptions,
  terminal: Terminal,
  twice: boolean,
): Promise<string | undefined> {
  if (options.passphraseFile !== undefined) {
    const bytes = await readNamedFile(options.passphraseFile);
    return new TextDecoder().decode(bytes).replace(/\r?\n$/, '');
  }
  if (options.passphrase) {
    const passphrase = await terminal.askSecret('Passphrase: ');
    if (twice && (await terminal.askSecret('Again: ')) !== passphrase) {
      throw usageError('The two passphrases differ. Nothing was written; try again.');
    }
    return passphrase;
  }
  return terminal.env.GEO_PASSPHRASE || undefined;
}
