/** A member whose reports are lies: what the hub leads payments by, what it keeps, and what it shows. */
import { hexToBytes } from '@noble/hashes/utils.js';
import { describe, expect, it } from 'vitest';
import { nativeVerify } from '../../../node/platform/native-ed25519.ts';
import { edgeId } from '../../../protocol/ledger/edge.ts';
import { parseEquivalentCode } from '../../../protocol/money/equivalent.ts';
import {
  contradictedBy,
  encodeReportPair,
  verifyReportPair,
} from '../../../protocol/report-pair.ts';
import { verifyStatement } from '../../../protocol/statement.ts';
import { isSignedBy, readSigned, seal, signedFrame } from '../../../protocol/wire/envelope.ts';
import { Village } from '../engine/harness.ts';
import { UAH } from '../machines/sample-payment.ts';
import { faultOf, join, QUICK_MEMBERSHIPS } from './hub-village.ts';

const PEOPLE = ['anna', 'boris', 'cyril'];
const LATE_MS = 2_000;

async function open(): Promise<Village> {
  const village = await Village.open({
    people: ['hub', ...PEOPLE],
    lines: ['boris>anna 100', 'cyril>boris 100'],
    settings: { memberships: { ...QUICK_MEMBERSHIPS, report_delay_ms: 100 } },
    own: {
      hub: { hub: { enabled: true, admission: 'open', report_late_ms: LATE_MS } },
      anna: { routes: { cache_ms: 0 } },
    },
  });
  for (const name of PEOPLE) await join(village, name);
  await village.calm();
  await village.pass(500);
  return village;
}

/** What `teller` says of its edge with `other`: that `other` could owe it as much more. */
function lie(village: Village, teller: string, other: string, free: bigint, sequence = 1): void {
  const { signer, pid } = village.person(teller);
  const id = edgeId(pid, village.person(other).pid, UAH);
  const edge = {
    ...id,
    precision: 2,
    balance: 0n,
    up: id.low === pid ? free : 0n,
    down: id.low === pid ? 0n : free,
    low_carries: true,
    high_carries: true,
  };
  const body = {
    reporter_key: signer.publicKey,
    hub: village.person('hub').pid,
    sequence: village.clock.now() + 1_000_000 + sequence,
    edges: [edge],
  };
  const envelope = seal('EDGE_REPORT', body, signer.publicKey, (m) => signer.sign(m));
  village.inject(teller, 'hub', signedFrame('EDGE_REPORT', envelope));
}

const hubOf = (village: Village) => village.service('hub');
const standing = (village: Village) => hubOf(village).hubDisagreements({ standing: true });

describe('two ends that report different things', () => {
  it('are one late message at first, and then a disagreement with both signed reports', async () => {
    const village = await open();
    lie(village, 'boris', 'anna', 5_000_000n);
    await village.pass(LATE_MS / 2);
    expect(hubOf(village).hubStats()).toMatchObject({
      index: [{ differing: 1 }],
      disagreements: 0,
    });
    await village.pass(2 * LATE_MS);
    const [found, ...others] = standing(village);
    expect(others).toEqual([]);
    const ends = edgeId(village.person('anna').pid, village.person('boris').pid, UAH);
    expect(found).toMatchObject({ ...ends, ended: null, own: null });
    const free = [found!.by_low, found!.by_high].flatMap((told) => [told!.up, told!.down]);
    expect(free.filter((amount) => amount !== '0.00').sort()).toEqual(['100.00', '50000.00']);
    const members = hubOf(village).hubMembers({});
    const counts = members.map(({ name, disagreements }) => [name, disagreements]);
    expect(Object.fromEntries(counts)).toEqual({ anna: 1, boris: 1, cyril: 0 });
  });

  it('are led by the lower of both', async () => {
    const village = await open();
    lie(village, 'boris', 'anna', 5_000_000n);
    await village.pass(3 * LATE_MS);
    const found = await village.learnRoutes('anna', 'boris', '500');
    expect(found.payable).toBe('100.00');
  });

  it('have signed what is kept, also after the hub was restarted and the reports are others', async () => {
    const village = await open();
    lie(village, 'boris', 'anna', 5_000_000n);
    await village.pass(3 * LATE_MS);
    await village.restart('hub');
    await village.pass(LATE_MS);
    const { equivalent, low, high } = standing(village)[0]!;
    const evidence = hubOf(village).hubEvidence({ equivalent, low, high });
    const keys = new Set(['anna', 'boris'].map((name) => village.person(name).signer.publicKey));
    for (const hex of [evidence.low_report, evidence.high_report]) {
      const signed = readSigned('EDGE_REPORT', hexToBytes(hex!));
      expect(keys.delete(signed.body.reporter_key)).toBe(true);
      expect(isSignedBy(signed, signed.body.reporter_key, nativeVerify)).toBe(true);
    }
  });

  it('are shown to a third party, who sees what each has signed and who says otherwise than both', async () => {
    const village = await open();
    await village.pay('anna', 'boris', '20');
    const ref = { peer: village.person('anna').pid, equivalent: 'UAH' };
    const { file } = await village.run(village.service('boris').statement(ref));
    await village.pass(500);
    lie(village, 'boris', 'anna', 5_000_000n);
    await village.pass(3 * LATE_MS);
    const { equivalent, low, high } = standing(village)[0]!;
    const { low_report, high_report } = hubOf(village).hubEvidence({ equivalent, low, high });
    const ends = edgeId(village.person('anna').pid, village.person('boris').pid, UAH);
    const bytes = (hex: string | null) => hexToBytes(hex!);
    const pair = { ...ends, low_report: bytes(low_report), high_report: bytes(high_report) };
    const seen = verifyReportPair(encodeReportPair(pair), nativeVerify);
    expect(seen).toMatchObject({ ok: true, problems: [], differs: true, low, high });
    const statement = verifyStatement(bytes(file), nativeVerify);
    expect(contradictedBy(seen, statement)).toEqual([village.person('boris').pid]);
    expect(contradictedBy(seen, { ...statement, ok: false })).toEqual([]);

    const swapped = { ...pair, low_report: pair.high_report, high_report: pair.low_report };
    const { ok, byLow, byHigh } = verifyReportPair(encodeReportPair(swapped), nativeVerify);
    expect([ok, byLow, byHigh]).toEqual([false, null, null]);
    const forged = pair.low_report.slice();
    forged[forged.length - 1]! ^= 1;
    const broken = verifyReportPair(
      encodeReportPair({ ...pair, low_report: forged }),
      nativeVerify,
    );
    expect(broken.problems).toEqual([`It is not signed by ${low}.`]);
    const elsewhere = { ...pair, equivalent: parseEquivalentCode('HOUR') };
    expect(verifyReportPair(encodeReportPair(elsewhere), nativeVerify).problems).toHaveLength(2);
  });

  it('agree again when the truth is reported; the record says when', async () => {
    const village = await open();
    lie(village, 'boris', 'anna', 5_000_000n);
    await village.pass(3 * LATE_MS);
    lie(village, 'boris', 'anna', 10_000n, 2);
    await village.pass(2 * LATE_MS);
    expect(standing(village)).toEqual([]);
    expect(hubOf(village).hubDisagreements({})).toMatchObject([{ ended: expect.any(String) }]);
    expect(hubOf(village).hubStats()).toMatchObject({
      index: [{ differing: 0 }],
      disagreements: 0,
    });
  });

  it('leave nothing in the store but what is still believed, or is evidence', async () => {
    const village = await open();
    const told = () =>
      village
        .disk('hub')
        .snapshot()
        .filter(([key]) => key.startsWith('told/')).length;
    for (let i = 0; i < 20; i++) lie(village, 'boris', 'anna', 5_000_000n, i);
    await village.pass(3 * LATE_MS);
    expect(told()).toBeGreaterThan(20);
    // One sweep, well within the life of a report.
    await village.pass(460_000);
    expect(told()).toBeLessThan(6);
    expect(standing(village)).toHaveLength(1);
  });

  it('of which nobody has heard are no evidence', async () => {
    const village = await open();
    const [low, high] = [village.pid('anna'), village.pid('cyril')];
    expect(
      await faultOf(
        Promise.resolve().then(() => hubOf(village).hubEvidence({ equivalent: 'UAH', low, high })),
      ),
    ).toBe('no_disagreement');
  });
});

describe('a report that is refused', () => {
  it('is counted by what was wrong with it', async () => {
    const village = await open();
    const foreign = edgeId(village.person('boris').pid, village.person('cyril').pid, UAH);
    const { signer } = village.person('anna');
    const body = {
      reporter_key: signer.publicKey,
      hub: village.person('hub').pid,
      sequence: 9_999_999_999_999,
      edges: [
        {
          ...foreign,
          precision: 2,
          balance: 0n,
          up: 1n,
          down: 1n,
          low_carries: true,
          high_carries: true,
        },
      ],
    };
    const envelope = seal('EDGE_REPORT', body, signer.publicKey, (m) => signer.sign(m));
    for (let i = 0; i < 3; i++) {
      village.inject('anna', 'hub', signedFrame('EDGE_REPORT', envelope));
    }
    await village.pass(50);
    expect(hubOf(village).hubStats().reports_refused).toEqual({ not_your_edge: 3 });
  });
});
