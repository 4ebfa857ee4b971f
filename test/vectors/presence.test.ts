/** `presence.json` against the reader, and its valid records against `protocol/geo.cddl`. */
import { hexToBytes } from '@noble/hashes/utils.js';
import { describe, expect, it } from 'vitest';
import { nativeVerify } from '../../node/platform/native-ed25519.ts';
import { GeoError } from '../../protocol/errors.ts';
import { openPresence, pidInKey } from '../../protocol/presence.ts';
import { decode } from '../../protocol/wire/cbor.ts';
import { parseSign1 } from '../../protocol/wire/cose.ts';
import { readCddl, validateAgainstCddl } from './cddl-check.ts';
import type { PresenceCase } from './presence-cases.ts';
import { readVectors } from './read.ts';
import { CDDL_FILE } from './write-cddl.ts';

const rules = readCddl(CDDL_FILE);
const cases = readVectors<PresenceCase>('presence.json');
const open = (v: PresenceCase) =>
  openPresence(pidInKey(hexToBytes(v.key)), hexToBytes(v.bytes), v.now, nativeVerify);

function refusalOf(v: PresenceCase): string {
  try {
    open(v);
    return '';
  } catch (error) {
    if (!(error instanceof GeoError)) throw error;
    const { fault, reason } = error.details;
    if (fault === 'bad_signature') return 'not_signed';
    return fault === 'bad_presence' ? String(reason) : fault;
  }
}

describe('presence.json', () => {
  it.each(cases.filter((v) => v.valid).map((v) => [v.name, v] as const))('%s', (_name, v) => {
    const { addresses, sequence } = open(v);
    expect({ addresses, sequence }).toEqual(v.says);
    const { payload } = parseSign1(hexToBytes(v.bytes));
    expect(validateAgainstCddl(rules, 'presence', decode(payload))).toEqual([]);
  });

  it.each(cases.filter((v) => !v.valid).map((v) => [v.name, v] as const))(
    'not believed: %s',
    (_name, v) => {
      expect(refusalOf(v)).toBe(v.reason);
    },
  );
});
