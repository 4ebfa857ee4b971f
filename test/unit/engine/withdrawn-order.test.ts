/**
 * An attempt that all others withdrew after the coordinator's YES may still be proved committed, by a
 * voter that has signed both (R8). So its order is not tried again (docs/PROTOCOL.md, "Again").
 */
import { describe, expect, it } from 'vitest';
import { type OpenManifest, openManifest } from '../../../protocol/machines/manifest.ts';
import { bareFrame, openFrame, seal } from '../../../protocol/wire/envelope.ts';
import type { MessageName } from '../../../protocol/wire/message-types.ts';
import type { EvidenceBundle } from '../../../protocol/wire/messages/evidence.ts';
import { Village } from './harness.ts';

const ABOUT_ATTEMPTS = /^(PAYMENT|STATUS|WITHDRAW)/;
const STATEMENTS = {
  votes: 'PAYMENT_PREPARE_ACK',
  withdrawals: 'WITHDRAW',
  applied: 'PAYMENT_COMMIT_ACK',
} as const satisfies Record<keyof EvidenceBundle, MessageName>;

/** A village in which Anna hears of attempts only what a test says in the names of the others. */
class Deceived {
  readonly village: Village;
  #lying = false;

  constructor(village: Village) {
    this.village = village;
    village.fate = ({ from, type }) =>
      from === 'anna' || this.#lying || !ABOUT_ATTEMPTS.test(type) ? 'deliver' : 'drop';
  }

  /** What Anna has put to the vote, in order. */
  attempts(): OpenManifest[] {
    const found = new Map<string, OpenManifest>();
    for (const { from, frame } of this.village.sent) {
      const opened = openFrame(frame);
      if (from !== 'anna' || opened.type !== 'PAYMENT_PREPARE') continue;
      const open = openManifest(opened.body.manifest);
      found.set(open.hash, open);
    }
    return [...found.values()];
  }

  /** Statements of every voter but Anna about an attempt, each signed with its key. */
  async all(open: OpenManifest, kind: keyof EvidenceBundle, words: object): Promise<void> {
    const { village } = this;
    const about = { tx: open.tx, attempt: open.attempt, manifest: open.hash };
    this.#lying = true;
    for (const name of village.names) {
      const { publicKey, sign } = village.person(name).signer;
      if (name === 'anna' || !open.voters.includes(publicKey)) continue;
      const body = { ...about, ...words } as never;
      const statement = seal(STATEMENTS[kind], body, publicKey, (message) => sign(message));
      const evidence = { votes: [], withdrawals: [], applied: [], [kind]: [statement] };
      village.inject(name, 'anna', bareFrame('PAYMENT_ABORT', { ...about, evidence }));
    }
    this.#lying = false;
    await village.pass(20);
  }
}

describe('an order of which an attempt was aborted after the YES of its coordinator', () => {
  it('is not tried again, since that attempt may commit yet', async () => {
    const village = await Village.open({
      people: ['anna', 'boris', 'cyril', 'dora'],
      lines: ['boris>anna 60', 'dora>boris 60', 'cyril>anna 50', 'dora>cyril 50'],
      acquainted: true,
    });
    await village.learnRoutes('anna', 'dora', '40');
    const others = new Deceived(village);
    const paying = village.begin('anna', 'dora', '40');
    await village.pass(20);
    const [first] = others.attempts();
    const hop = first!.routes[0]!.path.slice(0, 2);
    const refusal = { code: 'E002', fault: 'insufficient_capacity', text: 'Not today.', hop };
    await others.all(first!, 'votes', { yes: false, ...refusal, available: 0n });

    const second = others.attempts()[1]!;
    await others.all(second, 'votes', { yes: true });
    await others.all(second, 'withdrawals', {});
    const payment = await village.run(paying);
    expect(payment).toMatchObject({
      state: 'ABORTED',
      reason: { details: { fault: 'withdrawn' } },
    });
    expect(others.attempts()).toHaveLength(2);
    expect(village.owes('anna', 'boris') + village.owes('anna', 'cyril')).toBe(0);

    await others.all(second, 'applied', { first_hand: true });
    expect(await village.service('anna').transaction(second.tx)).toMatchObject({
      state: 'COMMITTED',
      attempt: 2,
    });
    expect(village.owes('anna', 'boris') + village.owes('anna', 'cyril')).toBe(40);
    expect(await village.service('anna').history({ type: 'alert' })).not.toEqual([]);
  });

  it('tells its payer so where that was the first attempt', async () => {
    const village = await Village.open({ people: ['anna', 'boris'], lines: ['boris>anna 60'] });
    const others = new Deceived(village);
    const paying = village.begin('anna', 'boris', '40');
    await village.pass(20);
    const [only] = others.attempts();
    await others.all(only!, 'votes', { yes: true });
    await others.all(only!, 'withdrawals', {});
    const payment = await village.run(paying);
    expect(payment).toMatchObject({
      state: 'ABORTED',
      reason: { details: { fault: 'withdrawn' } },
    });
    expect(others.attempts()).toHaveLength(1);
  });
});
