/**
 * Where a row of the fault matrix is played: three nodes, named by what they are in the payment (the
 * payer coordinates), and one fault that befalls the first message of a type on one way.
 */
import type { MessageName } from '../../protocol/wire/message-types.ts';
import { type FrameFate, type Passing, Village } from '../unit/engine/harness.ts';

export type Role = 'payer' | 'middle' | 'payee';
const ROLES: readonly Role[] = ['payer', 'middle', 'payee'];
const LINES = ['middle>payer 100', 'payee>middle 100'];

/** `throw`: the write that the message causes at its receiver is refused. */
export const FAULTS = [
  'drop',
  'duplicate',
  'delay',
  'throw',
  'kill receiver',
  'kill sender',
] as const;
export type Fault = (typeof FAULTS)[number];

/** Longer than a vote may take, shorter than an order lives. */
const DELAY_MS = 3_000;
const COMPARE_MS = 4_000;
/** How long a killed node is away. */
const AWAY_MS = 500;
/** Until it is certain that the message of the fault will not come any more. */
const PATIENCE_MS = 120_000;

/** Books are compared often, and a statement is due with every payment. */
const SETTINGS = {
  edges: { compare_ms: COMPARE_MS, statement_every: 1 },
  memberships: { retry_ms: 1_000, renew_ms: 10_000, report_ms: 5_000 },
};
const HUB = { hub: { enabled: true, admission: 'open', name: 'The village' } } as const;

/** Which message the fault befalls. */
export interface Target {
  readonly type: MessageName;
  readonly from: Role;
  readonly to: Role;
}

export class Stage {
  readonly village: Village;
  /** The fault has found its message. */
  struck = false;
  /** The fault may strike; a scenario that needs a peaceful prelude sets it to false until then. */
  armed = true;
  readonly #target: Target;
  readonly #fault: Fault;
  #killed: Role | undefined;

  private constructor(village: Village, target: Target, fault: Fault) {
    this.village = village;
    this.#target = target;
    this.#fault = fault;
    this.lose(() => false);
  }

  /** @param isHub the middle is a hub as well */
  static async open(target: Target, fault: Fault, isHub = false): Promise<Stage> {
    const village = await Village.open({
      people: ROLES,
      lines: LINES,
      settings: SETTINGS,
      ...(isHub ? { own: { middle: HUB } } : {}),
    });
    await village.learnRoutes('payer', 'payee', '5');
    village.sent.length = 0;
    return new Stage(village, target, fault);
  }

  /** What the scenario itself lets be lost; everything else is open to the fault. */
  lose(lost: (passing: Passing) => boolean): void {
    this.village.fate = (passing) => (lost(passing) ? 'drop' : this.#fate(passing));
  }

  /** Begins the payment of 5; what a killed payer does not learn is nobody's concern here. */
  pay(more: { readonly by_hub?: boolean; readonly note?: string } = {}): void {
    this.village.begin('payer', 'payee', '5', more).catch(() => undefined);
  }

  /** Payer, middle and payee owe each other 5 in a circle; the payer has it cleared. */
  clear(): void {
    const { village } = this;
    this.command('payer', () =>
      village.service('payer').clearCycle({
        equivalent: 'UAH',
        cycle: ['me', village.pid('middle'), village.pid('payee')],
        amount: '5',
      }),
    );
  }

  command(role: Role, run: (village: Village) => Promise<unknown>): void {
    if (this.village.isUp(role)) run(this.village).catch(() => undefined);
  }

  /** Lets time pass; a node that the fault kills is back after {@link AWAY_MS}. */
  async pass(ms: number): Promise<void> {
    const end = this.village.clock.now() + ms;
    const { clock } = this.village;
    if (await clock.until(() => this.#killed !== undefined, ms)) await this.#raise();
    await this.village.pass(Math.max(0, end - clock.now()));
  }

  /** Until the fault has had its chance. */
  async finish(): Promise<void> {
    const { clock } = this.village;
    await clock.until(() => this.struck, PATIENCE_MS);
    if (this.#killed !== undefined) await this.#raise();
    // What was missed is noticed when the books are compared the next time.
    await this.village.pass(DELAY_MS + 3 * COMPARE_MS);
  }

  /** A message that caused no write has left its refusal behind. */
  heal(): void {
    for (const role of ROLES) this.village.life(role).fate = () => 'write';
  }

  /** Somebody becomes a member of the hub in the middle. */
  join(role: Role): void {
    this.command(role, (village) => {
      const address = village.service('middle').identity().addresses[0]!;
      return village.service(role).join({ address, name: role, about: '', kind: 'person' });
    });
  }

  #fate(passing: Passing): FrameFate {
    const { type, from, to } = this.#target;
    const hit = passing.type === type && passing.from === from && passing.to === to;
    if (this.struck || !this.armed || !hit) return 'deliver';
    this.struck = true;
    switch (this.#fault) {
      case 'drop':
        return 'drop';
      case 'duplicate':
        return 'duplicate';
      case 'delay':
        return DELAY_MS;
      case 'throw':
        this.#refuseNextWrite(to);
        return 'deliver';
      case 'kill receiver':
        this.#kill(to);
        return 'drop';
      case 'kill sender':
        this.#kill(from);
        return 'deliver';
    }
  }

  #refuseNextWrite(role: Role): void {
    const life = this.village.life(role);
    life.fate = () => {
      life.fate = () => 'write';
      return 'refuse';
    };
  }

  #kill(role: Role): void {
    this.#killed = role;
    // The node is in the middle of sending: what this turn had to send has gone out.
    this.village.clock.after(0, () => void this.village.killNow(role));
  }

  async #raise(): Promise<void> {
    const role = this.#killed!;
    await this.village.pass(AWAY_MS);
    this.#killed = undefined;
    if (!this.village.isUp(role)) await this.village.start(role);
  }
}
