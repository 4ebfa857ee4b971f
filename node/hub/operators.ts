/** Who may do what as an operator of a hub. The hub's own participant is always an admin. */
import { GeoError } from '../../protocol/errors.ts';
import type { Pid } from '../../protocol/identity/pid.ts';
import type { State } from '../engine/state.ts';
import type { Turn } from '../engine/turn.ts';
import type { OperatorRecord } from '../store/hub-records.ts';
import { OPERATORS } from './shelves.ts';

export type Role = OperatorRecord['role'];

/** Who acts. Whoever is not the hub itself has signed what it asks for, or has signed in. */
export interface Actor {
  readonly pid: Pid;
  readonly request?: Uint8Array;
}

export type OperatorAct =
  | 'approve'
  | 'refuse'
  | 'suspend'
  | 'reinstate'
  | 'remove'
  | 'confirm'
  | 'invite'
  | 'revoke'
  | 'offer'
  | 'withdraw'
  | 'appoint'
  | 'read';

const READING: readonly OperatorAct[] = ['read'];
const OPERATING: readonly OperatorAct[] = [
  ...READING,
  'approve',
  'refuse',
  'suspend',
  'reinstate',
  'remove',
  'invite',
  'revoke',
];

/** What each role may do. */
export const ROLE_ACTS: Readonly<Record<Role, readonly OperatorAct[]>> = {
  auditor: READING,
  operator: OPERATING,
  admin: [...OPERATING, 'confirm', 'offer', 'withdraw', 'appoint'],
};

export class Operators {
  readonly #me: Pid;
  readonly #known: ReadonlyMap<string, OperatorRecord>;

  constructor(state: State, me: Pid) {
    this.#me = me;
    this.#known = state.shelf(OPERATORS);
  }

  all(): ReadonlyMap<string, OperatorRecord> {
    return this.#known;
  }

  roleOf(pid: Pid): Role | undefined {
    return pid === this.#me ? 'admin' : this.#known.get(pid)?.role;
  }

  /** @throws GeoError E006 `not_an_operator` */
  require(actor: Actor, act: OperatorAct): Role {
    const role = this.roleOf(actor.pid);
    if (role !== undefined && ROLE_ACTS[role].includes(act)) return role;
    const needed = (Object.keys(ROLE_ACTS) as Role[]).filter((each) =>
      ROLE_ACTS[each].includes(act),
    );
    throw new GeoError(
      'E006',
      `That needs the role ${needed.join(' or ')}; ${role === undefined ? 'this participant has none' : `this participant is ${role}`}.`,
      { fault: 'not_an_operator', act },
    );
  }

  /** @throws GeoError E008 `hub_is_admin` */
  appoint(turn: Turn, pid: Pid, role: Role | undefined): void {
    if (pid === this.#me) {
      throw new GeoError(
        'E008',
        "The hub's own participant is its admin; that cannot be changed.",
        {
          fault: 'hub_is_admin',
        },
      );
    }
    if (role === undefined) turn.unshelve(OPERATORS, pid);
    else turn.shelve(OPERATORS, pid, { role, since: turn.now });
  }
}
