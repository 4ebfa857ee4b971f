/**
 * Participants without a node of their own: their keys stay with them, a hub votes for them. What they
 * want they sign, and bring to the hub's door when its node is up (docs/PROTOCOL.md, "Agents").
 */
import type { NodeService } from '../../node/service/contract.ts';
import type { Pid, TxId } from '../../protocol/identity/pid.ts';
import { DEFAULT_POLICY } from '../../protocol/machines/trust-line.ts';
import { parseAmount } from '../../protocol/money/amount.ts';
import type { EquivalentCode } from '../../protocol/money/equivalent.ts';
import { seal, signedFrame } from '../../protocol/wire/envelope.ts';
import type { MessageBody, MessageName } from '../../protocol/wire/message-types.ts';
import type { Order } from '../../protocol/wire/messages/payment.ts';
import type { LineState } from '../../protocol/wire/messages/trust-line.ts';
import { type LineStep, type PayStep, PRECISION } from '../work-steps.ts';
import { EPOCH_MS, type VirtualTime } from './clock.ts';
import type { Host } from './host.ts';
import type { Identity } from './identities.ts';

const YEAR_MS = 365 * 24 * 3_600_000;
const ORDER_LIFE_MS = 30_000;
const HOPS_MAX = 6;

/** What a member has last said of a line, and the version. */
type Said = Pick<LineState, 'limit' | 'status' | 'policy' | 'sequence'>;

export class Member {
  readonly name: string;
  readonly identity: Identity;
  /** Votes for it: the hub, or a node of its own. */
  agent: Host;
  readonly #time: VirtualTime;
  readonly #lines = new Map<string, Said>();
  readonly #orders = new Map<number, string>();
  /** Words about who votes for it. */
  #words = 0;

  constructor(name: string, identity: Identity, hub: Host, time: VirtualTime) {
    this.name = name;
    this.identity = identity;
    this.agent = hub;
    this.#time = time;
  }

  /** Asks to be taken in, and gives the hub its grant. */
  async join(service: NodeService, grant: string): Promise<void> {
    const { publicKey } = this.identity;
    const created = this.#now;
    const request = this.#frame('JOIN_REQUEST', {
      participant_key: publicKey,
      hub: this.agent.identity.pid,
      profile: { kind: 'person', name: this.name, about: '' },
      nonce: new Uint8Array(16),
      created,
    });
    await service.submitEnvelope({ frame: request });
    await service.submitEnvelope({ frame: grant });
  }

  /** Its next word about who votes for it. */
  word(agent: Host): string {
    const { publicKey } = this.identity;
    const about = { member_key: publicKey, sequence: ++this.#words, created: this.#now };
    if (agent.identity === this.identity) return this.#frame('AGENT_REVOKE', about);
    return this.#frame('AGENT_GRANT', {
      ...about,
      agent_key: agent.identity.publicKey,
      expires: about.created + YEAR_MS,
      scope: { pay: true, carry: true, clear: true },
    });
  }

  /** Its books as an agent has them. */
  async books(service: NodeService, agent: Host): Promise<Uint8Array> {
    const { file } = await service.memberExport(this.#query(agent));
    return new Uint8Array(Buffer.from(file, 'base64'));
  }

  async line(
    service: NodeService,
    step: LineStep,
    to: Pid,
    blocked: readonly Pid[],
  ): Promise<void> {
    const { policy = {} } = step;
    const before = this.#lines.get(lineKey(step.equivalent, to));
    const daily = changed(policy.dailyLimit, before?.policy.daily_limit);
    const clearing = changed(policy.clearsAtMost, before?.policy.clearing_limit);
    await this.#say(service, step.equivalent, to, {
      limit: BigInt(step.limit),
      status: 'active',
      policy: {
        auto_clearing: policy.clears ?? before?.policy.auto_clearing ?? true,
        can_be_intermediate:
          policy.can_be_intermediate ?? before?.policy.can_be_intermediate ?? true,
        blocked_participants:
          policy.blocked === undefined ? (before?.policy.blocked_participants ?? []) : [...blocked],
        ...(daily === undefined ? {} : { daily_limit: daily }),
        ...(clearing === undefined ? {} : { clearing_limit: clearing }),
        allow_shortening: policy.shortens ?? before?.policy.allow_shortening ?? false,
      },
    });
  }

  async narrow(
    service: NodeService,
    what: 'freeze' | 'close',
    code: string,
    to: Pid,
  ): Promise<void> {
    const before = this.#lines.get(lineKey(code, to));
    await this.#say(service, code, to, {
      limit: what === 'close' ? 0n : (before?.limit ?? 0n),
      status: what === 'close' ? 'closed' : 'frozen',
      policy: before?.policy ?? DEFAULT_POLICY,
    });
  }

  /** The same payment is the same order, however often it is brought. */
  async pay(service: NodeService, step: PayStep, to: Pid, nonce: Uint8Array) {
    let frame = this.#orders.get(step.payment);
    if (frame === undefined) {
      const created = this.#now;
      const order: Order = {
        payer_key: this.identity.publicKey,
        payee: to,
        equivalent: step.equivalent as EquivalentCode,
        precision: PRECISION,
        amount: BigInt(step.amount),
        max_hops: HOPS_MAX,
        max_paths: step.paths,
        avoid: [],
        coordinator: this.agent.identity.pid,
        nonce,
        created,
        expires: created + ORDER_LIFE_MS,
      };
      frame = this.#frame('PAYMENT_REQUEST', order);
      this.#orders.set(step.payment, frame);
    }
    return (await service.submitEnvelope({ frame })).payment;
  }

  /**
   * Says the same to all clearings that wait for its word.
   * @param agreed hears of each to which it says yes, before the hub does
   */
  async answer(service: NodeService, accept: boolean, agreed: (tx: string) => void): Promise<void> {
    const { publicKey } = this.identity;
    for (const { tx_id: tx, amount, expires } of (await this.#account(service)).clearings) {
      const about = { tx: tx as TxId, participant_key: publicKey };
      if (accept) agreed(tx);
      const frame = accept
        ? this.#frame('CLEARING_ACCEPT', {
            ...about,
            amount: parseAmount(amount, PRECISION),
            expires: Date.parse(expires),
          })
        : this.#frame('CLEARING_REJECT', { ...about, fault: 'consent_refused', text: 'No.' });
      await service.submitEnvelope({ frame });
    }
  }

  #account(service: NodeService) {
    return service.memberAccount(this.#query(this.agent));
  }

  #query(agent: Host): { readonly query: string } {
    const { publicKey, signer } = this.identity;
    const query = { member_key: publicKey, agent: agent.identity.pid, created: this.#now };
    const signed = seal('MEMBER_QUERY', query, publicKey, (message) => signer.sign(message));
    return { query: Buffer.from(signed).toString('base64') };
  }

  /** A version that the hub did not take is signed anew the next time. */
  async #say(
    service: NodeService,
    code: string,
    to: Pid,
    said: Omit<Said, 'sequence'>,
  ): Promise<void> {
    const key = lineKey(code, to);
    const sequence = (this.#lines.get(key)?.sequence ?? 0) + 1;
    this.#lines.set(key, { ...said, sequence });
    const type = said.status === 'closed' ? 'TRUST_LINE_CLOSE' : 'TRUST_LINE_CREATE';
    const frame = this.#frame(type, {
      ...said,
      sequence,
      from_key: this.identity.publicKey,
      to,
      equivalent: code as EquivalentCode,
      precision: PRECISION,
      changed: this.#now,
    });
    await service.submitEnvelope({ frame });
  }

  get #now(): number {
    return Math.floor(EPOCH_MS + this.#time.now);
  }

  #frame<N extends MessageName>(type: N, body: MessageBody<N>): string {
    const { publicKey, signer } = this.identity;
    const envelope = seal(type, body, publicKey, (message) => signer.sign(message));
    return Buffer.from(signedFrame(type, envelope)).toString('base64');
  }
}

/** What a line says after a change; null takes the bound away. */
function changed(to: number | null | undefined, from: bigint | undefined): bigint | undefined {
  if (to === undefined) return from;
  return to === null ? undefined : BigInt(to);
}

function lineKey(code: string, to: Pid): string {
  return `${code} ${to}`;
}
