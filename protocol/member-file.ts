/**
 * A participant's books as a file: what another agent needs to keep them (docs/PROTOCOL.md, "Moving").
 * Everything in it proves itself; whoever wrote the file need not be believed.
 */
import { PRECISION_MAX } from './limits.ts';
import { Contact } from './wire/messages/route.ts';
import * as s from './wire/schema.ts';

/** Parts of one kind in a file; also a bound on what reading one can take. */
const PARTS_MAX = 1_000_000;
const RECEIPT_BYTES_MAX = 64 * 1024;

export const MemberFile = s.named(
  'member-file',
  s.map({
    member: s.pid,
    /** The member's newest word on who votes for it: one of the two, if it has given any. */
    grant: s.optional(s.signed('agent-grant')),
    revocation: s.optional(s.signed('agent-revoke')),
    equivalents: s.list(s.tuple(s.equivalentCode, s.uint(PRECISION_MAX)), PARTS_MAX),
    /** Where the agents of those are with whom the member has lines. */
    neighbours: s.list(Contact, PARTS_MAX),
    /** Their newest grants. */
    grants: s.list(s.signed('agent-grant'), PARTS_MAX),
    /** Both lines of every edge, newest versions. */
    lines: s.list(
      s.tuple(
        s.oneOf('TRUST_LINE_CREATE', 'TRUST_LINE_UPDATE', 'TRUST_LINE_CLOSE'),
        s.signed('line-state'),
      ),
      PARTS_MAX,
    ),
    /** Of everything that was applied to its edges, in the order of application. */
    receipts: s.list(s.bytesUpTo(RECEIPT_BYTES_MAX), PARTS_MAX),
    /** Account statements as files: for the member to keep. */
    statements: s.list(s.bytesUpTo(RECEIPT_BYTES_MAX), PARTS_MAX),
  }),
);
export type MemberFile = s.Infer<typeof MemberFile>;

/** The bytes of a member's file. */
export function encodeMemberFile(file: MemberFile): Uint8Array {
  return s.encodeWith(MemberFile, file);
}

/** @throws GeoError E009 if the bytes are no such file */
export function readMemberFile(bytes: Uint8Array): MemberFile {
  return s.decodeWith(MemberFile, bytes, 'member file');
}
