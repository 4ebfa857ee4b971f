/** Endpoints for members without a node, and for books on their way from one agent to another. */
import type { HostedOperations } from '../../service/contract.ts';
import type { RoutesOf } from '../route.ts';
import * as shapes from '../shapes.ts';

export const HOSTED_ROUTES: RoutesOf<HostedOperations> = {
  agentCard: {
    method: 'GET',
    path: '/card',
    tag: 'members',
    summary: 'Who this node is, for those who want it to vote for them',
    open: true,
    input: null,
    response: shapes.AgentCard,
  },
  submitEnvelope: {
    method: 'POST',
    path: '/envelopes',
    tag: 'members',
    summary: 'Hand in what a member has signed: a grant, a line, an order, a request to join',
    open: true,
    input: { in: 'body', shape: shapes.Envelope },
    response: shapes.Submission,
  },
  memberAccount: {
    method: 'POST',
    path: '/members/account',
    tag: 'members',
    summary: 'Lines, debts, balance and history of a member, for whoever signs as that member',
    open: true,
    input: { in: 'body', shape: shapes.MemberQuery },
    response: shapes.Account,
  },
  memberTransaction: {
    method: 'POST',
    path: '/members/transaction',
    tag: 'members',
    summary: 'One transaction that the member pays, receives or carries',
    open: true,
    input: { in: 'body', shape: shapes.MemberTransactionQuery },
    response: shapes.Transaction,
  },
  memberExport: {
    method: 'POST',
    path: '/members/export',
    tag: 'members',
    summary: 'All books of a member as a file, to take to another agent',
    open: true,
    input: { in: 'body', shape: shapes.MemberQuery },
    response: shapes.BooksFile,
  },
  exportBooks: {
    method: 'POST',
    path: '/agent/export',
    tag: 'members',
    summary: 'Write all books of this participant, or of a member, into a new file',
    input: { in: 'body', shape: shapes.ExportRequest },
    response: shapes.Exported,
  },
  importBooks: {
    method: 'POST',
    path: '/agent/import',
    tag: 'members',
    summary: 'Take over the books of a participant that this node serves',
    input: { in: 'body', shape: shapes.ImportRequest },
    response: shapes.Imported,
  },
  grantAgent: {
    method: 'PUT',
    path: '/agent',
    tag: 'members',
    summary: 'Let another node vote for this participant; this one stops',
    input: { in: 'body', shape: shapes.GrantRequest },
    response: shapes.Account,
  },
  revokeAgent: {
    method: 'POST',
    path: '/agent/revoke',
    tag: 'members',
    summary: 'Vote for this participant oneself again',
    input: null,
    response: shapes.Account,
  },
};
