/** What a person reads about clearings: which circles, with whose consent, and how much less is owed. */
import { type Page, table } from '../../cli/page.ts';
import { toText } from '../audit/desk.ts';
import type { Community } from '../community/community.ts';
import { totalDebts } from './clearing.ts';
import type { ClearingRow } from './report.ts';
import type { Story } from './story.ts';

const CLEARINGS_SHOWN = 8;

/** @returns an empty text if nobody owed anybody */
export function clearingsText(page: Page, community: Community, story: Story): string {
  const { clearings } = story.report;
  const parts = [debtsTable(page, community, story)];
  if (parts[0] === '') return '';
  if (clearings.length === 0) parts.unshift('No circle of debts was found.');
  else parts.unshift(clearingsTable(page, clearings));
  return parts.join('\n');
}

function clearingsTable(page: Page, clearings: readonly ClearingRow[]): string {
  // Where somebody was asked there is more to tell; then the longest circles.
  const told = clearings.toSorted(
    (a, b) => b.answers.length - a.answers.length || b.cycle.length - a.cycle.length,
  );
  const rows = told.slice(0, CLEARINGS_SHOWN);
  const shown = table(
    page,
    [
      { title: 'circle', cell: outcomeOf },
      { title: 'amount', cell: (row) => `${row.amount} ${row.equivalent}`, right: true },
      { title: 'who owes whom', cell: circleOf, flexible: true },
      { title: 'consent', cell: consentOf },
    ],
    rows,
  );
  const hidden = clearings.length - rows.length;
  return hidden > 0 ? `${shown}\n… and ${hidden} more; --json prints them all` : shown;
}

function outcomeOf({ state }: ClearingRow): string {
  if (state === 'COMMITTED') return 'cleared';
  return state === 'REJECTED' ? 'not cleared' : 'undecided';
}

function circleOf({ cycle }: ClearingRow): string {
  return [...cycle, cycle[0]].join(' → ');
}

/** Agreement is not enough: the votes may find that a debt has become smaller meanwhile. */
function consentOf({ answers, reason }: ClearingRow): string {
  const words = answers.map(
    ({ participant, agrees }) => `${participant} was asked and ${agrees ? 'agrees' : 'refuses'}`,
  );
  const refused = answers.some(({ agrees }) => !agrees);
  if (reason !== null && !refused) words.push(reason.split(':')[0]!);
  return words.length === 0 ? 'all lines allow it' : words.join('; ');
}

interface DebtRow {
  readonly code: string;
  readonly before: string;
  readonly after: string;
  readonly gone: string;
}

function debtsTable(page: Page, community: Community, story: Story): string {
  const { equivalents } = community;
  const before = totalDebts(story.balancesBefore, equivalents);
  const after = totalDebts(story.report.books, equivalents);
  const rows = equivalents.flatMap(({ code, precision }): DebtRow[] => {
    const [then, now] = [before.get(code) ?? 0n, after.get(code) ?? 0n];
    if (then === 0n) return [];
    const share = Number(((then - now) * 1000n) / then) / 10;
    const [less, text] = [toText(then - now, precision), toText(now, precision)];
    return [
      {
        code,
        before: toText(then, precision),
        after: text,
        gone: `${less} (${share.toFixed(1)} %)`,
      },
    ];
  });
  if (rows.length === 0) return '';
  return table(
    page,
    [
      { title: 'all debts in', cell: (row) => row.code },
      { title: 'before', cell: (row) => row.before, right: true },
      { title: 'after', cell: (row) => row.after, right: true },
      { title: 'gone', cell: (row) => row.gone, right: true },
    ],
    rows,
  );
}
