/**
 * Who votes for whom in a manifest (docs/PROTOCOL.md, "Agents"): every participant itself, or the
 * key that it has granted that to. What follows from the bytes alone; whether a grant is signed, and
 * still in force, is asked where it is relied on.
 */
import { GeoError } from '../errors.ts';
import { type Pid, pidFromPublicKey } from '../identity/pid.ts';
import { readSigned, type Unverified } from '../wire/envelope.ts';
import type { AgentGrant, GrantScope } from '../wire/messages/agent.ts';
import type { Manifest } from '../wire/messages/payment.ts';

export type Grant = Unverified<AgentGrant>;
export type Grants = ReadonlyMap<Pid, Grant>;

/**
 * The grants of a manifest, by participant.
 * @param expires when the order ends: a grant must not end before it
 * @param partOf what the participant does in it
 * @throws GeoError E009 `bad_manifest`, `bad_envelope`, `bad_message`
 */
export function grantsOf(
  { participants, agents, voters, grants = [] }: Manifest,
  expires: number,
  partOf: (participant: Pid) => keyof GrantScope,
): Grants {
  const byMember = new Map<Pid, Grant>();
  for (const bytes of grants) {
    const grant = readGrant(bytes);
    const member = pidFromPublicKey(grant.body.member_key);
    if (byMember.has(member)) refuse('grants', 'a participant grants twice');
    byMember.set(member, grant);
  }
  let needed = 0;
  for (const [i, participant] of participants.entries()) {
    const agent = voters[agents[i]!]!;
    if (pidFromPublicKey(agent) === participant) continue;
    needed++;
    const grant = byMember.get(participant)?.body;
    if (grant?.agent_key !== agent) {
      refuse('agents', 'an agent has neither the key of its participant nor a grant');
    }
    if (grant.expires < expires) refuse('grants', 'a grant ends before the order does');
    if (!grant.scope[partOf(participant)]) {
      refuse('grants', 'a grant does not cover what the participant does');
    }
  }
  if (needed !== byMember.size) refuse('grants', 'there is a grant that nobody needs');
  return byMember;
}

// The same few grants come with payment after payment. Found by bytes of their signature; all bytes decide.
const GRANTS_KEPT = 4_096;
const read: (Grant | undefined)[] = new Array<Grant | undefined>(GRANTS_KEPT).fill(undefined);

function readGrant(bytes: Uint8Array): Grant {
  const slot = ((bytes.at(-2)! << 8) | bytes.at(-3)!) % GRANTS_KEPT;
  const known = read[slot];
  if (known !== undefined && sameBytes(known.bytes, bytes)) return known;
  // A copy, unless it stands alone: what came is part of a larger frame, which would be kept with it.
  const alone = bytes.byteLength === bytes.buffer.byteLength;
  const grant = readSigned('AGENT_GRANT', alone ? bytes : bytes.slice());
  read[slot] = grant;
  return grant;
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** @throws GeoError E009 `bad_manifest` */
export function refuse(why: string, sentence: string): never {
  throw new GeoError('E009', `The manifest does not hold together: ${sentence}.`, {
    fault: 'bad_manifest',
    why,
  });
}
