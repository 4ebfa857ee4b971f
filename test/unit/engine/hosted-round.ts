/**
 * A circle of debts through a hub: someone with a node owes Nina, Nina owes Maria, and Maria owes the first.
 * Nina and Maria have no nodes, and want to be asked before what they are owed is cleared.
 */
import type * as shapes from '../../../node/service/shapes.ts';
import type { TxId } from '../../../protocol/identity/pid.ts';
import { DEFAULT_POLICY } from '../../../protocol/machines/trust-line.ts';
import { consentFrame, objectionFrame } from '../../../protocol/member.ts';
import { parseAmount } from '../../../protocol/money/amount.ts';
import { person } from '../machines/sample-payment.ts';
import { type HostedVillage, sealBy } from './hosted.ts';

export const HOSTED = ['maria', 'nina'] as const;
const ASKS = { ...DEFAULT_POLICY, auto_clearing: false };

/** Nodes of a village with {@link HOSTED} at its hub. */
export interface Round {
  readonly hosted: HostedVillage;
  readonly hub: string;
  readonly node: string;
}

/** Each comes to owe the next. @throws Error if one of the payments fails */
export async function oweRound({ hosted, hub, node }: Round, amount: string): Promise<void> {
  const { village } = hosted;
  await village.introduce(node, hub);
  await village.introduce('courier', node);
  for (const member of HOSTED) await hosted.tell(hub, node, member);
  await hosted.trustMember(node, 'maria', '50');
  for (const [owner, debtor] of [
    ['nina', node],
    ['maria', 'nina'],
  ] as const) {
    const line = hosted.line(owner, debtor, '50', { policy: ASKS });
    hosted.deliver(hub, 'TRUST_LINE_CREATE', line);
    await village.pass(50);
  }
  await village.calm();
  const endings = [await hosted.payMember(node, 'nina', amount)];
  endings.push(await hosted.pay(hub, 'nina', 'maria', amount));
  // By itself the hub would find that it can repay the other two instead.
  const { tx, bytes } = hosted.order('maria', node, amount, hub, { max_hops: 1 });
  hosted.deliver(hub, 'PAYMENT_REQUEST', bytes);
  await village.calm();
  endings.push(await hosted.outcome(hub, tx));
  if (endings.some((ending) => ending !== 'COMMITTED')) throw new Error(endings.join(', '));
}

/** What the first owes Nina, Nina owes Maria, and Maria owes the first. */
export function roundDebts({ hosted, hub, node }: Round): number[] {
  return [
    hosted.owes(node, node, 'nina'),
    hosted.owes(hub, 'nina', 'maria'),
    hosted.owes(node, 'maria', node),
  ];
}

/** What a member finds in its account. */
export function accountOf({ hosted, hub }: Round, member: string): Promise<shapes.Account> {
  const { village } = hosted;
  const query = sealBy(person(member), 'MEMBER_QUERY', {
    member_key: person(member).signer.publicKey,
    agent: person(hub).pid,
    created: village.clock.now(),
  });
  const inText = Buffer.from(query).toString('base64');
  return village.run(village.service(hub).memberAccount({ query: inText }));
}

/** Has a member agree to a clearing of `amount`, or refuse it. @throws GeoError as `submitEnvelope` */
export function say(
  { hosted, hub }: Round,
  member: string,
  { tx_id, amount, expires }: Pick<shapes.Clearing, 'tx_id' | 'amount' | 'expires'>,
  accept: boolean,
): Promise<unknown> {
  const { village } = hosted;
  const { signer } = person(member);
  const tx = tx_id as TxId;
  const consent = { tx, amount: parseAmount(amount, 2), expires: Date.parse(expires) };
  const frame = accept ? consentFrame(signer, consent) : objectionFrame(signer, tx);
  const inText = Buffer.from(frame).toString('base64');
  return village.run(village.service(hub).submitEnvelope({ frame: inText }));
}
