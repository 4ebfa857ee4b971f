/** Bundles of signed statements about one attempt, and what a receiver may believe of them. */
import { bytesToHex } from '@noble/hashes/utils.js';
import { signWithSeed } from '../../protocol/identity/keys.ts';
import { encodeManifest } from '../../protocol/machines/manifest.ts';
import { sealSign1 } from '../../protocol/wire/cose.ts';
import { encodeBody } from '../../protocol/wire/envelope.ts';
import * as w from './messages-world.ts';

/** Voters by their place in the manifest, ascending. */
export interface Sets {
  readonly yes: readonly number[];
  readonly no: readonly number[];
  readonly withdrawn: readonly number[];
  readonly applied: readonly number[];
  readonly first_hand: readonly number[];
}

export interface EvidenceCase {
  readonly name: string;
  readonly manifest: string;
  readonly votes: readonly string[];
  readonly withdrawals: readonly string[];
  readonly applied: readonly string[];
  /** Everything in the bundle counts. */
  readonly valid: boolean;
  /** Empty if valid. */
  readonly reason: '' | 'dropped';
  readonly proves: Sets;
}

interface Bundle {
  readonly votes?: readonly Uint8Array[];
  readonly withdrawals?: readonly Uint8Array[];
  readonly applied?: readonly Uint8Array[];
}

const MANIFEST = bytesToHex(encodeManifest(w.MANIFEST));
const NOTHING: Sets = { yes: [], no: [], withdrawn: [], applied: [], first_hand: [] };
// Places in the manifest's voters.
const BOB = 0;
const CAROL = 1;
const DAVE = 2;
const ANNA = 3;

function row(name: string, bundle: Bundle, valid: boolean, proves: Partial<Sets>): EvidenceCase {
  const hex = (list: readonly Uint8Array[] = []) => list.map((bytes) => bytesToHex(bytes));
  return {
    name,
    manifest: MANIFEST,
    votes: hex(bundle.votes),
    withdrawals: hex(bundle.withdrawals),
    applied: hex(bundle.applied),
    valid,
    reason: valid ? '' : 'dropped',
    proves: { ...NOTHING, ...proves },
  };
}

const believed = (name: string, bundle: Bundle, proves: Partial<Sets>) =>
  row(name, bundle, true, proves);
const dropped = (name: string, bundle: Bundle, proves: Partial<Sets> = {}) =>
  row(name, bundle, false, proves);

/** A statement with contents that no honest voter would sign, signed all the same. */
function oddApplied(firstHand: boolean, restsOn?: Uint8Array): Uint8Array {
  return w.sealBy(w.carol, 'PAYMENT_COMMIT_ACK', {
    ...w.ABOUT,
    first_hand: firstHand,
    ...(restsOn === undefined ? {} : { rests_on: restsOn }),
  });
}

export function evidenceCases(): EvidenceCase[] {
  const all = w.VOTERS.map((voter) => w.vote(voter));
  const payload = encodeBody('PAYMENT_PREPARE_ACK', { ...w.ABOUT, yes: true });
  const forged = sealSign1('PAYMENT_PREPARE_ACK', payload, w.bob.key, (bytes) =>
    signWithSeed(w.eve.seed, bytes),
  );
  const altered = w.vote(w.bob).slice();
  altered[altered.length - 1]! ^= 1;
  const resting = w.applied(w.carol, w.applied(w.dave));
  return [
    believed('nothing', {}, {}),
    believed('a certificate', { votes: all }, { yes: [BOB, CAROL, DAVE, ANNA] }),
    believed(
      'a NO among YES votes',
      { votes: [all[1]!, w.refuse(w.bob)] },
      { yes: [CAROL], no: [BOB] },
    ),
    believed(
      'YES and NO of one voter: a contradiction',
      { votes: [all[0]!, w.refuse(w.bob)] },
      { yes: [BOB], no: [BOB] },
    ),
    believed('one vote twice', { votes: [all[0]!, all[0]!] }, { yes: [BOB] }),
    believed(
      'the full set of WITHDRAWs',
      { withdrawals: [w.withdraw(w.bob), w.withdraw(w.carol), w.withdraw(w.dave)] },
      { withdrawn: [BOB, CAROL, DAVE] },
    ),
    believed(
      'a first-hand applied',
      { applied: [w.applied(w.dave)] },
      { applied: [DAVE], first_hand: [DAVE] },
    ),
    believed(
      'an applied that rests on another, which counts too',
      { applied: [resting] },
      { applied: [CAROL, DAVE], first_hand: [DAVE] },
    ),
    dropped(
      'a vote of someone who is no voter',
      { votes: [w.vote(w.eve), all[2]!] },
      { yes: [DAVE] },
    ),
    dropped('a forged vote', { votes: [forged, all[1]!] }, { yes: [CAROL] }),
    dropped('a vote with an altered signature', { votes: [altered] }),
    dropped('a vote for another attempt', { votes: [w.vote(w.bob, w.OTHER_ABOUT)] }),
    dropped('a vote that names another transaction', {
      votes: [w.vote(w.bob, { ...w.ABOUT, tx: w.ABOUT.manifest })],
    }),
    dropped('a WITHDRAW among the votes', { votes: [w.withdraw(w.bob)] }),
    dropped('a vote among the WITHDRAWs', { withdrawals: [w.vote(w.bob)] }),
    dropped('bytes that are no envelope', { votes: [new Uint8Array(3)] }),
    dropped('an applied first-hand that rests on another', {
      applied: [oddApplied(true, w.applied(w.dave))],
    }),
    dropped('an applied at second hand that rests on nothing', { applied: [oddApplied(false)] }),
    dropped('an applied that rests on one that rests itself', {
      applied: [w.applied(w.bob, resting)],
    }),
    dropped('an applied that rests on one for another attempt', {
      applied: [w.applied(w.carol, w.applied(w.dave, undefined, w.OTHER_ABOUT))],
    }),
    dropped('an applied that rests on a stranger’s', {
      applied: [w.applied(w.carol, w.applied(w.eve))],
    }),
  ];
}
