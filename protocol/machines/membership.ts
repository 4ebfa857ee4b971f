/**
 * Membership of a community, as its hub keeps it (docs/PROTOCOL.md, "Membership"): how a status
 * changes, and what each status may still do.
 */
import { GeoError } from '../errors.ts';

/** `pending` and `refused` are of somebody who asks; the other four of a member. */
export type MemberStatus = 'pending' | 'refused' | 'active' | 'suspended' | 'left' | 'deleted';

/** How a hub takes people in. */
export type AdmissionRule = 'open' | 'code' | 'approval';

export type MemberAct =
  /** Order a payment that the hub coordinates or, as the payer's agent, votes on. */
  | 'start'
  /** Come to owe or to be owed more on an edge that the hub votes on. */
  | 'carry'
  /** Give a line through the hub, or raise its limit. */
  | 'widen'
  /** Lower the limit of a line, freeze or close it. */
  | 'narrow'
  /** Have a debt lowered by a payment, whichever side owes. */
  | 'repay'
  /** Have a debt lowered by a clearing. */
  | 'clear'
  /** Ask the hub for routes. */
  | 'ask_routes'
  /** Tell the hub about own edges, so that it leads payments of others over them. */
  | 'report'
  /** Change the profile. */
  | 'describe';

const ALL: readonly MemberAct[] = [
  'start',
  'carry',
  'widen',
  'narrow',
  'repay',
  'clear',
  'ask_routes',
  'report',
  'describe',
];

/** What a member of each status may do; nobody else is a member. */
export const MEMBER_ACTS: Readonly<Record<MemberStatus, readonly MemberAct[]>> = {
  pending: ['describe'],
  refused: [],
  active: ALL,
  suspended: ['narrow', 'repay', 'clear', 'describe'],
  left: ['narrow', 'repay', 'clear'],
  deleted: ['narrow', 'repay', 'clear'],
};

/** Whether somebody of this status may do this ({@link MEMBER_ACTS}). */
export function mayDo(status: MemberStatus, act: MemberAct): boolean {
  return MEMBER_ACTS[status].includes(act);
}

export type MembershipEvent =
  /** It asks to join, or asks again. `invited`: with an invitation that is good. */
  | { readonly type: 'ask'; readonly rule: AdmissionRule; readonly invited: boolean }
  | { readonly type: 'leave' }
  | { readonly type: 'approve' }
  | { readonly type: 'refuse' }
  | { readonly type: 'suspend' }
  | { readonly type: 'reinstate' }
  /** `owing`: on some edge in the hub's books the participant owes or is owed. */
  | { readonly type: 'remove'; readonly owing: boolean };

/**
 * The status after an event.
 * @param status undefined for a stranger
 * @throws GeoError E008 `wrong_status` | `member_owes`, E006 `code_needed`
 */
export function stepMembership(
  status: MemberStatus | undefined,
  event: MembershipEvent,
): MemberStatus {
  switch (event.type) {
    case 'ask':
      return ask(status, event.rule, event.invited);
    case 'leave':
      // Leaving and joining again would undo a suspension.
      if (status === 'active' || status === 'pending' || status === 'left') return 'left';
      throw wrongStatus('leave', status);
    case 'approve':
      if (status === 'pending' || status === 'refused') return 'active';
      throw wrongStatus('be approved', status);
    case 'refuse':
      if (status === 'pending') return 'refused';
      throw wrongStatus('be refused', status);
    case 'suspend':
      if (status === 'active') return 'suspended';
      throw wrongStatus('be suspended', status);
    case 'reinstate':
      if (status === 'suspended') return 'active';
      throw wrongStatus('be reinstated', status);
    case 'remove':
      if (status === undefined || status === 'deleted') throw wrongStatus('be removed', status);
      if (event.owing) {
        throw new GeoError(
          'E008',
          'The participant still owes, or is owed: suspend it, and remove it when its debts are paid or cleared.',
          { fault: 'member_owes' },
        );
      }
      return 'deleted';
  }
}

function ask(
  status: MemberStatus | undefined,
  rule: AdmissionRule,
  invited: boolean,
): MemberStatus {
  switch (status) {
    case 'active':
    case 'suspended':
      return status;
    // Whom an operator has removed only an operator takes back, whatever code it brings.
    case 'deleted':
      return 'pending';
    case 'refused':
      return invited ? 'active' : 'refused';
    case undefined:
    case 'left':
    case 'pending':
      if (invited || rule === 'open') return 'active';
      if (rule === 'approval') return 'pending';
      throw new GeoError(
        'E006',
        'This community takes in whom it has invited: ask its operators for a code.',
        { fault: 'code_needed' },
      );
  }
}

function wrongStatus(what: string, status: MemberStatus | undefined): GeoError {
  const now = status === undefined ? 'no member' : status;
  return new GeoError('E008', `The participant is ${now} and cannot ${what}.`, {
    fault: 'wrong_status',
    status: now,
  });
}
