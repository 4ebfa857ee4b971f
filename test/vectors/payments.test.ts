/** Manifests, evidence, proofs, edges and computed names against their vectors. */
import { createHash } from 'node:crypto';
import { hexToBytes } from '@noble/hashes/utils.js';
import { describe, expect, it } from 'vitest';
import { learn } from '../../node/engine/attempts/statements.ts';
import { nativeVerify } from '../../node/platform/native-ed25519.ts';
import { type Hash, hashOf, type Pid, type TxId } from '../../protocol/identity/pid.ts';
import { nobleVerify } from '../../protocol/identity/signature.ts';
import {
  addToChecksum,
  checksumText,
  edgeChecksum,
  takeFromChecksum,
} from '../../protocol/ledger/checksum.ts';
import {
  applyChange,
  capacity,
  edgeId,
  newEdge,
  type TrustLine,
} from '../../protocol/ledger/edge.ts';
import { dayOf, refuseHop, refuseSum } from '../../protocol/ledger/reservation.ts';
import { members } from '../../protocol/machines/evidence.ts';
import { openManifest } from '../../protocol/machines/manifest.ts';
import { parseEquivalentCode } from '../../protocol/money/equivalent.ts';
import { verifyReceipt } from '../../protocol/receipt.ts';
import { verifyStatement } from '../../protocol/statement.ts';
import { decode } from '../../protocol/wire/cbor.ts';
import { isSignedBy, readSigned } from '../../protocol/wire/envelope.ts';
import { readCddl, validateAgainstCddl } from './cddl-check.ts';
import type { HopCase, PortableLine, StatementCase } from './edge-cases.ts';
import type { EvidenceCase } from './evidence-cases.ts';
import type { ChecksumCase, DigestCase, TransactionIdCase } from './identifier-cases.ts';
import type { ManifestCase } from './manifest-cases.ts';
import { readVectors } from './read.ts';
import type { ReceiptCase } from './receipt-cases.ts';
import { CDDL_FILE } from './write-cddl.ts';

function vectorsOf<T extends { readonly name: string; readonly valid: boolean }>(file: string) {
  const cases = readVectors<T>(file).map((v) => [v.name, v] as const);
  return { good: cases.filter(([, v]) => v.valid), bad: cases.filter(([, v]) => !v.valid) };
}

const rules = readCddl(CDDL_FILE);

describe('manifests.json', () => {
  const { good, bad } = vectorsOf<ManifestCase>('manifests.json');

  it.each(good)('%s', (_name, v) => {
    const open = openManifest(hexToBytes(v.bytes));
    expect(open.hash).toBe(v.hash);
    expect(open.tx).toBe(v.tx);
    const rows = open.effects.map(({ edge, change }) => ({
      debtor: change > 0n ? edge.high : edge.low,
      creditor: change > 0n ? edge.low : edge.high,
      units: (change > 0n ? change : -change).toString(),
    }));
    expect(rows).toEqual(v.effects);
  });

  it.each(bad)('refused: %s', (_name, v) => {
    expect(() => openManifest(hexToBytes(v.bytes))).toThrow(
      expect.objectContaining({
        code: 'E009',
        details: expect.objectContaining({ fault: 'bad_manifest', why: v.reason }),
      }),
    );
  });

  it.each([...good, ...bad])('fits geo.cddl, which cannot count: %s', (_name, v) => {
    expect(validateAgainstCddl(rules, 'manifest', decode(hexToBytes(v.bytes)))).toEqual([]);
  });

  it('nothing is done to an edge whose hops cancel', () => {
    const [, cancelling] = good.find(([name]) => name.endsWith('that cancel'))!;
    expect(cancelling.effects).toHaveLength(4);
  });
});

describe('evidence.json', () => {
  const { good, bad } = vectorsOf<EvidenceCase>('evidence.json');
  const learnt = (v: EvidenceCase) =>
    learn(
      openManifest(hexToBytes(v.manifest)),
      new Map(),
      {
        votes: v.votes.map(hexToBytes),
        withdrawals: v.withdrawals.map(hexToBytes),
        applied: v.applied.map(hexToBytes),
      },
      nativeVerify,
    );

  it.each([...good, ...bad])('%s', (_name, v) => {
    const { evidence, rejected } = learnt(v);
    expect({
      yes: members(evidence.yes),
      no: members(evidence.no),
      withdrawn: members(evidence.withdrawn),
      applied: members(evidence.applied),
      first_hand: members(evidence.firstHand),
    }).toEqual(v.proves);
    expect(rejected > 0).toBe(!v.valid);
  });
});

describe('receipts.json', () => {
  const { good, bad } = vectorsOf<ReceiptCase>('receipts.json');
  const broken = bad.filter(([, v]) => v.reason !== 'unreadable');
  const sentences: Readonly<Record<string, RegExp>> = {
    order_not_signed: /order is not signed/,
    proposal_not_signed: /proposal is not signed/,
    vote_missing: /vote of .* is missing/,
    vote_not_valid: /not valid for this manifest/,
    vote_is_no: /vote is a NO/,
    not_applied: /Nobody but the coordinator/,
  };

  it.each(good)('%s', (_name, v) => {
    for (const verify of [nobleVerify, nativeVerify]) {
      const receipt = verifyReceipt(hexToBytes(v.bytes), verify);
      expect(receipt.problems).toEqual([]);
      expect(receipt.ok).toBe(true);
      expect(receipt.txId).toBe(v.tx);
      expect(receipt.debts).toEqual(v.debts);
    }
    expect(validateAgainstCddl(rules, 'receipt', decode(hexToBytes(v.bytes)))).toEqual([]);
  });

  it.each(broken)('no proof: %s', (_name, v) => {
    const receipt = verifyReceipt(hexToBytes(v.bytes), nativeVerify);
    expect(receipt.ok).toBe(false);
    expect(receipt.problems.join(' ')).toMatch(sentences[v.reason]!);
  });

  it.each(bad.filter(([, v]) => v.reason === 'unreadable'))('unreadable: %s', (_name, v) => {
    expect(() => verifyReceipt(hexToBytes(v.bytes), nativeVerify)).toThrow(
      expect.objectContaining({ code: 'E009' }),
    );
  });
});

describe('transaction-ids.json', () => {
  const { good } = vectorsOf<TransactionIdCase>('transaction-ids.json');

  it.each(good)('%s', (_name, v) => {
    expect(hashOf(hexToBytes(v.payload))).toBe(v.tx);
    expect(new Set(v.envelopes).size).toBe(v.envelopes.length);
    for (const envelope of v.envelopes) {
      const order = readSigned('PAYMENT_REQUEST', hexToBytes(envelope));
      expect(hashOf(order.payload)).toBe(v.tx);
      expect(isSignedBy(order, order.body.payer_key, nobleVerify)).toBe(true);
      expect(isSignedBy(order, order.body.payer_key, nativeVerify)).toBe(true);
    }
  });
});

describe('digests.json', () => {
  const { good } = vectorsOf<DigestCase>('digests.json');

  it.each(good)('%s', (_name, v) => {
    const id = { low: v.low as Pid, high: v.high as Pid, equivalent: parseEquivalentCode('UAH') };
    let edge = newEdge(id, 2);
    for (const { tx, attempt, change, balance, digest } of v.applied) {
      edge = applyChange(edge, tx as TxId, attempt, BigInt(change));
      expect(edge.balance).toBe(BigInt(balance));
      expect(edge.digest).toBe(digest);
    }
    expect(edge.count).toBe(v.applied.length);
  });

  it('the digest is a sum: its order does not matter', () => {
    const last = (part: string): Hash | undefined =>
      good.find(([name]) => name.includes(part))![1].applied.at(-1)?.digest as Hash;
    expect(last('in another order')).toBe(last('three attempts'));
  });
});

describe('checksums.json', () => {
  const { good } = vectorsOf<ChecksumCase>('checksums.json');

  /** The rule of PROTOCOL.md, written once more. */
  const plainly = (edge: ChecksumCase['edges'][number]): bigint => {
    const numbers = Buffer.alloc(17);
    numbers.writeUInt8(edge.precision, 0);
    numbers.writeBigInt64BE(BigInt(edge.balance), 1);
    numbers.writeBigUInt64BE(BigInt(edge.count), 9);
    const hash = createHash('sha256')
      .update('geo-edge-checksum/1')
      .update(numbers)
      .update(Buffer.from(edge.digest, 'hex'))
      .update(`${edge.equivalent}/${edge.low}/${edge.high}`);
    return BigInt(`0x${hash.digest('hex')}`);
  };

  it.each(good)('%s', (_name, { edges, checksum }) => {
    let sum = 0n;
    for (const edge of edges) {
      const id = edgeId(edge.low as Pid, edge.high as Pid, parseEquivalentCode(edge.equivalent));
      const { precision, count, digest } = edge;
      const state = {
        ...id,
        precision,
        count,
        digest: digest as Hash,
        balance: BigInt(edge.balance),
      };
      expect(checksumText(edgeChecksum(state))).toBe(edge.checksum);
      expect(checksumText(plainly(edge))).toBe(edge.checksum);
      sum = addToChecksum(sum, edgeChecksum(state));
    }
    expect(checksumText(sum)).toBe(checksum);
    for (const edge of edges) sum = takeFromChecksum(sum, plainly(edge));
    expect(sum).toBe(0n);
  });

  it('a sum wraps, and knows no order', () => {
    const of = (name: string) => good.find(([each]) => each.startsWith(name))![1];
    const three = of('three edges');
    expect(of('the same in another order').checksum).toBe(three.checksum);
    const whole = three.edges.reduce((sum, edge) => sum + plainly(edge), 0n);
    expect(whole % 2n ** 256n).toBe(BigInt(`0x${three.checksum}`));
    expect(whole).toBeGreaterThan(2n ** 256n);
  });
});

describe('hops.json', () => {
  const { good, bad } = vectorsOf<HopCase>('hops.json');

  function lineOf(line: PortableLine | null): TrustLine | undefined {
    if (line === null) return undefined;
    const { limit, status, daily_limit: daily, ...policy } = line;
    const blocked = policy.blocked_participants as Pid[];
    return {
      limit: BigInt(limit),
      status,
      sequence: 1,
      changed: 0,
      policy: {
        auto_clearing: true,
        can_be_intermediate: policy.can_be_intermediate,
        blocked_participants: blocked,
        ...(daily === null ? {} : { daily_limit: BigInt(daily) }),
      },
    };
  }

  it.each([...good, ...bad])('%s', (_name, v) => {
    const [debtor, creditor] = [v.debtor as Pid, v.creditor as Pid];
    const id = edgeId(debtor, creditor, parseEquivalentCode('UAH'));
    expect([id.low, id.high]).toEqual([v.low, v.high]);
    const [lowLine, highLine] = [lineOf(v.low_line), lineOf(v.high_line)];
    const use = { day: dayOf(v.now), used: BigInt(v.used_today) };
    const edge = {
      ...newEdge(id, 2),
      balance: BigInt(v.balance),
      heldUp: BigInt(v.held_up),
      heldDown: BigInt(v.held_down),
      ...(lowLine && { lowLine }),
      ...(highLine && { highLine }),
      ...(v.disputed && { dispute: 'the books differ' }),
      ...(creditor === id.low ? { lowUse: use } : { highUse: use }),
    };
    expect(capacity(edge, debtor, creditor)).toBe(BigInt(v.capacity));
    const amount = BigInt(v.amount);
    const context = {
      served: (pid: Pid) => pid === creditor,
      participants: v.participants as Pid[],
      now: v.now,
    };
    const hop = { debtor, creditor, amount, intermediate: v.intermediate };
    const change = debtor === id.high ? amount : -amount;
    const refusal = refuseHop(edge, hop, context) ?? refuseSum(edge, change, context);
    expect(refusal?.fault ?? '').toBe(v.reason);
  });
});

describe('statements.json', () => {
  const { good, bad } = vectorsOf<StatementCase>('statements.json');
  const sentences: Readonly<Record<string, RegExp>> = {
    different: /different statements/,
    wrong_key: /key beside it is not that of/,
    not_signed: /not signed by/,
  };

  it.each(good)('%s', (_name, v) => {
    for (const verify of [nobleVerify, nativeVerify]) {
      const { ok, problems, debt } = verifyStatement(hexToBytes(v.bytes), verify);
      expect({ ok, problems, debt }).toEqual({ ok: true, problems: [], debt: v.debt });
    }
    expect(validateAgainstCddl(rules, 'statement-file', decode(hexToBytes(v.bytes)))).toEqual([]);
  });

  it.each(bad)('no proof: %s', (_name, v) => {
    const { ok, problems } = verifyStatement(hexToBytes(v.bytes), nativeVerify);
    expect(ok).toBe(false);
    expect(problems.join(' ')).toMatch(sentences[v.reason]!);
  });
});
