/** Writes `protocol/geo.cddl`: `node test/vectors/write-cddl.ts`. A test checks that it is current. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cddlOfProtocol } from '../../protocol/cddl.ts';

export const CDDL_FILE = join(import.meta.dirname, '../../protocol/geo.cddl');

if (import.meta.main) {
  const text = cddlOfProtocol();
  writeFileSync(CDDL_FILE, text);
  process.stderr.write(`protocol/geo.cddl: ${text.length} bytes\n`);
}
