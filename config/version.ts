/** The version of this software, from package.json. */
import { readFileSync } from 'node:fs';
import { z } from 'zod';

export function softwareVersion(): string {
  const file = new URL('../package.json', import.meta.url);
  return z.object({ version: z.string() }).parse(JSON.parse(readFileSync(file, 'utf8'))).version;
}
