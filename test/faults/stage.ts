/**
 * Where a row of the fault matrix is played: three nodes, named by what they are in the payment (the
 * payer coordinates), more where the story needs them, and one fault that befalls the first message of a
 * type on one way.
 */
import type { MessageName } from '../../protocol/wire/message-types.ts';
import {
  type FrameFate,
  type Passing,
  Village,
  type VillageOptions,
} from '../unit/engine/harness.ts';
import { HostedVillage } from '../unit/engine/hosted.ts';
import { HOSTED, type Round } from '../unit/engine/hosted-round.ts';

const THREE = ['payer', 'middle', 'payee'] as const;
const FIVE = [...THREE, 'far', 'last'] as const;
export type Role = (typeof FIVE)[number];
const LINES = ['middle>payer 100', 'payee>middle 100'];
const ONWARD = ['far>payee 100', 'last>far 100', 'payer>last 100'];

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
/** A hub that clears nothing unless it is told to. */
const NO_PASSES = { clearing: { trigger: false, pass_ms: 0, pass_share_percent: 0 } } as const;
const HUB = { hub: { enabled: true, admission: 'open', name: 'The village' } } as const;

/** Who there is: three, with a hub in the middle or without, which may vote for two more; or five in a circle. */
const CASTS = {
  three: { people: THREE, lines: LINES },
  hub: { people: THREE, lines: LINES, own: { middle: HUB } },
  members: {
    people: THREE,
    lines: LINES,
    hosted: { middle: HOSTED },
    own: { middle: NO_PASSES },
  },
  five: { people: FIVE, lines: [...LINES, ...ONWARD] },
} as const satisfies Record<string, VillageOptions & { readonly hosted?: object }>;
export type Cast = keyof typeof CASTS;

/** Which message the fault befalls. */
export interface Target {
  readonly type: MessageName;
  readonly from: Role;
  readonly to: Role;
}

/** A course of events, to the end of which the stage waits. */
export type Scenario = (stage: Stage) => Promise<void>;

export class Stage {
  readonly village: Village;
  /** The fault has found its message. */
  struck = false;
  /** The fault may strike; a scenario that needs a peaceful prelude sets it to false until then. */
  armed = true;
  readonly #hosted: HostedVillage | undefined;
  readonly #target: Target;
  readonly #fault: Fault;
  #killed: Role | undefined;

  private constructor(place: Village | HostedVillage, target: Target, fault: Fault) {
    this.#hosted = place instanceof HostedVillage ? place : undefined;
    this.village = place instanceof HostedVillage ? place.village : place;
    this.#target = target;
    this.#fault = fault;
    this.lose(() => false);
  }

  static async open(target: Target, fault: Fault, cast: Cast): Promise<Stage> {
    const options = { ...CASTS[cast], settings: SETTINGS };
    const place =
      'hosted' in options ? await HostedVillage.open(options) : await Village.open(options);
    const stage = new Stage(place, target, fault);
    stage.armed = false;
    await stage.village.learnRoutes('payer', 'payee', '5');
    stage.village.sent.length = 0;
    stage.armed = true;
    return stage;
  }

  /** The payer and the hub's two members, in the cast that has them. */
  get round(): Round {
    if (this.#hosted === undefined) throw new Error('this cast has no hosted members');
    return { hosted: this.#hosted, hub: 'middle', node: 'payer' };
  }

  /** What the scenario itself lets be lost; everything else is open to the fault. */
  lose(lost: (passing: Passing) => boolean): void {
    this.village.fate = (passing) => (lost(passing) ? 'drop' : this.#fate(passing));
  }

  /** Begins the payment of 5; what a killed payer does not learn is nobody's concern here. */
  pay(more: { readonly by_hub?: boolean; readonly note?: string } = {}): void {
    this.village.begin('payer', 'payee', '5', more).catch(() => undefined);
  }

  /**
   * Has one of them propose to lower the debts of 5 from each of these to the next.
   * @param shortens the last owes the first nothing
   */
  clear(members: readonly Role[], by: Role = 'payer', shortens = false): void {
    const cycle = members.map((role) => this.village.pid(role));
    const request = { equivalent: 'UAH', cycle, amount: '5', shortens };
    this.command(by, (village) => village.service(by).clearCycle(request));
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
    for (const name of this.village.names) this.village.life(name).fate = () => 'write';
  }

  /** Somebody becomes a member of the hub in the middle. */
  join(role: Role): void {
    this.command(role, (village) => {
      const address = village.service('middle').identity().addresses[0]!;
      return village.service(role).join({ address, name: role, about: '', kind: 'person' });
    });
  }

  /** Its node is restarted, and knows no routes and no strangers any more. */
  async forget(role: Role): Promise<void> {
    this.armed = false;
    await this.village.restart(role);
    await this.village.calm();
    this.village.sent.length = 0;
    this.armed = true;
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
