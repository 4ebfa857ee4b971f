/** Reads a vector file as another implementation would: from its JSON, not from its generator. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export function readVectors<T>(name: string): readonly T[] {
  const content = readFileSync(join(import.meta.dirname, name), 'utf8');
  return (JSON.parse(content) as { cases: T[] }).cases;
}
