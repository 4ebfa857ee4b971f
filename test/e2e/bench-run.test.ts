/** The benchmark measures what it says: real payments, and a floor that does the same work. */
import { describe, expect, it } from 'vitest';
import { benchApi } from '../../simulations/bench/api.ts';
import { apiText } from '../../simulations/bench/api-table.ts';
import { benchEvents, eventsText } from '../../simulations/bench/events.ts';
import { benchHub, hubText } from '../../simulations/bench/hub.ts';
import { benchPayments, type PaymentsReport } from '../../simulations/bench/payments.ts';
import { paymentsText } from '../../simulations/bench/payments-table.ts';

const options = { hops: 2, inFlight: [4], seconds: 2, profile: undefined, json: true };

function ofAllNodes(report: PaymentsReport, key: 'signatures' | 'verifications' | 'messages_out') {
  return report.runs[0]!.nodes.reduce((sum, node) => sum + node[key], 0);
}

describe('bench hub', () => {
  it('puts the floor beside a hub with members', { timeout: 120_000 }, async () => {
    const report = await benchHub(
      {
        community: undefined,
        members: 12,
        lines: 60,
        inFlight: [8],
        seconds: 1,
        profile: undefined,
        json: true,
      },
      () => undefined,
    );
    expect(report).toMatchObject({ members: 12, lines: 60 });
    const [run] = report.runs;
    // A vote, and the check of an order.
    expect(run).toMatchObject({ in_flight: 8, signatures: 1, verifications: 1 });
    expect(run!.payments).toBeGreaterThan(0);
    expect(run!.floor_per_s).toBeGreaterThan(0);
    expect(run!.ratio).toBeCloseTo(run!.payments_per_s / run!.floor_per_s, 1);
    const lines = hubText({ width: 100, colours: false }, report).split('\n');
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(100);
  });
});

describe('bench api', () => {
  it('has members pay and read through the HTTP door of a daemon', {
    timeout: 120_000,
  }, async () => {
    const size = { members: 8, lines: 40, connections: 4, seconds: 1 };
    const report = await benchApi({ ...size, profile: undefined, json: true }, () => undefined);
    expect(report).toMatchObject({ ...size, payments: { failed: 0 } });
    expect(report.payments.done).toBeGreaterThan(0);
    expect(report.payments.engine_per_s).toBeGreaterThan(0);
    expect(report.reads.map(({ name, failed }) => [name, failed])).toEqual([
      ['balance', 0],
      ['debts', 0],
      ['transactions', 0],
      ['all three in turns', 0],
    ]);
    // A page with something in it.
    expect(report.reads[2]!.body_bytes).toBeGreaterThan(200);
    expect(report.reads[3]!.floor_per_s).toBeGreaterThan(0);
    const lines = apiText({ width: 100, colours: false }, report).split('\n');
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(100);
  });
});

describe('bench events', () => {
  it('has every subscriber get every event, and nothing lost by one that comes and goes', {
    timeout: 120_000,
  }, async () => {
    const size = { subscribers: 10, rate: 40, seconds: 1, resumes: 8 };
    const report = await benchEvents({ ...size, json: true }, () => undefined);
    expect(report).toMatchObject({ subscribers: 10, faults: 0 });
    expect(report.deliveries_per_s).toBeGreaterThan(0);
    // A visit takes one event, two or three.
    expect(report.resumed).toEqual({ visits: 8, events: 15, faults: 0 });
    const lines = eventsText({ width: 100, colours: false }, report).split('\n');
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(100);
  });
});

describe('bench payments', () => {
  it('puts the floor beside a line of nodes', { timeout: 120_000 }, async () => {
    const report = await benchPayments({ ...options, fill: undefined }, () => undefined);
    const [run] = report.runs;
    expect(run).toMatchObject({ in_flight: 4, failed: 0 });
    expect(run!.nodes.map(({ role }) => role)).toEqual(['payer', 'middle', 'payee']);
    // Order, three votes, three acknowledgements.
    expect(run!.floor_signatures).toBe(7);
    expect(ofAllNodes(report, 'signatures')).toBeCloseTo(7, 1);
    const close = (floor: number, nodes: number) => Math.abs(floor - nodes) < 0.25 * nodes;
    expect(run!.floor_verifications).toSatisfy((floor: number) =>
      close(floor, ofAllNodes(report, 'verifications')),
    );
    expect(run!.floor_messages).toSatisfy((floor: number) =>
      close(floor, ofAllNodes(report, 'messages_out')),
    );
    expect(run!.floor_per_s).toBeGreaterThan(0);
    expect(run!.ratio).toBeCloseTo(run!.payments_per_s / run!.floor_per_s!, 1);
    const lines = paymentsText({ width: 100, colours: false }, report).split('\n');
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(100);
  });

  it('puts nodes with a long past beside a line of new ones', { timeout: 120_000 }, async () => {
    const fill = { edges: 50, history: 200 };
    const report = await benchPayments({ ...options, seconds: 1, fill }, () => undefined);
    expect(report.runs[0]).toMatchObject({ in_flight: 4, failed: 0 });
    expect(report.runs[0]!.laden_per_s).toBeGreaterThan(0);
    expect(report).toMatchObject(fill);
  });
});
