/** Commands about clearings: cycles of debts that are lowered together. */
import type { Clearing, FoundCycle } from '../../node/service/shapes.ts';
import { CYCLE_MAX } from '../../protocol/limits.ts';
import { command, flag, value } from '../command.ts';
import { findTransaction } from '../find-transaction.ts';
import { type NameOf, namesKnownTo, pathText } from '../names.ts';
import { type Fact, facts, tableOr } from '../page.ts';
import { wholeNumber } from '../read.ts';
import { clearingStatsCommand } from './clearing-stats.ts';

const COLOUR_BY_STATE = {
  NEW: 'yellow',
  PROPOSED: 'yellow',
  WAITING_CONFIRMATIONS: 'yellow',
  COMMITTED: 'green',
  REJECTED: 'red',
} as const;

/** The cycle as a path that ends where it began: each owes the next. Of a chain, what becomes of it too. */
export function cycleText(
  { cycle, shortens }: Pick<Clearing, 'cycle' | 'shortens'>,
  nameOf: NameOf,
): string {
  if (shortens)
    return `${pathText(cycle, nameOf)}; shortened to ${pathText([cycle[0]!, cycle.at(-1)!], nameOf)}`;
  return pathText([...cycle, cycle[0]!], nameOf);
}

export function clearingFacts(clearing: Clearing, nameOf: NameOf): Fact[] {
  const { reason } = clearing;
  return [
    ['transaction', clearing.tx_id],
    ['state', clearing.state, COLOUR_BY_STATE[clearing.state]],
    ['each owes the next', cycleText(clearing, nameOf)],
    ['proposed by', nameOf(clearing.coordinator)],
    ['proposed', `${clearing.amount} ${clearing.equivalent}`],
    [
      'cleared',
      clearing.cleared === null ? 'nothing' : `${clearing.cleared} ${clearing.equivalent}`,
    ],
    ...(clearing.waits_for.length === 0
      ? []
      : ([['waits for', clearing.waits_for.map(nameOf).join(', ')]] as const)),
    ...(reason === null
      ? []
      : ([
          ['reason', `${reason.message} (${reason.code} ${reason.details.fault})`, 'red'],
        ] as const)),
    ['attempts', String(clearing.attempts)],
    ['time', clearing.ms === null ? `until ${clearing.expires}` : `${clearing.ms} ms`],
  ];
}

const TX_ID = 'identifier of the clearing, or a unique beginning of one (8 digits or more)';

/** `geo clear accept` and `geo clear reject`. */
function answer(word: 'accept' | 'reject', summary: string) {
  return command({
    words: `clear ${word}`,
    group: 'Clearing',
    summary,
    examples: [`geo clear ${word} 3fa85f64`],
    arguments: { TX_ID },
    run: async ({ client }, given) => {
      const api = await client();
      const { tx_id } = await findTransaction(api, given.TX_ID);
      const clearing = await api.answerClearing({ tx_id, accept: word === 'accept' });
      const nameOf = await namesKnownTo(api);
      return { json: clearing, text: (page) => facts(page, clearingFacts(clearing, nameOf)) };
    },
  });
}

/** What a found cycle came to, in a word. */
function outcomeText({ clearing }: FoundCycle): string {
  if (clearing === null) return 'can be cleared';
  if (clearing.cleared !== null) return `cleared ${clearing.cleared}`;
  return clearing.waits_for.length > 0 ? 'somebody is asked' : clearing.state;
}

export const clearingCommands = [
  command({
    words: 'clear now',
    group: 'Clearing',
    summary: 'Look for circles of debt through you, and cross them out',
    details:
      'Asks over those you owe, for each debt that is owed to you. Whoever wants to be asked first is asked; that clearing goes on without you waiting. Chains of debts that begin with you become one debt where all lines concerned allow it (geo trust set --allow-shortening). With --dry-run nothing is changed, and each debt is counted once.',
    examples: ['geo clear now', 'geo clear now UAH --max-length 4 --dry-run'],
    arguments: { '[EQ]': 'code of the equivalent; all of them if it is left out' },
    options: {
      maxLength: value(
        '--max-length <N>',
        'members of the longest circle to look for',
        wholeNumber(3, CYCLE_MAX),
      ),
      dryRun: flag('--dry-run', 'only show which circles there are'),
    },
    run: async ({ client }, given, { maxLength, dryRun }) => {
      const api = await client();
      const EQ = given['[EQ]'];
      const rows = await api.clearNow({
        dry_run: dryRun,
        ...(EQ === '' ? {} : { equivalent: EQ }),
        ...(maxLength === undefined ? {} : { max_length: maxLength }),
      });
      const nameOf = await namesKnownTo(api);
      return {
        json: rows,
        text: (page) =>
          tableOr(
            page,
            'There is no circle of debt through you now.',
            [
              {
                title: 'AMOUNT',
                cell: ({ amount, equivalent }) => `${amount} ${equivalent}`,
                right: true,
              },
              { title: 'OUTCOME', cell: outcomeText },
              {
                title: 'EACH OWES THE NEXT',
                cell: (row) => cycleText(row, nameOf),
                flexible: true,
              },
            ],
            rows,
          ),
      };
    },
  }),
  clearingStatsCommand,
  command({
    words: 'clear pending',
    group: 'Clearing',
    summary: 'Show clearings that wait for your word',
    details:
      'Only lines with automatic clearing switched off ask. A clearing lowers what you are owed and what you owe by the same amount; without your word it is refused when its time is over.',
    examples: ['geo clear pending'],
    run: async ({ client }) => {
      const api = await client();
      const rows = await api.pendingClearings();
      const nameOf = await namesKnownTo(api);
      return {
        json: rows,
        text: (page) =>
          tableOr(
            page,
            'Nothing waits for you.',
            [
              { title: 'TRANSACTION', cell: ({ tx_id }) => tx_id.slice(0, 12) },
              {
                title: 'AMOUNT',
                cell: ({ amount, equivalent }) => `${amount} ${equivalent}`,
                right: true,
              },
              { title: 'UNTIL', cell: ({ expires }) => expires },
              {
                title: 'EACH OWES THE NEXT',
                cell: (row) => cycleText(row, nameOf),
                flexible: true,
              },
            ],
            rows,
          ),
      };
    },
  }),
  answer('accept', 'Agree to a clearing'),
  answer('reject', 'Do not agree to a clearing'),
];
