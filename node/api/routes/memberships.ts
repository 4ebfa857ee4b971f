/** Endpoints of this participant's memberships. */
import { z } from 'zod';
import type { MembershipOperations } from '../../service/contract.ts';
import * as shapes from '../../service/shapes.ts';
import type { RoutesOf } from '../route.ts';

export const MEMBERSHIP_ROUTES: RoutesOf<MembershipOperations> = {
  memberships: {
    method: 'GET',
    path: '/memberships',
    tag: 'memberships',
    summary: 'Communities that this participant belongs to, or asks to',
    access: 'local',
    input: null,
    response: z.array(shapes.Membership),
  },
  join: {
    method: 'POST',
    path: '/memberships',
    tag: 'memberships',
    summary: 'Ask a hub to be taken in; answers when the hub has, or after a short wait',
    access: 'local',
    input: { in: 'body', shape: shapes.JoinRequest },
    response: shapes.Membership,
  },
  leave: {
    method: 'POST',
    path: '/memberships/leave',
    tag: 'memberships',
    summary: 'Leave a community; the hub is told until it has heard it',
    access: 'local',
    input: { in: 'body', shape: shapes.LeaveRequest },
    response: shapes.Membership,
  },
  operateAt: {
    method: 'POST',
    path: '/memberships/operate',
    tag: 'memberships',
    summary: 'Have another hub do something, as an operator whom it has appointed',
    access: 'local',
    input: { in: 'body', shape: shapes.RemoteRequest },
    response: shapes.RemoteAnswer,
  },
};
