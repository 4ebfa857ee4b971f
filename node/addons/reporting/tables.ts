/** Reports as CSV (RFC 4180): one table each, with a first line of titles. Pure. */
import type { CommunityReport } from './community.ts';
import type { ParticipantReport } from './participant.ts';

type Cell = string | number | null;

/** One line for each neighbour, and a last one of all together. */
export function participantCsv(report: ParticipantReport): string {
  const titles = [
    'pid',
    'name',
    'owes_me',
    'i_owe',
    'trust_given',
    'trust_received',
    'given_used',
    'received_used',
  ] as const;
  const all = {
    ...report,
    pid: '',
    name: 'total',
    owes_me: report.total_credit,
    i_owe: report.total_debt,
  };
  const rows = [...report.neighbours, all];
  return csv(
    titles,
    rows.map((row) => titles.map((title) => row[title])),
  );
}

/** One line for each figure: its name and its value; growth as further lines with their time. */
export function communityCsv(report: CommunityReport): string {
  const { growth, ...now } = report;
  const rows = [
    ...figures('', now).map(([name, value]): Cell[] => [name, '', value]),
    ...growth.flatMap(({ time, ...then }) =>
      figures('growth', then).map(([name, value]): Cell[] => [name, time, value]),
    ),
  ];
  return csv(['figure', 'time', 'value'], rows);
}

/** `concentration.debt_gini` and its value, for every value however deep. */
function figures(prefix: string, value: object): [name: string, value: Cell][] {
  return Object.entries(value).flatMap(([key, inner]: [string, unknown]) => {
    const name = prefix === '' ? key : `${prefix}.${key}`;
    if (typeof inner === 'object' && inner !== null) return figures(name, inner);
    return [[name, inner as Cell] as [string, Cell]];
  });
}

function csv(titles: readonly string[], rows: readonly (readonly Cell[])[]): string {
  return [titles, ...rows].map((row) => `${row.map(cell).join(',')}\r\n`).join('');
}

function cell(value: Cell): string {
  if (value === null) return '';
  const text = String(value);
  // Somebody else's name must not become a formula in a spreadsheet.
  const safe = /^[=+\-@\t\r]/.test(text) && !/^-?\d/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
