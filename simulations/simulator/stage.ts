/** Carries a plan out: commands to nodes through their services, faults to disks, processes and links. */
import { hash } from 'node:crypto';
import { GeoError } from '../../protocol/errors.ts';
import type { Pid } from '../../protocol/identity/pid.ts';
import type { Clearings } from '../checkers/clearings.ts';
import type { Clients } from '../checkers/clients.ts';
import type { Moves } from '../checkers/moves.ts';
import {
  type ClearingStep,
  type LineStep,
  type PayStep,
  PRECISION,
  type WorkStep,
} from '../work-steps.ts';
import { debtChainThrough, debtCycleThrough } from './debt-cycles.ts';
import type { Host } from './host.ts';
import { Misfortunes } from './misfortunes.ts';
import { Mover } from './mover.ts';
import type { Plan, Step } from './plan.ts';
import type { Participant, World } from './world.ts';

/** By then members have joined. */
const JOINED_MS = 250;

/** Checkers that hear what people were told and wanted. */
interface Ears {
  readonly clients: Clients;
  readonly clearings: Clearings;
  readonly moves: Moves;
}

export class Stage {
  /** Payments that were asked for. */
  payments = 0;
  readonly #world: World;
  readonly #plan: Plan;
  readonly #clients: Clients;
  readonly #clearings: Clearings;
  readonly #moves: Moves;
  readonly #misfortunes: Misfortunes;
  readonly #movers = new Map<number, Mover>();
  readonly #paid = new Map<number, PayStep>();

  constructor(world: World, plan: Plan, ears: Ears) {
    this.#world = world;
    this.#plan = plan;
    this.#clients = ears.clients;
    this.#clearings = ears.clearings;
    this.#moves = ears.moves;
    this.#misfortunes = new Misfortunes(world);
  }

  /** Starts every host and draws up the lines. */
  open(): void {
    const { community } = this.#plan;
    for (const host of this.#world.hosts) {
      host.start();
      // Who moves brings along what is counted in.
      if (host.number >= this.#plan.hosts) continue;
      for (const code of community.equivalents) {
        this.#world.time.after(20, () =>
          this.#command(host, (service) =>
            service.defineEquivalent({ code, precision: PRECISION, metadata: {} }),
          ),
        );
      }
    }
    for (const { member, host, home } of this.#world.participants) {
      if (member === undefined) continue;
      const grant = member.word(host);
      this.#world.time.after(40, () =>
        this.#command(host, (service) => member.join(service, grant)),
      );
      if (home === undefined) continue;
      this.#world.time.after(45, () =>
        this.#command(home, (service) => service.submitEnvelope({ frame: grant })),
      );
    }
    this.#introduceHub();
    community.lines.forEach((line, i) => {
      const at = this.#plan.hub === undefined ? 50 : JOINED_MS;
      this.#world.time.after(at + i, () => this.#work(line));
    });
  }

  /** Who means to deal with members of the hub knows the hub; some take part in its community. */
  #introduceHub(): void {
    const { hub } = this.#plan;
    if (hub === undefined) return;
    const { time, hosts } = this.#world;
    const { address, identity } = this.#host(hub.host);
    const contact = { name: 'hub', pid: identity.pid };
    for (const host of hosts) {
      if (host.number === hub.host) continue;
      time.after(45, () => this.#command(host, (service) => service.addContact(contact)));
    }
    for (const number of hub.joined) {
      const wish = { address, name: `n${number}`, about: '', kind: 'person' as const };
      time.after(60, () => this.#command(this.#host(number), (service) => service.join(wish)));
    }
  }

  /** Sets every step of the plan to its time. @param keep places of the steps to take; absent: all */
  play(keep?: ReadonlySet<number>): void {
    this.#plan.steps.forEach(({ at, step }, place) => {
      if (keep !== undefined && !keep.has(place)) return;
      this.#world.time.after(Math.max(0, at - this.#world.time.now), () => this.#take(step, place));
    });
  }

  /** All faults end; whoever is down comes back. */
  heal(): void {
    this.#misfortunes.end();
  }

  /** A small payment by the hub itself, when all is well. @param hears how it ended */
  probe(payee: Host, equivalent: string, hears: (state: string) => void): void {
    const hub = this.#host(this.#plan.hub!.host);
    this.#command(hub, async (service) => {
      const amount = decimal(1);
      const { state, reason } = await service.pay({ peer: payee.identity.pid, equivalent, amount });
      hears(reason === null ? state : `${state} ${reason.details.fault}`);
    });
  }

  #take(step: Step, place: number): void {
    switch (step.do) {
      case 'line':
      case 'freeze':
      case 'close':
      case 'pay':
      case 'repeat':
      case 'clear':
      case 'answer':
      case 'status':
      case 'move':
        this.#work(step);
        break;
      default:
        this.#misfortunes.befall(step, place);
    }
  }

  #work(step: WorkStep): void {
    switch (step.do) {
      case 'line':
        this.#line(step);
        break;
      case 'freeze':
      case 'close': {
        const request = { peer: this.#pid(step.to), equivalent: step.equivalent };
        const { host, member } = this.#who(step.from);
        if (member !== undefined) {
          this.#command(host, (service) =>
            member.narrow(service, step.do, step.equivalent, this.#pid(step.to)),
          );
          break;
        }
        this.#command(host, (service) =>
          step.do === 'freeze' ? service.freezeTrustLine(request) : service.closeTrustLine(request),
        );
        break;
      }
      case 'pay':
        this.#paid.set(step.payment, step);
        this.payments++;
        this.#pay(step);
        break;
      case 'repeat': {
        const first = this.#paid.get(step.payment);
        if (first !== undefined) this.#pay(first);
        break;
      }
      case 'clear':
        this.#clear(step);
        break;
      case 'answer':
        this.#answer(step);
        break;
      case 'move':
        this.#move(step);
        break;
      case 'status': {
        const change = {
          member: this.#pid(step.member),
          act: step.act,
          reason: 'as the plan says',
        };
        this.#command(this.#host(this.#plan.hub!.host), (service) => service.changeMember(change));
        break;
      }
    }
  }

  /** A hub proposes what its members are part of. */
  #clear(step: Extract<ClearingStep, { do: 'clear' }>): void {
    const { by, equivalent, luck, percent, shortens = false } = step;
    const who = this.#who(by);
    const { host } = who;
    this.#command(host, async (service) => {
      const search = shortens ? debtChainThrough : debtCycleThrough;
      const found = search(this.#world, who, equivalent, luck);
      if (found === undefined) return;
      const { members, amount } = found;
      this.#clearings.wanted(
        host.identity.hex,
        members.map(({ identity }) => identity.hex),
      );
      const clearing = await service.clearCycle({
        equivalent,
        cycle: members.map(({ identity }) => (identity === host.identity ? 'me' : identity.pid)),
        amount: decimal(Math.max(1, Math.floor((Number(amount) * percent) / 100))),
        shortens,
      });
      this.#clients.cleared(host, clearing);
    });
  }

  #move({ member: number, to }: Extract<WorkStep, { do: 'move' }>): void {
    const { member, home } = this.#who(number);
    const mover = this.#movers.get(number) ?? new Mover(this.#world, member!, this.#moves);
    this.#movers.set(number, mover);
    mover.move(to === 'hub' ? this.#host(this.#plan.hub!.host) : home!);
  }

  #answer({ host: number, accept }: Extract<ClearingStep, { do: 'answer' }>): void {
    const { host, member } = this.#who(number);
    if (member !== undefined) {
      const agreed = (tx: string) => this.#clearings.agreed(member.identity.hex, tx);
      this.#command(host, (service) => member.answer(service, accept, agreed));
      return;
    }
    this.#command(host, async (service) => {
      for (const { tx_id } of service.pendingClearings()) {
        if (accept) this.#clearings.agreed(host.identity.hex, tx_id);
        this.#clients.cleared(host, await service.answerClearing({ tx_id, accept }));
      }
    });
  }

  #line(step: LineStep): void {
    const { from, to, equivalent, limit, policy } = step;
    const { host: agent, member } = this.#who(from);
    if (member !== undefined) {
      const blockedPids = (policy?.blocked ?? []).map((each) => this.#pid(each));
      this.#command(agent, (service) => member.line(service, step, this.#pid(to), blockedPids));
      return;
    }
    const {
      can_be_intermediate: carries,
      dailyLimit,
      blocked,
      clears,
      clearsAtMost,
      shortens,
    } = policy ?? {};
    this.#command(agent, (service) =>
      service.setTrustLine({
        peer: this.#pid(to),
        equivalent,
        limit: decimal(limit),
        policy: {
          ...(clears === undefined ? {} : { auto_clearing: clears }),
          ...(carries === undefined ? {} : { can_be_intermediate: carries }),
          ...(shortens === undefined ? {} : { allow_shortening: shortens }),
          ...(dailyLimit === undefined ? {} : { daily_limit: bound(dailyLimit) }),
          ...(clearsAtMost === undefined ? {} : { clearing_limit: bound(clearsAtMost) }),
          ...(blocked === undefined
            ? {}
            : { blocked_participants: blocked.map((host) => this.#pid(host)) }),
        },
      }),
    );
  }

  #pay(step: PayStep): void {
    const { host, member } = this.#who(step.from);
    const nonce = hash('sha256', `${this.#plan.seed} payment ${step.payment}`).slice(0, 32);
    this.#command(host, async (service) => {
      if (member !== undefined) {
        const to = this.#pid(step.to);
        const done = await member.pay(service, step, to, Buffer.from(nonce, 'hex'));
        if (done !== null) this.#clients.answered(host, nonce, done);
        return;
      }
      const payment = await service.pay({
        peer: this.#pid(step.to),
        equivalent: step.equivalent,
        amount: decimal(step.amount),
        max_paths: step.paths,
        nonce,
      });
      this.#clients.answered(host, nonce, payment);
    });
  }

  /** A refusal is an answer like any other; anything but a GeoError is not. */
  #command(host: Host, ask: (service: NonNullable<Host['service']>) => Promise<unknown>): void {
    const { service } = host;
    if (service === undefined) return;
    const { incarnation } = host;
    ask(service).catch((error: unknown) => {
      if (error instanceof GeoError || host.incarnation !== incarnation || !host.isUp) return;
      const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
      this.#world.watch.alarm(host, `a command failed: ${text}`);
    });
  }

  #who(number: number): Participant {
    return this.#world.participants[number]!;
  }

  #host(number: number): Host {
    return this.#world.hosts[number]!;
  }

  #pid(number: number): Pid {
    return this.#who(number).identity.pid;
  }
}

function bound(units: number | null): string | null {
  return units === null ? null : decimal(units);
}

function decimal(units: number): string {
  const scale = 10 ** PRECISION;
  return `${Math.floor(units / scale)}.${String(units % scale).padStart(PRECISION, '0')}`;
}
