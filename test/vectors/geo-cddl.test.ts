/** `protocol/geo.cddl` is current, is CDDL to a parser that we did not write, and is whole. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { cddlOfProtocol } from '../../protocol/cddl.ts';
import { MESSAGES } from '../../protocol/wire/message-types.ts';
import { readCddl, undefinedRules } from './cddl-check.ts';
import { CDDL_FILE } from './write-cddl.ts';

describe('protocol/geo.cddl', () => {
  const rules = readCddl(CDDL_FILE);

  it('is what the schemas say: node test/vectors/write-cddl.ts', () => {
    expect(readFileSync(CDDL_FILE, 'utf8')).toBe(cddlOfProtocol());
  });

  it('defines every rule that it uses', () => {
    expect(undefinedRules(rules)).toEqual([]);
  });

  it('has a frame for every message', () => {
    for (const name of Object.keys(MESSAGES)) expect(rules.has(name), name).toBe(true);
  });
});
