/** docs/PROTOCOL.md tells what each status allows; the code does nothing else. */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { MEMBER_ACTS } from '../../../protocol/machines/membership.ts';

const page = readFileSync(new URL('../../../docs/PROTOCOL.md', import.meta.url), 'utf8');

it('the table of docs/PROTOCOL.md says what the code allows', () => {
  const lines = page.split('\n').map((line) => line.split('|').map((cell) => cell.trim()));
  const titles = lines.find((cells) => cells.includes('suspended') && cells.includes('left'))!;
  const told = Object.fromEntries(
    titles.slice(2, -1).map((status, i) => [
      status,
      lines.flatMap((cells) => {
        const [, act] = /^`(\w+)`/.exec(cells[1] ?? '') ?? [];
        return act !== undefined && cells.length === titles.length && cells[i + 2] === 'yes'
          ? [act]
          : [];
      }),
    ]),
  );
  const { refused, ...acts } = MEMBER_ACTS;
  expect(refused).toEqual([]);
  expect(told).toEqual(acts);
});
