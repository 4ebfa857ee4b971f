/** Tables fit the terminal, and nobody else's text can steer it. */
import { stripVTControlCharacters } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Column, facts, harmless, table } from '../../../cli/page.ts';

interface Row {
  readonly name: string;
  readonly amount: string;
}
const COLUMNS: readonly Column<Row>[] = [
  { title: 'NAME', cell: (row) => row.name, flexible: true, format: () => 'red' },
  { title: 'AMOUNT', cell: (row) => row.amount, right: true },
];
const plain = (width: number) => ({ width, colours: false });

describe('table', () => {
  it('aligns text left and amounts right', () => {
    const rows = [
      { name: 'Марія', amount: '5.00' },
      { name: 'bob', amount: '1250.00' },
    ];
    expect(table(plain(80), COLUMNS, rows)).toBe('NAME    AMOUNT\nМарія     5.00\nbob    1250.00');
  });

  it('cuts flexible columns to the width of the terminal', () => {
    const rows = [{ name: 'a very long name of somebody', amount: '5.00' }];
    expect(table(plain(24), COLUMNS, rows).split('\n')[1]).toBe('a very long nam…    5.00');
  });

  it('puts fields below each other where even that is too wide', () => {
    const rows = [{ name: 'somebody', amount: '123456789012345.00' }];
    expect(table(plain(20), COLUMNS, rows)).toBe('NAME    somebody\nAMOUNT  123456789012345.00');
  });

  it('never exceeds the terminal, and says the same with and without colours', () => {
    const row = fc.record({
      name: fc.string({ unit: 'grapheme', maxLength: 60 }),
      amount: fc.nat().map(String),
    });
    fc.assert(
      fc.property(
        fc.array(row, { minLength: 1 }),
        fc.integer({ min: 30, max: 120 }),
        (rows, width) => {
          const text = table(plain(width), COLUMNS, rows);
          const segmenter = new Intl.Segmenter();
          for (const line of text.split('\n')) {
            expect([...segmenter.segment(line)].length).toBeLessThanOrEqual(width);
          }
          const coloured = table({ width, colours: true }, COLUMNS, rows);
          expect(stripVTControlCharacters(coloured)).toBe(text);
        },
      ),
    );
  });
});

describe('text of others', () => {
  it.each([
    ['\u001b[2J\u001b[31mpaid\u001b[0m'],
    ['first\nNET 1000.00'],
    ['\u009b31m'],
    ['right \u202eto left'],
  ])('%j loses what a terminal obeys', (text) => {
    for (const shown of [harmless(text), facts(plain(80), [['note', text]])]) {
      expect(shown).not.toMatch(/[\p{Cc}\u202a-\u202e]/u);
    }
  });
});
