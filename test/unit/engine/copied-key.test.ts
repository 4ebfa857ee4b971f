/** Somebody else has this node's key and signs with it: what others rest on that stands (R8). */
import { describe, expect, it } from 'vitest';
import { encodeManifest, openManifest } from '../../../protocol/machines/manifest.ts';
import { bareFrame, seal } from '../../../protocol/wire/envelope.ts';
import type { MessageName } from '../../../protocol/wire/message-types.ts';
import { UAH } from '../machines/sample-payment.ts';
import { Village } from './harness.ts';

const EMPTY = { votes: [], withdrawals: [], applied: [] };

/** Mallory pays Boris over Anna, coordinating herself. */
function manifestOf(village: Village): Uint8Array {
  const [mallory, anna, boris] = ['mallory', 'anna', 'boris'].map((name) => village.person(name));
  const now = village.clock.now();
  const order = {
    payer_key: mallory!.signer.publicKey,
    payee: boris!.pid,
    equivalent: UAH,
    precision: 2,
    amount: 100n,
    max_hops: 3,
    max_paths: 1,
    avoid: [],
    coordinator: mallory!.pid,
    nonce: new Uint8Array(16),
    created: now,
    expires: now + 10_000,
  };
  const { publicKey, sign } = mallory!.signer;
  return encodeManifest({
    kind: 'payment',
    order: seal('PAYMENT_REQUEST', order, publicKey, (message) => sign(message)),
    attempt: 1,
    participants: [mallory!.pid, anna!.pid, boris!.pid],
    agents: [2, 0, 1],
    routes: [{ path: [0, 1, 2], amount: 100n }],
    voters: [anna!.signer.publicKey, boris!.signer.publicKey, publicKey],
    prepare_by: now + 1_000,
  });
}

describe('a node that has refused a manifest', () => {
  it('honours it once its own key has signed YES elsewhere and another has applied it', async () => {
    const village = await Village.open({
      people: ['anna', 'boris', 'mallory'],
      lines: ['anna>mallory 10', 'boris>anna 10'],
      acquainted: true,
    });
    const bytes = manifestOf(village);
    const open = openManifest(bytes);
    const about = { tx: open.tx, attempt: 1, manifest: open.hash };
    const say = (who: string, type: MessageName, body: object) => {
      const { publicKey, sign } = village.person(who).signer;
      return seal(type, { ...about, ...body } as never, publicKey, (message) => sign(message));
    };
    const query = { manifest: bytes, round: 1, evidence: EMPTY };
    village.inject('mallory', 'boris', bareFrame('STATUS_QUERY', query));
    await village.pass(50);

    const votes = ['anna', 'boris', 'mallory'].map((who) =>
      say(who, 'PAYMENT_PREPARE_ACK', { yes: true }),
    );
    const applied = [say('anna', 'PAYMENT_COMMIT_ACK', { first_hand: true })];
    const evidence = { ...EMPTY, votes, applied };
    village.inject('mallory', 'boris', bareFrame('PAYMENT_COMMIT', { ...about, bytes, evidence }));
    await village.pass(50);

    const seen = await village.service('boris').transaction(open.tx);
    expect(seen).toMatchObject({ state: 'COMMITTED', role: 'payee' });
    expect(village.log.filter(({ level }) => level === 'error')).toEqual([]);
    const alerts = await village.service('boris').history({ type: 'alert' });
    expect(alerts.length).toBeGreaterThan(0);
  });
});
