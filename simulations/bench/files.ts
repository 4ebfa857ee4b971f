/** Files that a benchmark is given or asked for: what is wrong with one is said in a sentence. */
import { readFileSync } from 'node:fs';
import { GeoError } from '../../protocol/errors.ts';

/** @throws GeoError E009 `unreadable_file` */
export function readText(file: string): string {
  return attempt(file, 'read', () => readFileSync(file, 'utf8'));
}

/** @throws GeoError E009 `unwritable_file` */
export function writing<Result>(file: string, write: () => Result): Result {
  return attempt(file, 'written', write);
}

/** What a file says is not what it is to say. */
export function badFile(sentence: string): GeoError {
  return new GeoError('E009', sentence, { fault: 'bad_file' });
}

function attempt<Result>(file: string, verb: 'read' | 'written', act: () => Result): Result {
  try {
    return act();
  } catch (error) {
    const fault = verb === 'read' ? 'unreadable_file' : 'unwritable_file';
    const reason = error instanceof Error ? error.message : String(error);
    throw new GeoError('E009', `${file} cannot be ${verb}: ${reason}`, { fault, file });
  }
}
