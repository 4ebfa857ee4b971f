/** Equivalents as a table, a node's own and those of a community. */
import type { Equivalent } from '../../node/service/shapes.ts';
import type { Result } from '../command.ts';
import { type Column, tableOr } from '../page.ts';

const COLUMNS: readonly Column<Equivalent>[] = [
  { title: 'CODE', cell: ({ code }) => code },
  { title: 'PRECISION', cell: ({ precision }) => String(precision), right: true },
  {
    title: 'ABOUT',
    cell: ({ metadata }) =>
      Object.entries(metadata)
        .map(([name, text]) => `${name}: ${text}`)
        .join(', '),
    flexible: true,
  },
];

/** @param none what to say, and what to do, if there are none */
export function equivalentsResult(equivalents: readonly Equivalent[], none: string): Result {
  return {
    json: equivalents,
    text: (page) => tableOr(page, none, COLUMNS, equivalents),
  };
}
