/** Commands about clearings: cycles of debts that are lowered together. */
import type { Clearing } from '../../node/api/shapes.ts';
import { command } from '../command.ts';
import { findTransaction } from '../find-transaction.ts';
import { type NameOf, namesKnownTo, pathText } from '../names.ts';
import { type Fact, facts, tableOr } from '../page.ts';

const COLOUR_BY_STATE = {
  NEW: 'yellow',
  PROPOSED: 'yellow',
  WAITING_CONFIRMATIONS: 'yellow',
  COMMITTED: 'green',
  REJECTED: 'red',
} as const;

/** The cycle as a path that ends where it began: each owes the next. */
export function cycleText({ cycle }: Pick<Clearing, 'cycle'>, nameOf: NameOf): string {
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

export const clearingCommands = [
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
