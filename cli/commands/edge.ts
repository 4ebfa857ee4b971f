/** Commands about one edge: both views of it, and the statement that both ends sign. */
import type { Edge, EdgeBook } from '../../node/service/shapes.ts';
import { command, value } from '../command.ts';
import { usageError } from '../exit.ts';
import { writeNewFile } from '../files.ts';
import { nameOr } from '../names.ts';
import { type Column, type Fact, facts, type Page, table } from '../page.ts';
import { anyText } from '../read.ts';

const PEER = 'contact name, PID, or a unique prefix of one';
const EQ = 'code of the equivalent';

interface View extends EdgeBook {
  readonly whose: string;
  readonly when: string;
}

const VIEW_COLUMNS: readonly Column<View>[] = [
  { title: 'BOOK', cell: ({ whose }) => whose },
  { title: 'BALANCE', cell: ({ balance }) => balance, right: true },
  { title: 'COUNT', cell: ({ count }) => String(count), right: true },
  { title: 'LINE GIVEN', cell: (view) => lineVersion(view.given_sequence), right: true },
  { title: 'LINE RECEIVED', cell: (view) => lineVersion(view.received_sequence), right: true },
  { title: 'DIGEST', cell: ({ digest }) => digest, flexible: true },
  { title: 'CHECKSUM', cell: ({ checksum }) => checksum, flexible: true },
  { title: 'WHEN', cell: ({ when }) => when },
];

function lineVersion(sequence: number): string {
  return sequence === 0 ? 'none' : `version ${sequence}`;
}

function viewsOf({ mine, theirs, statement, dispute }: Edge): View[] {
  const view = (whose: string, when: string, book: EdgeBook | null): View[] =>
    book === null ? [] : [{ ...book, whose, when }];
  return [
    ...view('own', 'now', mine),
    ...view('other end', theirs?.said ?? '', theirs),
    ...view('own, in dispute', dispute?.found ?? '', dispute?.mine ?? null),
    ...view('other end, in dispute', dispute?.found ?? '', dispute?.theirs ?? null),
    ...view('signed by both', statement?.made ?? '', statement),
  ];
}

function limitOf(edge: Edge, side: 'given' | 'received'): string {
  const line = edge[side];
  return line === null ? 'none' : `${line.limit} ${edge.equivalent}, ${line.status}`;
}

function edgeText(page: Page, edge: Edge): string {
  const { equivalent, dispute, statement } = edge;
  const lines: Fact[] = [
    ['edge with', nameOr(edge.peer_name, edge.peer)],
    ['trust given', limitOf(edge, 'given')],
    ['trust received', limitOf(edge, 'received')],
    ['held', `${edge.held_in} in, ${edge.held_out} out`],
    edge.compared
      ? ['compared', 'both books were equal since the start', 'green']
      : ['compared', 'not yet since the start: no payment uses the edge until then', 'yellow'],
    dispute === null ? ['dispute', 'none'] : ['dispute', dispute.reason, 'red'],
    [
      'statement',
      statement === null
        ? 'none yet; geo export statement asks for one'
        : `${statement.balance} ${equivalent} after ${statement.count}${statement.current ? ', current' : ''}`,
    ],
  ];
  const broken = (edge.finding?.problems ?? []).map((text) => ['audit', text, 'red'] as const);
  const unproven = (dispute?.unproven ?? []).map((hash) => ['not proven', hash] as const);
  return [
    facts(page, [...lines, ...broken, ...unproven]),
    '',
    table(page, VIEW_COLUMNS, viewsOf(edge)),
    '',
    'A positive balance: the other end owes you.',
  ].join('\n');
}

export const edgeCommands = [
  command({
    words: 'edge show',
    group: 'Books',
    summary: 'Show one edge as both ends have it',
    details:
      'The own book, what the other end has said of its book since the start, and the newest statement that both have signed. If the edge is in dispute: both views as they were when the difference was found. Exit code 1 if it is.',
    examples: ['geo edge show bob UAH', 'geo edge show bob UAH --json'],
    arguments: { PEER, EQ },
    run: async ({ client }, given) => {
      const edge = await (await client()).edge({ peer: given.PEER, equivalent: given.EQ });
      return {
        json: edge,
        text: (page) => edgeText(page, edge),
        exit: edge.dispute === null ? 0 : 1,
      };
    },
  }),
  command({
    words: 'edge release',
    group: 'Books',
    summary: 'Open an edge again that an audit has frozen, once it is sound',
    details:
      'The books are audited first: while the edge breaks an invariant it stays frozen. What is wrong with it is in `geo edge show`. Nothing is repaired by this command; docs/OPERATOR.md, "An invariant is broken", has what to do.',
    examples: ['geo edge release bob UAH --reason "restored from the backup of March"'],
    arguments: { PEER, EQ },
    options: { reason: value('--reason <TEXT>', 'kept in the history', anyText) },
    run: async ({ client }, given, { reason }) => {
      if (reason === undefined)
        throw usageError('Say why with --reason: it is kept in the history.');
      const edge = await (await client()).releaseEdge({
        peer: given.PEER,
        equivalent: given.EQ,
        reason,
      });
      return { json: edge, text: (page) => edgeText(page, edge) };
    },
  }),
  command({
    words: 'export statement',
    group: 'Books',
    summary: 'Get the account statement of an edge, signed by both ends',
    details:
      'Asks the other end to sign the edge as it stands, unless a current statement is there already; so it has to be connected. With --file the statement is saved: whoever has the file can check it with `geo verify`, without a node and without a network.',
    examples: ['geo export statement bob UAH --file bob-2026-03.geo'],
    arguments: { PEER, EQ },
    options: {
      file: value('--file <FILE>', 'save the statement; never over another file', anyText),
    },
    run: async ({ client, talk }, given, { file }) => {
      const statement = await (await client()).statement({
        peer: given.PEER,
        equivalent: given.EQ,
      });
      if (file !== undefined) {
        await writeNewFile(file, Buffer.from(statement.file, 'hex'));
        talk(`Saved ${file}. Anyone can check it with \`geo verify ${file}\`.`);
      }
      return {
        json: statement,
        text: (page) =>
          facts(page, [
            ['peer', statement.peer],
            ['balance', `${statement.balance} ${statement.equivalent}`],
            ['payments', String(statement.count)],
            ['digest', statement.digest],
            ['made', statement.made],
          ]),
      };
    },
  }),
];
