/**
 * Every metric of a node: name, unit (the end of its name, as Prometheus wants it) and meaning. What is
 * counted elsewhere is read when somebody asks; only what passes by is counted here.
 */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { Notice } from '../engine/notices.ts';
import type { TransportMetrics } from '../transport/metrics.ts';
import type { Vitals } from '../vitals.ts';

export interface MetricSources {
  readonly vitals: () => Vitals;
  readonly transport: () => TransportMetrics;
  /** Calls for every notice of a turn that is durable. */
  readonly listen: (listener: (notice: Notice) => void) => unknown;
  /** Numbers of add-ons, and their own metrics as text; without it there are none. */
  readonly addons?: {
    gauges(): readonly { readonly name: string; readonly up: boolean; readonly restarts: number }[];
    metricsText(): string;
  };
  /** Also what the process itself needs: memory, event loop, collections. */
  readonly process: boolean;
}

export interface Metrics {
  readonly contentType: string;
  /** The metrics as they are now, in Prometheus' text format. */
  text(): Promise<string>;
  /** A write to the store has reached the disk. */
  written(seconds: number, operations: number): void;
}

const PAYMENT_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 120];
const WRITE_SECONDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1];
const WRITE_OPERATIONS = [1, 5, 10, 25, 50, 100, 250, 500, 1_000];

type Readings = readonly (readonly [labels: Readonly<Record<string, string>>, value: number])[];

/** No reading at all where there is nothing to read. */
function optional<T>(source: T | undefined, read: (source: T) => number): Readings {
  return source === undefined ? [] : [[{}, read(source)]];
}

export function createMetrics(sources: MetricSources): Metrics {
  const registry = new Registry();
  const registers = [registry];
  // Each of them is taken once for all the metrics that are read from it.
  let vitalsNow: Vitals | undefined;
  let transportNow: TransportMetrics | undefined;
  const vitals = () => (vitalsNow ??= sources.vitals());
  const transport = () => (transportNow ??= sources.transport());

  /** A value that goes up and down, read when it is asked for. */
  function gauge(name: string, help: string, labelNames: string[], read: () => Readings): void {
    new Gauge({
      name,
      help,
      labelNames,
      registers,
      collect() {
        this.reset();
        for (const [labels, value] of read()) this.set(labels, value);
      },
    });
  }

  /** A sum that somebody else keeps, from zero at the start of the process. */
  function sum(name: string, help: string, labelNames: string[], read: () => Readings): void {
    new Counter({
      name,
      help,
      labelNames,
      registers,
      collect() {
        this.reset();
        for (const [labels, value] of read()) this.inc(labels, value);
      },
    });
  }

  const one = (read: () => number) => (): Readings => [[{}, read()]];
  const each = (label: string, read: () => Readonly<Record<string, number>>) => (): Readings =>
    Object.entries(read()).map(([name, value]) => [{ [label]: name }, value]);

  gauge('geo_build_info', 'Always 1; the label is the version of the program.', ['version'], () => [
    [{ version: vitals().version }, 1],
  ]);
  gauge('geo_store_ok', '1, or 0 while the store cannot be written.', [], () => [
    [{}, vitals().storeOk ? 1 : 0],
  ]);
  gauge(
    'geo_peers_connected',
    'Peers with an open stream.',
    [],
    one(() => vitals().peersConnected),
  );
  gauge(
    'geo_edges',
    'Edges in the books.',
    [],
    one(() => vitals().edges),
  );
  gauge(
    'geo_edges_held',
    'Edges with capacity held for attempts.',
    [],
    one(() => vitals().edgesHeld),
  );
  gauge(
    'geo_edges_not_compared',
    'Edges whose books have not been equal to the other end since the start.',
    [],
    one(() => vitals().edgesNotCompared),
  );
  gauge(
    'geo_edges_disputed',
    'Edges frozen for a dispute.',
    [],
    one(() => vitals().edgesDisputed),
  );
  gauge(
    'geo_invariants_broken',
    'Invariants of the books that the newest audit found broken.',
    [],
    one(() => vitals().invariantsBroken),
  );
  gauge(
    'geo_audit_age_seconds',
    'Since the newest audit of the books, or since the start if there was none.',
    [],
    one(() => vitals().auditAgeMs / 1_000),
  );
  gauge(
    'geo_backup_behind_seconds',
    'Since everything was in the files of the incremental backup; not there if none is kept.',
    [],
    () => optional(vitals().backup, ({ behindMs }) => behindMs / 1_000),
  );
  gauge(
    'geo_backup_waiting_bytes',
    'Batches that the incremental backup does not have yet.',
    [],
    () => optional(vitals().backup, ({ waitingBytes }) => waitingBytes),
  );
  gauge('geo_backup_bytes', 'Full copy and segments of the incremental backup.', [], () =>
    optional(vitals().backup, ({ bytes }) => bytes),
  );
  gauge('geo_attempts_live', 'Attempts that have something left to do.', ['phase'], () =>
    [...vitals().attempts].map(([phase, count]) => [{ phase }, count]),
  );
  gauge(
    'geo_doubt_age_seconds',
    'Since the oldest attempt whose outcome is unknown here has begun; 0: none.',
    [],
    one(() => vitals().oldestDoubtMs / 1_000),
  );
  gauge(
    'geo_outbox_messages',
    'Messages that wait for an acknowledgement.',
    [],
    one(() => vitals().outbox),
  );
  gauge(
    'geo_commit_waiting_turns',
    'Turns that wait for the disk.',
    [],
    one(() => vitals().turnsWaiting),
  );
  sum(
    'geo_commit_turns_total',
    'Turns that were written.',
    [],
    one(() => vitals().commit.units),
  );
  sum(
    'geo_commit_batches_total',
    'Synced batches; turns divided by this is the mean size of one.',
    [],
    one(() => vitals().commit.batches),
  );
  sum(
    'geo_commit_failures_total',
    'Batches that could not be written.',
    [],
    one(() => vitals().commit.failures),
  );
  sum(
    'geo_frames_total',
    'Frames from peers that were opened.',
    [],
    one(() => vitals().inbox.frames),
  );
  sum(
    'geo_frames_refused_total',
    'Frames that were refused, by code of the error.',
    ['code'],
    each('code', () => vitals().inbox.refused),
  );

  sum(
    'geo_transport_frames_total',
    'Frames on streams.',
    ['direction'],
    each('direction', () => transport().frames),
  );
  sum(
    'geo_transport_bytes_total',
    'Bytes of these frames.',
    ['direction'],
    each('direction', () => transport().bytes),
  );
  sum(
    'geo_transport_writes_total',
    'Writes to streams; one may carry many frames.',
    [],
    one(() => transport().writes),
  );
  sum(
    'geo_transport_dropped_frames_total',
    'Frames that were dropped, and the limit or loss that did it.',
    ['reason'],
    each('reason', () => transport().dropped),
  );
  sum('geo_transport_dials_total', 'Dials of peers.', ['result'], () => {
    const { tried, failed } = transport().dials;
    return [
      [{ result: 'connected' }, Math.max(0, tried - failed)],
      [{ result: 'failed' }, failed],
    ];
  });
  sum(
    'geo_transport_handshakes_total',
    'Connections whose handshake ended.',
    ['direction'],
    each('direction', () => transport().handshakes),
  );
  sum(
    'geo_transport_refused_peers_total',
    'Connections and streams that were refused, by limit.',
    ['reason'],
    each('reason', () => transport().refused),
  );

  const { addons } = sources;
  if (addons !== undefined) {
    gauge('geo_addon_up', '1 while the add-on runs.', ['addon'], () =>
      addons.gauges().map(({ name: addon, up }) => [{ addon }, up ? 1 : 0]),
    );
    sum('geo_addon_restarts_total', 'Restarts of an add-on that has failed.', ['addon'], () =>
      addons.gauges().map(({ name: addon, restarts }) => [{ addon }, restarts]),
    );
  }

  const payments = new Counter({
    name: 'geo_payments_total',
    help: 'Payments that have ended here, by what this node was in them.',
    labelNames: ['role', 'outcome'],
    registers,
  });
  const paymentSeconds = new Histogram({
    name: 'geo_payment_seconds',
    help: 'From the order, or the first message about it, to the outcome. At a voter this is the time in doubt.',
    labelNames: ['role', 'outcome'],
    buckets: PAYMENT_SECONDS,
    registers,
  });
  const clearings = new Counter({
    name: 'geo_clearings_total',
    help: 'Clearings that have ended here.',
    labelNames: ['outcome'],
    registers,
  });
  const attempts = new Counter({
    name: 'geo_attempts_total',
    help: 'Attempts that have ended here; several may belong to one payment.',
    labelNames: ['kind', 'role', 'outcome'],
    registers,
  });
  const alerts = new Counter({
    name: 'geo_alerts_total',
    help: 'Alerts about the books.',
    registers,
  });
  const writeSeconds = new Histogram({
    name: 'geo_store_write_seconds',
    help: 'Duration of one batch, with fsync.',
    buckets: WRITE_SECONDS,
    registers,
  });
  const writeOperations = new Histogram({
    name: 'geo_store_write_operations',
    help: 'Records put or deleted by one batch.',
    buckets: WRITE_OPERATIONS,
    registers,
  });

  sources.listen((notice) => {
    if (notice.type === 'attempt-ended') {
      const role = notice.coordinator ? 'coordinator' : 'voter';
      attempts.inc({ kind: notice.kind, role, outcome: notice.outcome });
    }
    if (notice.type === 'alert') alerts.inc();
    if (notice.type !== 'recorded') return;
    const { topic, role = '', state: outcome = '', tookMs = 0 } = notice.event.record;
    if (topic === 'clearing.done') clearings.inc({ outcome });
    if (topic !== 'payment.state') return;
    payments.inc({ role, outcome });
    paymentSeconds.observe({ role, outcome }, tookMs / 1_000);
  });
  if (sources.process) collectDefaultMetrics({ register: registry });

  return {
    contentType: registry.contentType,
    text: () => {
      vitalsNow = undefined;
      transportNow = undefined;
      return registry.metrics().then((text) => `${text}${addons?.metricsText() ?? ''}`);
    },
    written(seconds, operations) {
      writeSeconds.observe(seconds);
      writeOperations.observe(operations);
    },
  };
}
