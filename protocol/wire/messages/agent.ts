/** Who votes for a participant that runs no node (docs/PROTOCOL.md, "Agents"). */
import * as s from '../schema.ts';

const sequence = s.uint(Number.MAX_SAFE_INTEGER);

/** On what the agent may say YES for the member, within the policies of the member's lines. */
export const GrantScope = s.named(
  'grant-scope',
  s.map({
    /** Payments that the member has ordered, or that are made to it. */
    pay: s.bool,
    /** Payments of others that the member carries. */
    carry: s.bool,
    /** Clearings of cycles that pass the member. */
    clear: s.bool,
  }),
);
export type GrantScope = s.Infer<typeof GrantScope>;

/** Signed by the member: `agent_key` votes for it. The highest sequence is in force. */
export const AgentGrant = s.named(
  'agent-grant',
  s.map({
    member_key: s.publicKey,
    agent_key: s.publicKey,
    sequence,
    created: s.time,
    /** The agent says YES to nothing that ends later. */
    expires: s.time,
    scope: GrantScope,
  }),
);
export type AgentGrant = s.Infer<typeof AgentGrant>;

/** Signed by the member: it votes for itself. Numbered together with its grants. */
export const AgentRevoke = s.named(
  'agent-revoke',
  s.map({ member_key: s.publicKey, sequence, created: s.time }),
);
export type AgentRevoke = s.Infer<typeof AgentRevoke>;

/** Ends the repetition of a grant or of its end. */
export const AgentAck = s.named('agent-ack', s.map({ member: s.pid, sequence }));
export type AgentAck = s.Infer<typeof AgentAck>;

/** Asks for the newest word of a participant on who votes for it; the answer is that word itself. */
export const AgentQuery = s.named('agent-query', s.map({ member: s.pid }));
export type AgentQuery = s.Infer<typeof AgentQuery>;

/** By which a member shows its agent who asks; beside the channel of the two, not between nodes. */
export const MemberQuery = s.named(
  'member-query',
  s.map({ member_key: s.publicKey, agent: s.pid, created: s.time }),
);
export type MemberQuery = s.Infer<typeof MemberQuery>;

/** By which a participant shows a node, beside the channel of nodes, that the key is its own. */
export const SignIn = s.named(
  'sign-in',
  s.map({
    participant_key: s.publicKey,
    /** Where; so that no node can use it at another. */
    node: s.pid,
    /** What the node has given to that key, as it is. */
    challenge: s.bytesUpTo(64),
  }),
);
export type SignIn = s.Infer<typeof SignIn>;
