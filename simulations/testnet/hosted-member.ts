/**
 * A participant without a node: a key, and what it signs. Talks to its hub by the hub's HTTP API as a
 * phone would, and can be asked for the same things as a node as far as a member can do them.
 */
import type { Client } from '../../node/api/client.ts';
import type {
  Account,
  BookRow,
  Clearing,
  ClearingAnswer,
  Payment,
  PayRequest,
  Status,
  Transaction,
  TrustLine,
  TrustLineRequest,
} from '../../node/service/shapes.ts';
import { GeoError } from '../../protocol/errors.ts';
import { publicKeyFromSeed, signWithSeed } from '../../protocol/identity/keys.ts';
import {
  type Pid,
  type PublicKey,
  parsePid,
  pidFromPublicKey,
  type TxId,
} from '../../protocol/identity/pid.ts';
import { signInvitationUse } from '../../protocol/invitation.ts';
import { DEFAULT_POLICY } from '../../protocol/machines/trust-line.ts';
import {
  consentFrame,
  grantFrame,
  joinFrame,
  lineFrame,
  type MemberKey,
  objectionFrame,
  orderFrame,
  pidOf,
  queryEnvelope,
} from '../../protocol/member.ts';
import { readMemberFile } from '../../protocol/member-file.ts';
import { parseAmount, parseLimit } from '../../protocol/money/amount.ts';
import { parseEquivalentCode } from '../../protocol/money/equivalent.ts';
import { readSigned } from '../../protocol/wire/envelope.ts';
import type { Profile } from '../../protocol/wire/messages/membership.ts';
import { type AppliedReceipt, appliedReceipt } from './stopped-store.ts';

const DAY_MS = 24 * 3_600_000;
const GRANT_MS = 30 * DAY_MS;

export interface HostedMemberOptions {
  /** 32 bytes: the private key, which stays here. */
  readonly seed: Uint8Array;
  /** The hub's API and public key, as they are now. */
  readonly hub: () => { readonly client: Client; readonly key: PublicKey };
  readonly precisionOf: (equivalent: string) => number;
  /** Bytes that nobody can guess. */
  readonly random: (count: number) => Uint8Array;
}

export class HostedMember {
  readonly pid: Pid;
  readonly #key: MemberKey;
  readonly #options: HostedMemberOptions;
  readonly #sequences = new Map<string, number>();
  /** A wish that is repeated is the same order, byte for byte. */
  readonly #orders = new Map<string, Uint8Array>();

  constructor(options: HostedMemberOptions) {
    this.#options = options;
    const { seed } = options;
    this.#key = {
      publicKey: publicKeyFromSeed(seed),
      sign: (message) => signWithSeed(seed, message),
    };
    this.pid = pidOf(this.#key);
  }

  /** Joins with a code, and lets the hub vote for it. @returns the status that the hub has signed */
  async join(profile: Profile, code: string): Promise<string> {
    const hub = this.#hub();
    const frame = joinFrame(this.#key, {
      hub,
      profile,
      invitation: signInvitationUse(code, { participant: this.pid, hub }),
      nonce: this.#options.random(16),
      now: Date.now(),
    });
    const { reply } = await this.#submit(frame);
    const { body } = readSigned('JOIN_REPLY', fromBase64(reply ?? ''));
    if (body.status === 'active') await this.#submit(this.grant());
    return body.status;
  }

  /** The same each time: whoever has a line with this member has to know it. */
  grant(): Uint8Array {
    this.#grant ??= grantFrame(this.#key, {
      agent: this.#options.hub().key,
      sequence: 1,
      now: Date.now(),
      expires: Date.now() + GRANT_MS,
    });
    return this.#grant;
  }
  #grant: Uint8Array | undefined;

  async setTrustLine({ peer, equivalent, limit, policy }: TrustLineRequest): Promise<void> {
    const precision = this.#options.precisionOf(equivalent);
    const { daily_limit: daily, blocked_participants: blocked, ...flags } = policy ?? {};
    const name = `${peer} ${equivalent}`;
    const sequence = (this.#sequences.get(name) ?? 0) + 1;
    this.#sequences.set(name, sequence);
    const line = lineFrame(this.#key, {
      to: parsePid(peer),
      equivalent: parseEquivalentCode(equivalent),
      precision,
      limit: parseLimit(limit, precision),
      sequence,
      now: Date.now(),
      policy: {
        auto_clearing: flags.auto_clearing ?? DEFAULT_POLICY.auto_clearing,
        can_be_intermediate: flags.can_be_intermediate ?? DEFAULT_POLICY.can_be_intermediate,
        blocked_participants: (blocked ?? []).map(parsePid),
        ...(daily == null ? {} : { daily_limit: parseLimit(daily, precision) }),
      },
    });
    await this.#submit(line);
  }

  /** Signs the order once for each nonce; the hub finds the routes and says what has become of it. */
  async pay(request: PayRequest): Promise<Payment> {
    const nonce = request.nonce ?? Buffer.from(this.#options.random(16)).toString('hex');
    const order = this.#orders.get(nonce) ?? this.#order(request, nonce);
    this.#orders.set(nonce, order);
    const { payment } = await this.#submit(order);
    if (payment === null) throw new Error('a hub has answered an order without a payment');
    return payment;
  }

  async trustLines(): Promise<TrustLine[]> {
    return (await this.account()).trust_lines;
  }

  transaction(txId: string): Promise<Transaction> {
    const { client } = this.#options.hub();
    return client.memberTransaction({ query: this.#query(), tx_id: txId });
  }

  /** Of the hub: what is under way there is under way for its members. */
  status(): Promise<Status> {
    return this.#options.hub().client.status();
  }

  account(): Promise<Account> {
    return this.#options.hub().client.memberAccount({ query: this.#query() });
  }

  async books(): Promise<BookRow[]> {
    return (await this.account()).books;
  }

  /** Clearings that wait for the word of this member. */
  async pendingClearings(): Promise<Clearing[]> {
    return (await this.account()).clearings;
  }

  /** Signs its word on a clearing that waits for it. @throws GeoError E008 `not_pending` */
  async answerClearing({ tx_id, accept }: ClearingAnswer): Promise<void> {
    const asked = (await this.pendingClearings()).find((each) => each.tx_id === tx_id);
    if (asked === undefined) {
      throw new GeoError('E008', 'No such clearing waits for the word of this member.', {
        fault: 'not_pending',
      });
    }
    const tx = tx_id as TxId;
    const amount = parseAmount(asked.amount, this.#options.precisionOf(asked.equivalent));
    const consent = { tx, amount, expires: Date.parse(asked.expires) };
    await this.#submit(accept ? consentFrame(this.#key, consent) : objectionFrame(this.#key, tx));
  }

  /** Receipts of all that was applied to its edges, as the hub hands them out. */
  async receipts(): Promise<AppliedReceipt[]> {
    const { client } = this.#options.hub();
    const { file } = await client.memberExport({ query: this.#query() });
    return readMemberFile(fromBase64(file)).receipts.map(appliedReceipt);
  }

  #order(request: PayRequest, nonce: string): Uint8Array {
    const precision = this.#options.precisionOf(request.equivalent);
    const created = Date.now();
    const { frame } = orderFrame(this.#key, {
      payee: parsePid(request.peer),
      equivalent: parseEquivalentCode(request.equivalent),
      precision,
      amount: parseAmount(request.amount, precision),
      coordinator: this.#hub(),
      nonce: new Uint8Array(Buffer.from(nonce, 'hex')),
      now: created,
      expires: created + (request.timeout_ms ?? 60_000),
      ...(request.max_hops === undefined ? {} : { maxHops: request.max_hops }),
      ...(request.max_paths === undefined ? {} : { maxPaths: request.max_paths }),
    });
    return frame;
  }

  #query(): string {
    return toBase64(queryEnvelope(this.#key, this.#hub(), Date.now()));
  }

  #hub(): Pid {
    return pidFromPublicKey(this.#options.hub().key);
  }

  #submit(frame: Uint8Array) {
    return this.#options.hub().client.submitEnvelope({ frame: toBase64(frame) });
  }
}

export function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}

function fromBase64(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'base64'));
}
