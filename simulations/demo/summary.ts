/** What a person reads at the end: what happened, who owes what, what was checked, how to go on. */
import { harmless, type Page, paint, table } from '../../cli/page.ts';
import { toText, toUnits } from '../audit/desk.ts';
import type { Community } from '../community/community.ts';
import type { MadePayment } from './paying.ts';
import type { DemoReport } from './report.ts';
import type { Story } from './story.ts';
import { clearingsText } from './summary-clearings.ts';

const BALANCES_SHOWN = 30;

const KINDS = ['single-hop', 'multi-hop', 'split', 'refused', 'undecided'] as const;
type Kind = (typeof KINDS)[number];
/** How many of each kind are worth a line. */
const PAYMENTS_SHOWN: Record<Kind, number> = {
  'single-hop': 3,
  'multi-hop': 6,
  split: 5,
  refused: 8,
  undecided: 5,
};

export function kindOf({ state, routes }: Pick<MadePayment, 'state' | 'routes'>): Kind {
  if (state === 'ABORTED') return 'refused';
  if (state !== 'COMMITTED') return 'undecided';
  if (routes.length > 1) return 'split';
  return routes[0]?.path.length === 2 ? 'single-hop' : 'multi-hop';
}

export function summaryText(page: Page, community: Community, story: Story): string {
  const { report } = story;
  const sections = [
    heading(page, `What happened in ${community.name}`),
    happenings(page, community, story),
    heading(page, 'Payments'),
    paymentsTable(page, story.payments),
    ...clearingSections(page, community, story),
    ...community.equivalents.flatMap(({ code, precision }) => [
      heading(page, `Balances in ${code}`),
      balancesTable(page, community, report, code, precision),
    ]),
    heading(page, 'Invariants'),
    invariantLines(page, report),
    heading(page, 'Time'),
    timeLines(report),
  ];
  return `${sections.join('\n')}\n`;
}

/** Without a single debt there is nothing to say. */
function clearingSections(page: Page, community: Community, story: Story): string[] {
  const text = clearingsText(page, community, story);
  return text === '' ? [] : [heading(page, 'Clearings'), text];
}

function heading(page: Page, text: string): string {
  return `\n${paint(page, 'bold', harmless(text))}`;
}

function happenings(page: Page, community: Community, { report, payments, crash }: Story): string {
  const counts = Map.groupBy(payments, kindOf);
  const kinds = KINDS.flatMap((kind) => {
    const count = counts.get(kind)?.length ?? 0;
    return count === 0 ? [] : [`${count} ${kind}`];
  });
  const processes = new Set(report.nodes.map((node) => node.process)).size;
  const lines = [
    `${whoTookPart(community, report)} in ${processes} processes opened ${community.trustLines.length} trust lines.`,
    `${payments.length} payments: ${kinds.join(', ')}.`,
  ];
  if (crash !== null) {
    const everyone = [
      ...community.participants,
      ...(community.hub === null ? [] : [community.hub]),
    ];
    const name = everyone.find((each) => each.id === crash.victim)?.name;
    const others = crash.died.length - 1;
    const company =
      others === 0
        ? ''
        : `, with ${others} other ${others === 1 ? 'node' : 'nodes'} of its process`;
    lines.push(
      `${name} was killed (SIGKILL) in the middle of ${crash.attempts} ${crash.attempts === 1 ? 'payment' : 'payments'}${company}, and was back after ${(crash.ms / 1000).toFixed(1)} s.`,
    );
  }
  const surprises = payments.filter((row) => !asExpected(row));
  for (const row of surprises) {
    lines.push(
      `Not as the file expects (${row.expect}): ${row.from} → ${row.to}, ${row.amount} ${row.equivalent}: ${row.reason ?? kindOf(row)}`,
    );
  }
  return lines.map((line) => wrapped(page, line, 0)).join('\n');
}

function whoTookPart({ hub, participants }: Community, report: DemoReport): string {
  if (hub === null) return `${report.nodes.length} nodes`;
  const own = hub.ownNodes.length;
  return `${hub.name} with ${participants.length - own} members that it votes for, and ${own} members on nodes of their own,`;
}

/** A crash or a busy line may make a payment fail that its author thought payable; that is worth saying. */
function asExpected(row: MadePayment): boolean {
  const kind = kindOf(row);
  switch (row.expect) {
    case null:
      return true;
    case 'committed':
      return row.state === 'COMMITTED';
    case 'multi_hop':
      return kind === 'multi-hop' || kind === 'split';
    case 'split':
      return kind === 'split';
    case 'refused':
      return kind === 'refused';
  }
}

function paymentsTable(page: Page, payments: readonly MadePayment[]): string {
  const groups = Map.groupBy(payments, kindOf);
  const rows = KINDS.flatMap((kind) => {
    const all = groups.get(kind) ?? [];
    // The longest routes are the most telling, and among refusals those for capacity (E001 … E003).
    const told = all.toSorted((a, b) =>
      kind === 'refused'
        ? (a.reason ?? '').localeCompare(b.reason ?? '')
        : hopCount(b) - hopCount(a),
    );
    return told.slice(0, PAYMENTS_SHOWN[kind]);
  });
  const shown = table(
    page,
    [
      { title: 'kind', cell: kindOf },
      { title: 'amount', cell: (row) => `${row.amount} ${row.equivalent}`, right: true },
      { title: 'way or reason', cell: wayOrReason, flexible: true },
      { title: 'ms', cell: (row) => String(row.ms), right: true },
    ],
    rows,
  );
  const hidden = payments.length - rows.length;
  return hidden > 0 ? `${shown}\n… and ${hidden} more; --json prints them all` : shown;
}

function hopCount({ routes }: MadePayment): number {
  return routes.reduce((sum, route) => sum + route.path.length - 1, 0);
}

function wayOrReason({ from, to, routes, reason }: MadePayment): string {
  if (reason !== null || routes.length === 0) return `${from} → ${to}: ${reason ?? 'no outcome'}`;
  if (routes.length === 1) return routes[0]!.path.join(' → ');
  const parts = routes.map(({ path, amount }) =>
    path.length === 2 ? `${amount} directly` : `${amount} via ${path.slice(1, -1).join(', ')}`,
  );
  return `${from} → ${to}: ${parts.join('; ')}`;
}

function balancesTable(
  page: Page,
  community: Community,
  report: DemoReport,
  code: string,
  precision: number,
): string {
  const rows = community.participants.map(({ id, name }) => ({ id, name, owed: 0n, owes: 0n }));
  const byId = new Map(rows.map((row) => [row.id, row]));
  for (const { node, equivalent, balance } of report.books) {
    const row = byId.get(node);
    if (row === undefined || equivalent !== code) continue;
    const units = toUnits(balance, precision);
    if (units > 0n) row.owed += units;
    else row.owes -= units;
  }
  const text = (units: bigint) => toText(units, precision);
  const moved = rows.filter((row) => row.owed !== 0n || row.owes !== 0n);
  const ranked = moved.toSorted((a, b) => Number(b.owed - b.owes - (a.owed - a.owes)));
  const half = BALANCES_SHOWN / 2;
  const shown =
    ranked.length > BALANCES_SHOWN ? [...ranked.slice(0, half), ...ranked.slice(-half)] : ranked;
  if (shown.length === 0) return 'Nobody owes anything.';
  const rendered = table(
    page,
    [
      { title: 'participant', cell: (row) => row.name, flexible: true },
      { title: 'is owed', cell: (row) => text(row.owed), right: true },
      { title: 'owes', cell: (row) => text(row.owes), right: true },
      {
        title: 'net',
        cell: (row) => text(row.owed - row.owes),
        right: true,
        format: (row) => (row.owed < row.owes ? 'red' : 'green'),
      },
    ],
    shown,
  );
  const hidden = ranked.length - shown.length;
  return hidden > 0 ? `${rendered}\n… and ${hidden} between them` : rendered;
}

function invariantLines(page: Page, { invariants }: DemoReport): string {
  const width = Math.max(...invariants.map((row) => row.name.length));
  return invariants
    .map(({ name, held, detail }) => {
      const mark = held ? paint(page, 'green', '✓') : paint(page, 'red', '✗');
      return `${mark} ${name.padEnd(width)}  ${wrapped(page, detail, width + 4)}`;
    })
    .join('\n');
}

function timeLines({ steps }: DemoReport): string {
  const width = Math.max(...steps.map((step) => step.name.length));
  const total = steps.reduce((sum, step) => sum + step.ms, 0);
  return [...steps, { name: 'in all', ms: total }]
    .map(({ name, ms }) => `${name.padEnd(width)}  ${(ms / 1000).toFixed(1).padStart(6)} s`)
    .join('\n');
}

/** Prose broken at spaces to the width of the page, with every further line indented. */
function wrapped(page: Page, text: string, indent: number): string {
  const room = page.width - indent;
  const lines: string[] = [];
  let line = '';
  for (const word of harmless(text).split(' ')) {
    if (line !== '' && line.length + 1 + word.length > room) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line].join(`\n${' '.repeat(indent)}`);
}
