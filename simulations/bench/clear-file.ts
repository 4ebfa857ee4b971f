/** A CSV file of debts, and the cycles that clear them as a file of JSON lines. */
import { writeFileSync } from 'node:fs';
import type { DebtGraph } from '../../protocol/clearing/circulation.ts';
import type { ClearingCycle } from '../../protocol/clearing/decompose.ts';
import { invalid } from '../../protocol/errors.ts';
import { readText, writing } from './files.ts';

export interface DebtFile {
  readonly graph: DebtGraph;
  /** Participant by index → its id in the file. */
  readonly ids: readonly string[];
}

const HEADER = 'from,to,limit,debt';
const LIMIT = /^(-1|\d+)$/;
const DEBT = /^\d+$/;

/** @throws GeoError E009 `unreadable_file` and what `parseDebts` throws */
export function readDebts(file: string): DebtFile {
  return parseDebts(readText(file));
}

/**
 * @param text columns `from,to,limit,debt` under a header: `from` owes `to`, whole numbers, limit −1
 *   if it is not known. Both directions of a pair may appear, each of them once.
 * @throws GeoError E009 `bad_header` | `bad_row` | `repeated_row` | `amounts_too_large`, with `line`
 */
export function parseDebts(text: string): DebtFile {
  const lines = text.replace(/^\uFEFF/, '').split(/\r?\n/);
  if (lines[0]?.replaceAll(' ', '') !== HEADER) {
    throw invalid('bad_header', `The first line must be "${HEADER}".`, { line: 1 });
  }
  const indexOf = new Map<string, number>();
  const seen = new Set<string>();
  const debtor: number[] = [];
  const creditor: number[] = [];
  const amount: number[] = [];
  const index = (id: string): number => {
    const known = indexOf.get(id) ?? indexOf.size;
    indexOf.set(id, known);
    return known;
  };
  for (let at = 1; at < lines.length; at++) {
    const row = lines[at]!;
    if (row.trim() === '') continue;
    const [from, to, units] = readRow(row, at + 1);
    if (units === 0) continue;
    const pair = `${from},${to}`;
    if (seen.has(pair)) {
      throw invalid('repeated_row', `Line ${at + 1}: ${from} owes ${to} a second time.`, {
        line: at + 1,
      });
    }
    seen.add(pair);
    debtor.push(index(from));
    creditor.push(index(to));
    amount.push(units);
  }
  return {
    graph: {
      size: indexOf.size,
      debtor: Int32Array.from(debtor),
      creditor: Int32Array.from(creditor),
      amount: Float64Array.from(amount),
    },
    ids: [...indexOf.keys()],
  };
}

function readRow(row: string, line: number): [from: string, to: string, debt: number] {
  const [from = '', to = '', limit = '', debt = '', ...more] = row.split(',').map((x) => x.trim());
  const valid = from !== '' && to !== '' && LIMIT.test(limit) && DEBT.test(debt);
  if (!valid || more.length > 0) {
    throw invalid('bad_row', `Line ${line} must be two ids, a limit or -1, and a whole debt.`, {
      line,
    });
  }
  if (from === to) throw invalid('bad_row', `Line ${line}: ${from} cannot owe itself.`, { line });
  const units = Number(debt);
  if (!Number.isSafeInteger(units)) {
    throw invalid('amounts_too_large', `Line ${line}: the debt must stay below 2^53.`, { line });
  }
  return [from, to, units];
}

/**
 * One line `{"cycle":[a,b,c],"amount":n}` per cycle: a owes b, b owes c, c owes a.
 * @throws GeoError E009 `unwritable_file`
 */
export function writeCycles(
  file: string,
  cycles: readonly ClearingCycle[],
  ids: readonly string[],
): void {
  const lines = cycles.map(({ members, amount }) =>
    JSON.stringify({ cycle: members.map((member) => ids[member]), amount }),
  );
  writing(file, () => writeFileSync(file, lines.map((line) => `${line}\n`).join('')));
}
