/**
 * Every message: its number on the wire, whether its author signs it, and its body.
 * Numbers are append only: a number once used is never given to another message.
 */
import {
  AgentAck,
  AgentGrant,
  AgentQuery,
  AgentRevoke,
  MemberQuery,
  SignIn,
} from './messages/agent.ts';
import {
  ClearingMark,
  ClearingPrepare,
  Consent,
  Objection,
  Proposal,
} from './messages/clearing.ts';
import { EdgeDigest, EdgeHistory, EdgeStatement } from './messages/edge.ts';
import { Applied, Vote, Withdrawal } from './messages/evidence.ts';
import {
  EquivalentDefine,
  JoinReply,
  JoinRequest,
  OperatorReply,
  OperatorRequest,
  ProfileUpdate,
} from './messages/membership.ts';
import {
  PaymentNote,
  PaymentOutcome,
  PaymentPrepare,
  PaymentReply,
  PaymentRequest,
  StatusQuery,
  StatusReply,
  WithdrawRequest,
} from './messages/payment.ts';
import { EdgeReport } from './messages/report.ts';
import { RouteQuery, RouteReply } from './messages/route.ts';
import { PeerError, Ping } from './messages/service.ts';
import { LineState, TrustLineAck } from './messages/trust-line.ts';
import type { Infer, Schema } from './schema.ts';

interface MessageType<T> {
  readonly number: number;
  /** True: the body is a COSE_Sign1 over the payload. False: it rests on the channel, whose key is the sender's. */
  readonly signed: boolean;
  readonly schema: Schema<T> & { readonly rule: string };
}

function message<T>(
  number: number,
  signed: boolean,
  schema: MessageType<T>['schema'],
): MessageType<T> {
  return { number, signed, schema };
}

export const MESSAGES = {
  TRUST_LINE_CREATE: message(1, true, LineState),
  TRUST_LINE_UPDATE: message(2, true, LineState),
  TRUST_LINE_CLOSE: message(3, true, LineState),
  TRUST_LINE_ACK: message(4, false, TrustLineAck),

  PAYMENT_REQUEST: message(16, true, PaymentRequest),
  PAYMENT_PREPARE: message(17, false, PaymentPrepare),
  PAYMENT_PREPARE_ACK: message(18, true, Vote),
  PAYMENT_COMMIT: message(19, false, PaymentOutcome),
  PAYMENT_ABORT: message(20, false, PaymentOutcome),
  PAYMENT_COMMIT_ACK: message(21, true, Applied),
  PAYMENT_NOTE: message(22, false, PaymentNote),
  PAYMENT_REPLY: message(23, false, PaymentReply),

  CLEARING_PROPOSE: message(32, true, Proposal),
  CLEARING_ACCEPT: message(33, true, Consent),
  CLEARING_REJECT: message(34, true, Objection),
  CLEARING_PREPARE: message(35, false, ClearingPrepare),
  CLEARING_PREPARE_ACK: message(36, true, Vote),
  CLEARING_COMMIT: message(37, false, PaymentOutcome),
  CLEARING_ABORT: message(38, false, PaymentOutcome),
  CLEARING_COMMIT_ACK: message(39, true, Applied),
  CLEARING_SEARCH: message(40, false, RouteQuery),
  CLEARING_FOUND: message(41, false, RouteReply),
  CLEARING_MARK: message(42, false, ClearingMark),

  STATUS_QUERY: message(48, false, StatusQuery),
  STATUS_REPLY: message(49, false, StatusReply),
  WITHDRAW_REQUEST: message(50, false, WithdrawRequest),
  WITHDRAW: message(51, true, Withdrawal),

  EDGE_DIGEST: message(64, false, EdgeDigest),
  EDGE_HISTORY: message(65, false, EdgeHistory),
  EDGE_STATEMENT: message(66, true, EdgeStatement),

  ROUTE_QUERY: message(80, false, RouteQuery),
  ROUTE_REPLY: message(81, false, RouteReply),

  JOIN_REQUEST: message(96, true, JoinRequest),
  JOIN_REPLY: message(97, true, JoinReply),
  AGENT_GRANT: message(98, true, AgentGrant),
  AGENT_REVOKE: message(99, true, AgentRevoke),
  PROFILE_UPDATE: message(100, true, ProfileUpdate),
  EDGE_REPORT: message(101, true, EdgeReport),
  EQUIVALENT_DEFINE: message(102, true, EquivalentDefine),
  AGENT_ACK: message(103, false, AgentAck),
  MEMBER_QUERY: message(104, true, MemberQuery),
  OPERATOR_REQUEST: message(105, true, OperatorRequest),
  OPERATOR_REPLY: message(106, false, OperatorReply),
  AGENT_QUERY: message(107, false, AgentQuery),
  SIGN_IN: message(108, true, SignIn),

  PING: message(112, false, Ping),
  PONG: message(113, false, Ping),
  ERROR: message(114, false, PeerError),
} as const;

export type MessageName = keyof typeof MESSAGES;
export type MessageBody<N extends MessageName> = Infer<(typeof MESSAGES)[N]['schema']>;

const byNumber = new Map<number, MessageName>(
  (Object.keys(MESSAGES) as MessageName[]).map((name) => [MESSAGES[name].number, name]),
);

/** The name behind a number on the wire; undefined for one that this version does not know. */
export function messageNameOf(number: number): MessageName | undefined {
  return byNumber.get(number);
}

/** The schema of a message's body. */
export function schemaOf<N extends MessageName>(name: N): Schema<MessageBody<N>> {
  return MESSAGES[name].schema as unknown as Schema<MessageBody<N>>;
}
