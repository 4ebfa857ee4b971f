/** What `bench api` found, and its tables. */
import { type Column, type Page, table } from '../../cli/page.ts';

export interface HttpFigures {
  readonly done: number;
  readonly failed: number;
  /** Why, and how often. */
  readonly failures: Readonly<Record<string, number>>;
  readonly per_s: number;
  readonly p50_ms: number;
  readonly p99_ms: number;
  /** Processor time of the server for each, all threads, µs. */
  readonly cpu_us: number;
  /** That of the load generator, on the same cores. */
  readonly generator_cpu_us: number;
  /** Of an answer's body, on average. */
  readonly body_bytes: number;
}

export interface PaymentFigures extends HttpFigures {
  /** The same orders handed to the same hub in its own process. */
  readonly engine_per_s: number;
  readonly engine_cpu_us: number;
  /** `per_s / engine_per_s`. */
  readonly ratio: number;
}

export interface ReadFigures extends HttpFigures {
  readonly name: string;
  /** An HTTP server that answers the same requests with constant bytes, as many; only of the mix. */
  readonly floor_per_s?: number;
  readonly floor_cpu_us?: number;
  /** `per_s / floor_per_s`. */
  readonly ratio?: number;
}

export interface ApiReport {
  readonly members: number;
  readonly lines: number;
  readonly connections: number;
  readonly seconds: number;
  readonly sign_ins_per_s: number;
  readonly payments: PaymentFigures;
  readonly reads: readonly ReadFigures[];
}

interface Row extends HttpFigures {
  readonly name: string;
  readonly beside?: number | undefined;
  readonly beside_cpu?: number | undefined;
  readonly ratio?: number | undefined;
}

export function apiText(page: Page, report: ApiReport): string {
  const { payments, reads } = report;
  const rows: Row[] = [
    {
      ...payments,
      name: 'payments',
      beside: payments.engine_per_s,
      beside_cpu: payments.engine_cpu_us,
    },
    ...reads.map((row) => ({ ...row, beside: row.floor_per_s, beside_cpu: row.floor_cpu_us })),
  ];
  const failures = rows.flatMap(({ name, failures: why }) =>
    Object.entries(why).map(([reason, count]) => `${count} ${name} failed: ${reason}`),
  );
  return [
    `${report.members} members, ${report.lines} lines, ${report.connections} connections; ${report.sign_ins_per_s} sign-ins/s.`,
    'CPU: of the daemon for each; load: of the generator, on the same cores.',
    'bare: payments by the same hub without HTTP; reads by an HTTP server with nothing behind it.',
    '',
    table(page, COLUMNS, rows),
    ...failures,
    '',
  ].join('\n');
}

const COLUMNS: Column<Row>[] = [
  { title: '', cell: ({ name }) => name },
  numbers('per s', ({ per_s }) => per_s),
  numbers('p50 ms', ({ p50_ms }) => p50_ms),
  numbers('p99 ms', ({ p99_ms }) => p99_ms),
  numbers('failed', ({ failed }) => failed),
  numbers('CPU µs', ({ cpu_us }) => cpu_us),
  numbers('load µs', ({ generator_cpu_us }) => generator_cpu_us),
  numbers('bytes', ({ body_bytes }) => body_bytes),
  numbers('bare/s', ({ beside }) => beside),
  numbers('bare µs', ({ beside_cpu }) => beside_cpu),
  numbers('ratio', ({ ratio }) => ratio),
];

function numbers(title: string, of: (row: Row) => number | undefined): Column<Row> {
  return { title, right: true, cell: (row) => String(of(row) ?? '') };
}
