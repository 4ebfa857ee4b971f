/**
 * The community file: who there is, who trusts whom how far, and payments to try.
 *
 *     { name, equivalents: [{ code, precision, metadata }],
 *       participants: [{ id, name, type, status?, group?, when_asked? }],
 *       hub?: { id, name?, own_nodes? },
 *       trust_lines: [{ from, to, equivalent, limit, policy? }],
 *       payments?: [{ from, to, equivalent, amount, expect? }] }
 *
 * JSON or YAML. Strict in what decides something, and all faults are reported at once, each with its
 * place; keys that this program does not know are left alone and listed in `ignored`.
 *
 * With a `hub`, a node beside the participants votes for all of them but those in `own_nodes`. Without
 * one everyone has a node.
 *
 * `status` is `active` (default), `frozen` or `suspended` (the node runs, starts and carries nothing
 * new, its debts can be repaid), `left` or `deleted` (no node, its lines are left out, a payment
 * from or to it is a fault).
 *
 * `when_asked` is `agrees` (default) or `refuses`: what the participant says to a clearing of a debt that
 * one of its lines with `auto_clearing: false` carries.
 */
import { GeoError } from '../../protocol/errors.ts';
import { BLOCKED_MAX, PRECISION_MAX } from '../../protocol/limits.ts';
import { parseAmount, parseLimit } from '../../protocol/money/amount.ts';
import {
  checkPrecision,
  type Equivalent,
  parseEquivalentCode,
} from '../../protocol/money/equivalent.ts';
import {
  type Community,
  type CommunityHub,
  type CommunityLine,
  type CommunityParticipant,
  type CommunityPayment,
  type CommunityPolicy,
  EXPECTATIONS,
} from './community.ts';
import { FieldReader } from './fields.ts';
import { readPlain, toJsonText } from './text.ts';

const WORDS = ['agrees', 'refuses'] as const;
const STATUSES = ['active', 'frozen', 'suspended', 'left', 'deleted'] as const;
/** As many as a daemon accepts; longer metadata is left out, since nothing is decided by it. */
const METADATA_TEXT_MAX = 400;
const METADATA_KEY_MAX = 40;
/** Faults written out in the sentence; `details.faults` has them all. */
const FAULTS_SHOWN = 25;

/**
 * @param nameHint name of the community if the file gives none, for example the file's own
 * @throws GeoError E009 `bad_community_file` with every fault in `details.faults`
 */
export function parseCommunity(text: string, nameHint: string): Community {
  let plain: unknown;
  try {
    plain = readPlain(text);
  } catch (error) {
    const reason = error instanceof Error ? error.message.split('\n')[0] : String(error);
    throw refused([`the file is neither JSON nor YAML: ${reason}`]);
  }
  const root = new FieldReader(plain, '', { faults: [], ignored: new Set() });
  if (!root.isMap) throw refused(['the file must be a map with equivalents, participants …']);
  const community = readCommunity(root, nameHint);
  if (root.sheet.faults.length > 0) throw refused(root.sheet.faults);
  return community;
}

function refused(faults: readonly string[]): GeoError {
  const shown = faults.slice(0, FAULTS_SHOWN);
  if (faults.length > shown.length) shown.push(`… and ${faults.length - shown.length} more`);
  return new GeoError(
    'E009',
    `The community file cannot be used. Correct this and try again:\n  ${shown.join('\n  ')}`,
    { fault: 'bad_community_file', faults },
  );
}

function readCommunity(root: FieldReader, nameHint: string): Community {
  root.know('name', 'equivalents', 'participants', 'hub', 'trust_lines', 'payments');
  const equivalents = readEquivalents(root);
  const { participants, absent } = readParticipants(root);
  const names: Names = {
    equivalents: new Map(equivalents.map((equivalent) => [equivalent.code, equivalent])),
    participants: new Set(participants.map((participant) => participant.id)),
    absent: new Set(absent),
  };
  return {
    name: root.optionalText('name') ?? nameHint,
    equivalents,
    hub: readHub(root, names),
    participants,
    trustLines: readLines(root, names),
    payments: root.rows('payments').flatMap((row) => readPayment(row, names)),
    absent,
    ignored: [...root.sheet.ignored],
  };
}

/** What lines and payments may refer to. */
interface Names {
  readonly equivalents: ReadonlyMap<string, Equivalent>;
  readonly participants: ReadonlySet<string>;
  readonly absent: ReadonlySet<string>;
}

function readEquivalents(root: FieldReader): Equivalent[] {
  const seen = new Set<string>();
  return root.requiredRows('equivalents').flatMap((row) => {
    row.know('code', 'precision', 'metadata');
    const code = row.parsed('code', parseEquivalentCode);
    const precision = row.parsed('precision', (text) =>
      checkPrecision(/^\d{1,3}$/.test(text) ? Number(text) : Number.NaN),
    );
    if (code === undefined) return [];
    if (seen.has(code)) row.fault('code', `"${code}" is defined twice`);
    seen.add(code);
    // A missing precision is one fault, not one more for each line in this equivalent.
    return [{ code, precision: precision ?? PRECISION_MAX, metadata: readMetadata(row) }];
  });
}

function readMetadata(row: FieldReader): Record<string, string> {
  const metadata: Record<string, string> = {};
  const map = row.map('metadata');
  for (const [key, value] of Object.entries(map?.record ?? {})) {
    const text = typeof value === 'string' ? value : toJsonText(value);
    if (key.length > METADATA_KEY_MAX || text.length > METADATA_TEXT_MAX) map?.ignore(key);
    else metadata[key] = text;
  }
  return metadata;
}

function readParticipants(root: FieldReader): {
  participants: CommunityParticipant[];
  absent: string[];
} {
  const participants: CommunityParticipant[] = [];
  const absent: string[] = [];
  const seen = new Set<string>();
  for (const row of root.requiredRows('participants')) {
    row.know('id', 'name', 'type', 'status', 'group', 'when_asked');
    const id = row.text('id');
    const status = row.choice('status', STATUSES) ?? 'active';
    const name = row.optionalText('name');
    const type = row.optionalText('type') ?? 'person';
    const group = row.optionalText('group') ?? null;
    const whenAsked = row.choice('when_asked', WORDS) ?? 'agrees';
    if (id === undefined) continue;
    if (seen.has(id)) row.fault('id', `"${id}" is used twice`);
    seen.add(id);
    if (status === 'left' || status === 'deleted') absent.push(id);
    else {
      const participation = status === 'active' ? 'active' : 'frozen';
      participants.push({ id, name: name ?? id, type, participation, group, whenAsked });
    }
  }
  return { participants, absent };
}

function readHub(root: FieldReader, names: Names): CommunityHub | null {
  const map = root.map('hub');
  if (map === undefined) return null;
  map.know('id', 'name', 'own_nodes');
  const id = map.text('id');
  if (id !== undefined && (names.participants.has(id) || names.absent.has(id))) {
    map.fault('id', `"${id}" is a participant; the hub stands beside them`);
  }
  const ownNodes = map.texts('own_nodes');
  for (const [index, each] of ownNodes.entries()) {
    if (names.participants.has(each)) continue;
    map.fault(`own_nodes[${index}]`, `there is no participant "${each}" in this file`);
  }
  if (id === undefined) return null;
  return { id, name: map.optionalText('name') ?? id, ownNodes: [...new Set(ownNodes)] };
}

interface Ends {
  readonly from: string;
  readonly to: string;
  readonly equivalent: Equivalent;
}

/** What a line and a payment have in common; faults are noted, and then there is no value. */
function readEnds(row: FieldReader, names: Names): Ends | undefined {
  const person = (key: string): string | undefined => {
    const id = row.text(key);
    if (id === undefined || names.participants.has(id) || names.absent.has(id)) return id;
    row.fault(key, `there is no participant "${id}" in this file`);
    return undefined;
  };
  const from = person('from');
  const to = person('to');
  const code = row.text('equivalent');
  const equivalent = code === undefined ? undefined : names.equivalents.get(code);
  if (code !== undefined && equivalent === undefined) {
    row.fault('equivalent', `"${code}" is not among the equivalents of this file`);
  }
  if (from !== undefined && from === to) {
    row.fault('to', `"${to}" is also its own counterpart; two different participants are needed`);
    return undefined;
  }
  if (from === undefined || to === undefined || equivalent === undefined) return undefined;
  return { from, to, equivalent };
}

function readLines(root: FieldReader, names: Names): CommunityLine[] {
  const placeByLine = new Map<string, string>();
  return root.requiredRows('trust_lines', 0).flatMap((row) => {
    row.know('from', 'to', 'equivalent', 'limit', 'policy');
    const ends = readEnds(row, names);
    // Without its equivalent a limit can still be seen to be no number at all.
    const precision = ends?.equivalent.precision ?? PRECISION_MAX;
    const limit = row.parsed('limit', (text) => parseLimit(text, precision));
    const policy = readPolicy(row, names, precision);
    if (ends === undefined) return [];
    const { from, to } = ends;
    const key = JSON.stringify([from, to, ends.equivalent.code]);
    const earlier = placeByLine.get(key);
    if (earlier !== undefined) row.fault('', `the same line stands at ${earlier}`);
    else placeByLine.set(key, row.place);
    if (limit === undefined || names.absent.has(from) || names.absent.has(to)) return [];
    return [{ from, to, equivalent: ends.equivalent.code, limit, policy }];
  });
}

function readPolicy(row: FieldReader, names: Names, precision: number): CommunityPolicy {
  const map = row.map('policy');
  map?.know('auto_clearing', 'can_be_intermediate', 'daily_limit', 'blocked_participants');
  const blocked = map?.texts('blocked_participants') ?? [];
  for (const [index, id] of blocked.entries()) {
    if (names.participants.has(id) || names.absent.has(id)) continue;
    map?.fault(`blocked_participants[${index}]`, `there is no participant "${id}" in this file`);
  }
  if (blocked.length > BLOCKED_MAX) {
    map?.fault('blocked_participants', `a line may block at most ${BLOCKED_MAX} participants`);
  }
  const daily = map?.has('daily_limit')
    ? map.parsed('daily_limit', (text) => parseLimit(text, precision))
    : undefined;
  return {
    auto_clearing: map?.flag('auto_clearing') ?? true,
    can_be_intermediate: map?.flag('can_be_intermediate') ?? true,
    daily_limit: daily ?? null,
    blocked_participants: [...new Set(blocked)].filter((id) => !names.absent.has(id)),
  };
}

function readPayment(row: FieldReader, names: Names): CommunityPayment[] {
  row.know('from', 'to', 'equivalent', 'amount', 'expect');
  const ends = readEnds(row, names);
  const expect = row.choice('expect', EXPECTATIONS) ?? null;
  const precision = ends?.equivalent.precision ?? PRECISION_MAX;
  const amount = row.parsed('amount', (text) => parseAmount(text, precision));
  if (ends === undefined || amount === undefined) return [];
  for (const key of ['from', 'to'] as const) {
    if (names.absent.has(ends[key])) row.fault(key, `"${ends[key]}" has left the community`);
  }
  return [{ from: ends.from, to: ends.to, equivalent: ends.equivalent.code, amount, expect }];
}
