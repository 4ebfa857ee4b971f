/**
 * `protocol/geo.cddl`: every message of the wire in CDDL (RFC 8610), made from the schemas that read
 * and write them, so that it cannot drift from the code. `test/vectors/write-cddl.ts` writes the file.
 */

import { MemberFile } from './member-file.ts';
import { PRESENCE_SIGNED_AS, PresenceBody } from './presence.ts';
import { Receipt } from './receipt.ts';
import { ReportPairFile } from './report-pair.ts';
import { StatementFile } from './statement.ts';
import { MESSAGES, type MessageName } from './wire/message-types.ts';
import { GrantScope } from './wire/messages/agent.ts';
import { Proposal } from './wire/messages/clearing.ts';
import { Applied, EvidenceBundle, Vote, Withdrawal } from './wire/messages/evidence.ts';
import { EquivalentDefinition, InvitationUse, Profile } from './wire/messages/membership.ts';
import { Manifest, ManifestRoute, Order } from './wire/messages/payment.ts';
import { ReportedEdge } from './wire/messages/report.ts';
import { Contact, FoundRoute, RouteHop, RouteRefusal } from './wire/messages/route.ts';
import { LinePolicy } from './wire/messages/trust-line.ts';

interface Rule {
  readonly rule: string;
}

const HEADER = `\
; Messages of the GEO peer protocol 0.1, in CDDL (RFC 8610). What they mean, who sends them when and
; what the receiver checks is said in docs/PROTOCOL.md. Made from the schemas under protocol/ by
; \`node test/vectors/write-cddl.ts\`; a test keeps it current. Do not edit.
;
; All CBOR is deterministic (RFC 8949 section 4.2.1). There is no null: what is absent has no key.
; Keys that are not listed are refused.
`;

const BASE = `\
; --- Base types ------------------------------------------------------------------------------------

; SHA-256 of a participant's public key; written as base58btc for people.
pid = bstr .size 32
; SHA-256.
hash = bstr .size 32
; Ed25519, RFC 8032.
public-key = bstr .size 32
; Whole numbers of the smallest unit of an equivalent.
amount = 1..9223372036854775807
limit = 0..9223372036854775807
signed-amount = -9223372036854775807..9223372036854775807
; Milliseconds since 1970-01-01 UTC.
time-ms = 0..9007199254740991
equivalent-code = tstr .regexp "[A-Z0-9_]{1,16}"
`;

const COSE = `\
; --- Signed things ---------------------------------------------------------------------------------

; {1: -8, 4: kid}: alg is EdDSA, kid the SHA-256 of the signer's public key. Always these 38 bytes:
; h'A20127045820' and the kid.
cose-protected = bstr .size 38
cose-unprotected = {}
; Over the Sig_structure of RFC 9052 section 4.4, its external_aad being "geo/0.1/" and the message type.
cose-signature = bstr .size 64
`;

/** Parts that messages are made of, each with what it is. */
const PARTS: readonly (readonly [comment: string, rule: Rule])[] = [
  ['What the owner of a trust line allows on it.', LinePolicy],
  ['On what an agent may say YES for a member.', GrantScope],
  ["What the payer signs; tx is the SHA-256 of this map's bytes.", Order],
  ["What a clearing's coordinator signs; tx is the SHA-256 of this map's bytes.", Proposal],
  [
    "Indices into the manifest's participants, payer first, payee last; a cycle ends where it begins.",
    ManifestRoute,
  ],
  ['What is voted on, by the SHA-256 of its bytes. Not signed itself.', Manifest],
  ['YES or NO over one manifest; code, fault, text, hop and available say why it is NO.', Vote],
  ['"I shall not apply this attempt on the certificate alone."', Withdrawal],
  ['"I have applied this attempt"; rests_on is there exactly if first_hand is false.', Applied],
  ['Signed statements about one attempt, as their signers made them.', EvidenceBundle],
  ['The key of a participant, and multiaddrs by which its agent may be reached.', Contact],
  ['Who a member of a community is, in its own words.', Profile],
  ['Signed with the key of an invitation code.', InvitationUse],
  ['What debts are counted in.', EquivalentDefinition],
  ["[debtor, creditor, capacity]; the first two are indices into the reply's nodes.", RouteHop],
  ["A whole route: indices into the reply's nodes, payer first, payee last.", FoundRoute],
  ["Why a hub's routes do not carry the whole amount.", RouteRefusal],
  ['An edge as one of its agents has it, as far as routes need it.', ReportedEdge],
];

/** Things that are signed, and their message type in the signature's external data. */
const SIGNED_IN = (Object.keys(MESSAGES) as MessageName[]).filter((name) => MESSAGES[name].signed);

/** The whole file, with a line feed at its end. */
export function cddlOfProtocol(): string {
  const bodies = new Map<string, readonly MessageName[]>();
  for (const name of Object.keys(MESSAGES) as MessageName[]) {
    const { rule } = MESSAGES[name].schema;
    bodies.set(rule, [...(bodies.get(rule) ?? []), name]);
  }
  const parts = new Set(PARTS.map(([, { rule }]) => rule));
  const own = [...bodies].filter(([rule]) => !parts.has(rule));
  return [
    HEADER,
    BASE,
    COSE,
    ...signedRules(),
    signedRule(InvitationUse.cddl, ['INVITATION']),
    section('Parts of messages'),
    ...PARTS.map(([comment, { rule }]) => `; ${comment}\n${rule}\n`),
    section('Bodies of messages'),
    ...own.map(([rule, names]) => `; ${names.join(', ')}\n${rule}\n`),
    section('Frames: what is sent, after four bytes of length, big-endian'),
    ...(Object.keys(MESSAGES) as MessageName[]).map(frameRule),
    `\nframe = ${Object.keys(MESSAGES).join('\n  / ')}\n`,
    section('Records in the DHT, under "/geo/pid/" and the PID in base58btc'),
    `; Where a participant is, in its own words.\n${PresenceBody.rule}\n`,
    signedRule(PresenceBody.cddl, [PRESENCE_SIGNED_AS]),
    section('Files'),
    `; A certificate as a file: proof of every debt that the payment made.\n${Receipt.rule}\n`,
    `; An account statement as a file, with the keys that check it.\n${StatementFile.rule}\n`,
    `; What both ends of an edge have reported to a hub, as a file.\n${ReportPairFile.rule}\n`,
    `; The books of a participant as a file, for another agent.\n${MemberFile.rule}\n`,
  ].join('\n');
}

function signedRules(): string[] {
  const typesOf = new Map<string, string[]>();
  for (const name of SIGNED_IN) {
    const body = MESSAGES[name].schema.cddl;
    typesOf.set(body, [...(typesOf.get(body) ?? []), name]);
  }
  return [...typesOf].map(([body, types]) => signedRule(body, types));
}

function signedRule(body: string, types: readonly string[]): string {
  return `\
; Signed as ${types.join(' or ')}.
signed-${body} = bstr .cbor cose-${body}
cose-${body} = #6.18(sign1-${body})
sign1-${body} = [
  protected: cose-protected,
  unprotected: cose-unprotected,
  payload: bstr .cbor ${body},
  signature: cose-signature,
]
`;
}

function frameRule(name: MessageName): string {
  const { number, signed, schema } = MESSAGES[name];
  const body = signed ? `signed-${schema.cddl}` : `bstr .cbor ${schema.cddl}`;
  return `${name} = [number: ${number}, body: ${body}]`;
}

function section(title: string): string {
  return `; --- ${title} ${'-'.repeat(Math.max(3, 94 - title.length))}\n`;
}
