/** The figures of `bench payments` for a person, within 100 columns. */
import { type Column, type Page, table } from '../../cli/page.ts';
import type { NodeShare, PaymentsReport, PaymentsRun } from './payments.ts';

type Cell = (run: PaymentsRun) => number | undefined;

const LINE: readonly (readonly [title: string, cell: Cell])[] = [
  ['in flight', (run) => run.in_flight],
  ['payments/s', (run) => run.payments_per_s],
  ['p50 ms', (run) => run.p50_ms],
  ['p99 ms', (run) => run.p99_ms],
  ['CPU µs', (run) => run.cpu_us_per_payment],
];
const FLOOR: typeof LINE = [
  ['floor/s', (run) => run.floor_per_s],
  ['p50 ms', (run) => run.floor_p50_ms],
  ['CPU µs', (run) => run.floor_cpu_us_per_payment],
  ['CPU', (run) => run.cpu_ratio],
  ['speed', (run) => run.ratio],
  ['latency', (run) => run.latency_ratio],
];
const LADEN: typeof LINE = [
  ['laden/s', (run) => run.laden_per_s],
  ['p50 ms', (run) => run.laden_p50_ms],
  ['p99 ms', (run) => run.laden_p99_ms],
  ['latency', (run) => run.laden_latency_ratio],
];

const SHARES: readonly Column<NodeShare>[] = [
  { title: 'per payment', cell: (node) => node.role },
  number('signatures', (node) => node.signatures),
  number('verifications', (node) => node.verifications),
  number('messages', (node) => node.messages_out),
  number('bytes', (node) => node.bytes_out),
  number('fsyncs', (node) => node.fsyncs),
  number('operations', (node) => node.store_operations),
  number('stored', (node) => node.store_bytes),
  number('CPU µs', (node) => node.cpu_us),
];

export function paymentsText(page: Page, report: PaymentsReport): string {
  const laden = report.edges + report.history > 0;
  const columns = [...LINE, ...(laden ? LADEN : FLOOR)].map(([title, cell]) => number(title, cell));
  const beside = laden
    ? `laden: the same line whose nodes have ${report.edges} more edges and ${report.history} entries of history.`
    : 'floor: the same signatures, verifications, messages, CBOR and synced writes, bare.';
  const failed = report.runs.reduce((total, run) => total + run.failed, 0);
  return [
    `${report.hops} hops, ${report.hops + 1} processes. CPU: all of them, for one payment.`,
    beside,
    '',
    table(page, columns, report.runs),
    ...report.runs.flatMap((run) => [
      '',
      `${run.in_flight} in flight${floorCounts(run)}`,
      table(page, SHARES, run.nodes),
    ]),
    ...(failed === 0 ? [] : ['', `${failed} payments failed.`]),
    '',
  ].join('\n');
}

function floorCounts(run: PaymentsRun): string {
  if (run.floor_per_s === undefined) return '';
  return `; floor: ${run.floor_signatures} signatures, ${run.floor_verifications} verifications, ${run.floor_messages} messages`;
}

function number<Row>(title: string, cell: (row: Row) => number | undefined): Column<Row> {
  return { title, right: true, cell: (row) => String(cell(row) ?? '') };
}
