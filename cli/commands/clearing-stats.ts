/** `geo clear stats`: what clearing has done, for everyone and for oneself. */
import type { ClearingStats, ClearingTotals } from '../../node/service/shapes.ts';
import { command } from '../command.ts';
import { type Column, type Page, tableOr } from '../page.ts';

const inWords = ({ length, cycles }: ClearingStats['lengths'][number]) => `${cycles} of ${length}`;

const TOTALS: readonly Column<ClearingTotals>[] = [
  { title: 'EQ', cell: ({ equivalent }) => equivalent },
  { title: 'DEBT NOW', cell: ({ debt }) => debt, right: true },
  { title: 'CLEARED SO FAR', cell: ({ removed }) => removed, right: true },
  { title: 'SHORTENED BY', cell: ({ shortened }) => shortened.removed, right: true },
  { title: 'CLEARABLE NOW', cell: clearableText, right: true },
  { title: 'AVERAGE DEBT', cell: ({ average_debt }) => average_debt, right: true },
  {
    title: 'WITHOUT CLEARING',
    cell: ({ average_without_clearing }) => average_without_clearing,
    right: true,
  },
  {
    title: 'CIRCLES',
    cell: ({ lengths }) => lengths.map(inWords).join(', ') || 'none',
    flexible: true,
  },
];

function clearableText({ clearable, clearable_share: share }: ClearingTotals): string {
  return clearable === null || share === null ? '' : `${clearable} (${(share * 100).toFixed(2)} %)`;
}

type OwnRow = ClearingStats['lengths'][number] & { readonly equivalent: string };

const OWN: readonly Column<OwnRow>[] = [
  { title: 'MEMBERS', cell: ({ length }) => String(length), right: true },
  { title: 'CIRCLES', cell: ({ cycles }) => String(cycles), right: true },
  {
    title: 'DEBT REMOVED',
    cell: ({ removed, equivalent }) => `${removed} ${equivalent}`,
    right: true,
  },
];

function ownText(page: Page, stats: readonly ClearingStats[]): string {
  const rows = stats.flatMap(({ equivalent, lengths }) =>
    lengths.map((row) => ({ ...row, equivalent })),
  );
  return [
    tableOr(page, 'Nothing has been cleared with you yet.', OWN, rows),
    ...stats.map(
      ({ equivalent, mine }) => `You owe ${mine} ${equivalent} less, and are owed as much less.`,
    ),
    ...stats.flatMap(({ equivalent, shortened: { chains, removed } }) =>
      chains === 0
        ? []
        : [`Chains shortened: ${chains}; all debts together fell by ${removed} ${equivalent}.`],
    ),
  ].join('\n');
}

export const clearingStatsCommand = command({
  words: 'clear stats',
  group: 'Clearing',
  summary: 'Show what clearing has done so far, for everyone and for you',
  details:
    'First by equivalent: all debt that this node knows of (a hub of its community, others of their own), what was cleared with its part, what could still be cleared, exactly (hubs only), and debt averaged over time, with clearing and without it. Then the circles that you were in: each took the same amount from what you owe and from what you are owed. Shortened chains are counted by themselves.',
  examples: ['geo clear stats', 'geo clear stats --json'],
  run: async ({ client }) => {
    const api = await client();
    const totals = await api.clearingTotals();
    const mine = totals.flatMap((row) => row.mine ?? []);
    const head = (page: Page) =>
      tableOr(page, 'No equivalents are known here yet.', TOTALS, totals);
    return { json: totals, text: (page) => `${head(page)}\n\n${ownText(page, mine)}` };
  },
});
