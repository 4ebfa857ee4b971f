import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Tag } from 'cbor2';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encode } from '../../protocol/wire/cbor.ts';
import { type CddlRules, readCddl, undefinedRules, validateAgainstCddl } from './cddl-check.ts';

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'cddl-test-'));
});
afterAll(() => {
  rmSync(directory, { recursive: true });
});

function rulesOf(text: string): CddlRules {
  const path = join(directory, 'rules.cddl');
  writeFileSync(path, `${text}\n`);
  return readCddl(path);
}

const key = new Uint8Array(32);
const table: readonly (readonly [
  cddl: string,
  fits: readonly unknown[],
  not: readonly unknown[],
])[] = [
  ['x = int', [0, -5, 2n ** 63n], ['0', null, true, 1.5]],
  ['x = uint', [0, 2n ** 64n - 1n], [-1, -1n]],
  ['x = nint', [-1], [0]],
  ['x = bool', [true, false], [0, 'true']],
  ['x = nil', [null], [undefined, false]],
  ['x = any', [null, 1, 'a', []], []],
  ['x = tstr', ['', 'a'], [key, 1]],
  ['x = bstr', [key], ['a', []]],
  ['x = bstr .size 32', [key], [key.subarray(1), 'a']],
  ['x = bstr .size (0..4)', [key.subarray(0, 4), key.subarray(0, 0)], [key.subarray(0, 5)]],
  ['x = tstr .size (1..4)', ['a', 'її'], ['', 'ааа']],
  ['x = uint .size 2', [0, 65535], [65536]],
  ['x = tstr .regexp "[A-Z0-9_]{1,16}"', ['UAH'], ['uah', 'UAH ', '', 1]],
  ['x = 0..10', [0, 10, 5n], [-1, 11, '5']],
  ['x = -5..5', [-5, 5], [-6, 6]],
  ['x = 1..9223372036854775807', [1, 2n ** 63n - 1n], [0, 2n ** 63n]],
  ['x = -9223372036854775807..0', [-(2n ** 63n) + 1n], [-(2n ** 63n), 1]],
  ['x = 0..9007199254740991', [2 ** 53 - 1], [2n ** 53n]],
  ['x = (0..10)', [0, 10], [11]],
  ['x = 3', [3, 3n], [4, '3']],
  ['x = "PING"', ['PING'], ['PONG', 1]],
  ['x = true', [true], [false]],
  ['x = int .ge 3', [3, 4n], [2]],
  ['x = int .lt 3', [2], [3]],
  ['x = int .ne 3', [2], [3]],
  ['x = "a" / "b" / nil', ['a', 'b', null], ['c', 1]],
  ['x = y / nil\ny = bstr .size 32', [key, null], [1]],
  [
    'x = { a: int, ? b: tstr }',
    [{ a: 1 }, { a: 1, b: '' }],
    [{}, { a: 1, b: 2 }, { a: 1, c: 1 }, []],
  ],
  ['x = { a: nil / bstr .size 2 }', [{ a: null }, { a: key.subarray(0, 2) }], [{ a: key }]],
  ['x = { a: bstr .size 2 / nil }', [{ a: null }, { a: key.subarray(0, 2) }], [{ a: key }]],
  [
    'x = { a: { b: int }, c: int }',
    [{ a: { b: 1 }, c: 2 }],
    [
      { a: {}, c: 2 },
      { a: 1, c: 2 },
    ],
  ],
  ['x = { * tstr => tstr .size (0..2) }', [{}, { a: 'b' }], [{ a: 1 }, { a: 'bcd' }, key]],
  ['x = { y, b: int }\ny = ( a: int, ? c: int )', [{ a: 1, b: 2 }], [{ b: 2 }]],
  ['x = [int, tstr]', [[1, 'a']], [[1], ['a', 1], [1, 'a', 2], 1, {}]],
  ['x = [0*2 int]', [[], [1, 2]], [[1, 2, 3], ['a']]],
  ['x = [1*3 [0*2 int]]', [[[]], [[1, 2], []]], [[], [[1, 2, 3]], [1]]],
  ['x = [0*2 { a: int }]', [[{ a: 1 }]], [[{ b: 1 }]]],
  ['x = [0*2 (bstr .size 2)]', [[key.subarray(0, 2)]], [[key]]],
  ['x = [0*2 (0..5)]', [[0, 5]], [[6]]],
  [
    'x = [* int, tstr]',
    [['a'], [1, 2, 'a']],
    [
      [1, 2],
      ['a', 1],
    ],
  ],
  ['x = { a: [0*2 y], b: int }\ny = [int, bool]', [{ a: [[1, true]], b: 1 }], [{ a: [[1]], b: 1 }]],
  ['x = bstr .cbor y\ny = { a: int }', [encode({ a: 1 })], [encode({ b: 1 }), key, 'a']],
  ['x = #6.18(y)\ny = [int]', [new Tag(18, [1])], [new Tag(17, [1]), new Tag(18, []), [1]]],
];

describe('validateAgainstCddl', () => {
  it.each(table)('%s', (cddl, fitting, unfitting) => {
    const rules = rulesOf(cddl);
    for (const value of fitting) expect(validateAgainstCddl(rules, 'x', value)).toEqual([]);
    for (const value of unfitting) expect(validateAgainstCddl(rules, 'x', value)).not.toEqual([]);
  });

  it('names every fault with its place', () => {
    const rules = rulesOf(
      'order = { lines: [0*9 line], to: bstr .size 32 }\nline = { amount: 1..9 }',
    );
    const value = { lines: [{ amount: 1 }, { amount: 10 }], from: 1 };
    expect(validateAgainstCddl(rules, 'order', value)).toEqual([
      'order.lines[1].amount: 1..9 expected',
      'order: "to" is missing',
      'order: "from" is not known',
    ]);
  });

  it.each([
    ['x = float', 1],
    ['x = missing', 1],
    ['x = { a: int // b: int }', { a: 1 }],
    ['x = int .and uint', 1],
  ])('throws rather than pass what it does not know: %s', (cddl, value) => {
    expect(() => validateAgainstCddl(rulesOf(cddl), 'x', value)).toThrow(/not known/);
  });

  it('finds rules that are used and not defined', () => {
    const rules = rulesOf('x = { a: y, ? b: [0*2 z], c: bstr .cbor v }\ny = #6.18(w)');
    expect(undefinedRules(rules).sort()).toEqual(['v', 'w', 'z']);
  });

  it('throws for integers that the parser cannot tell apart', () => {
    expect(() => rulesOf('x = 1..9223372036854775807\ny = 0..9223372036854775808')).toThrow(
      /one to/,
    );
  });

  it('throws for a rule that is not there, and for one that stands twice', () => {
    expect(() => validateAgainstCddl(rulesOf('x = int'), 'y', 1)).toThrow(/no rule y/);
    expect(() => rulesOf('x = int\nx = tstr')).toThrow(/stands twice/);
  });
});
