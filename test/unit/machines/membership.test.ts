/** Statuses of a community's members, and what each may still do: row by row. */
import { describe, expect, it } from 'vitest';
import type { GeoError } from '../../../protocol/errors.ts';
import {
  type MemberAct,
  type MemberStatus,
  type MembershipEvent,
  mayDo,
  stepMembership,
} from '../../../protocol/machines/membership.ts';

const STATUSES = ['pending', 'refused', 'active', 'suspended', 'left', 'deleted'] as const;

const ask = (rule: 'open' | 'code' | 'approval', invited = false): MembershipEvent => ({
  type: 'ask',
  rule,
  invited,
});
const remove = (owing: boolean): MembershipEvent => ({ type: 'remove', owing });

/** The status after an event, or the fault of the refusal. */
function after(status: MemberStatus | undefined, event: MembershipEvent): string {
  try {
    return stepMembership(status, event);
  } catch (error) {
    return (error as GeoError).details.fault;
  }
}

const NO = 'wrong_status';

describe('a status after an event', () => {
  //                         stranger       pending    refused    active       suspended    left       deleted
  it.each<[string, MembershipEvent, string[]]>([
    [
      'asks an open hub',
      ask('open'),
      ['active', 'active', 'refused', 'active', 'suspended', 'active', 'pending'],
    ],
    [
      'asks for approval',
      ask('approval'),
      ['pending', 'pending', 'refused', 'active', 'suspended', 'pending', 'pending'],
    ],
    [
      'asks without a code',
      ask('code'),
      ['code_needed', 'code_needed', 'refused', 'active', 'suspended', 'code_needed', 'pending'],
    ],
    [
      'asks with a code',
      ask('code', true),
      ['active', 'active', 'active', 'active', 'suspended', 'active', 'pending'],
    ],
    [
      'asks for approval with a code',
      ask('approval', true),
      ['active', 'active', 'active', 'active', 'suspended', 'active', 'pending'],
    ],
    ['leaves', { type: 'leave' }, [NO, 'left', NO, 'left', NO, 'left', NO]],
    ['is approved', { type: 'approve' }, [NO, 'active', 'active', NO, NO, NO, NO]],
    ['is refused', { type: 'refuse' }, [NO, 'refused', NO, NO, NO, NO, NO]],
    ['is suspended', { type: 'suspend' }, [NO, NO, NO, 'suspended', NO, NO, NO]],
    ['is reinstated', { type: 'reinstate' }, [NO, NO, NO, NO, 'active', NO, NO]],
    ['is removed', remove(false), [NO, 'deleted', 'deleted', 'deleted', 'deleted', 'deleted', NO]],
    ['is removed with debts', remove(true), [NO, ...Array(5).fill('member_owes'), NO]],
  ])('%s', (_, event, expected) => {
    expect([undefined, ...STATUSES].map((status) => after(status, event))).toEqual(expected);
  });
});

describe('what a status allows', () => {
  //                           pending refused active suspended left deleted
  it.each<[MemberAct, string]>([
    ['start', '--x---'],
    ['carry', '--x---'],
    ['widen', '--x---'],
    ['ask_routes', '--x---'],
    ['report', '--x---'],
    ['narrow', '--xxxx'],
    ['repay', '--xxxx'],
    ['clear', '--xxxx'],
    ['describe', 'x-xx--'],
  ])('%s', (act, marks) => {
    expect(STATUSES.map((status) => (mayDo(status, act) ? 'x' : '-')).join('')).toBe(marks);
  });
});
