/**
 * Commands of a member without a node: they sign with the key of the home and hand it in at the hub.
 * What reads keys and files is loaded by the command that needs it.
 */
import { resolve } from 'node:path';
import type { Account, TrustLine } from '../../node/service/shapes.ts';
import { GeoError } from '../../protocol/errors.ts';
import { command, flag, type Result, value } from '../command.ts';
import { writeNewFile } from '../files.ts';
import { type Column, facts, type Page, table, tableOr } from '../page.ts';
import { anyText, wholeNumber } from '../read.ts';
import { readPassphrase } from '../secrets.ts';
import { passphraseOptions } from './identity.ts';
import { CA } from './sign-in.ts';

const GROUP = 'Members without a node';
const PEER = 'PID, or the beginning of one with whom you have a line';
const AMOUNT = 'decimal number, for example 12.50';
const EQ = 'code of the equivalent';
const DAY_MS = 24 * 3_600_000;
const DAYS_MAX = 3_650;
const TIMEOUT_S = 30;
/** HTTP clients give up on an answer after 300 s. */
const TIMEOUT_S_MAX = 280;

const LINE_COLUMNS: readonly Column<TrustLine>[] = [
  { title: 'DIRECTION', cell: (line) => line.direction },
  { title: 'PEER', cell: (line) => line.peer, flexible: true },
  { title: 'LIMIT', cell: (line) => line.limit, right: true },
  { title: 'DEBT', cell: (line) => line.debt, right: true },
  { title: 'EQ', cell: (line) => line.equivalent },
  { title: 'STATUS', cell: (line) => line.status },
  { title: 'STATE', cell: (line) => line.state },
];

function accountText(page: Page, account: Account): string {
  const { agent, balance, clearings, trust_lines: lines } = account;
  return [
    facts(page, [
      ['member', account.member, 'bold'],
      ['agent', agent === null ? 'none' : agent.pid],
      ...(agent?.expires ? ([['until', agent.expires]] as const) : []),
    ]),
    tableOr(
      page,
      'No balances yet.',
      [
        { title: 'EQ', cell: (row) => row.equivalent },
        { title: 'OWED TO ME', cell: (row) => row.owed_to_me, right: true },
        { title: 'I OWE', cell: (row) => row.i_owe, right: true },
        { title: 'NET', cell: (row) => row.net, right: true },
        { title: 'CAN SPEND', cell: (row) => row.can_spend, right: true },
      ],
      balance,
    ),
    ...(lines.length === 0 ? [] : [table(page, LINE_COLUMNS, lines)]),
    ...clearings.map(
      ({ tx_id, amount, equivalent }) =>
        `A clearing of ${amount} ${equivalent} waits for your word: geo member agree ${tx_id.slice(0, 12)}`,
    ),
  ].join('\n\n');
}

function accountResult(account: Account): Result {
  return { json: account, text: (page) => accountText(page, account) };
}

export const memberCommands = [
  command({
    words: 'member create',
    group: GROUP,
    summary: 'Become a member of a hub without a node of your own',
    details:
      'Makes a key in the home unless there is one, asks the hub to join, and grants it to vote for you: it keeps your lines and carries out what you sign. Your key stays here. Repeat it to renew the grant, or when an operator has approved you.',
    examples: [
      'geo member create http://127.0.0.1:4848 --home ~/maria --name Maria',
      'geo member create http://127.0.0.1:4848 --home ~/maria --code 7K3M-QX0P-2VBN-C5TA',
    ],
    arguments: { URL: 'base URL of the hub\u2019s API, as its `geo status` shows it' },
    options: {
      code: value('--code <CODE>', 'invitation code', anyText),
      name: value('--name <TEXT>', 'how the community shall call you', anyText),
      ca: CA,
      days: value('--days <N>', 'until the grant ends; 365 unless said', wholeNumber(1, DAYS_MAX)),
      ...passphraseOptions,
    },
    local: true,
    run: async (context, { URL: url }, { code, name = '', ca, days = 365, ...secret }) => {
      const { home, terminal } = context;
      const door = await import('../member-home.ts');
      const { setUpHome } = await import('../../node/home/setup.ts');
      const { createClient } = await import('../../node/api/client.ts');
      const { grantFrame, joinFrame } = await import('../../protocol/member.ts');
      const { signInvitationUse } = await import('../../protocol/invitation.ts');
      const { readSigned } = await import('../../protocol/wire/envelope.ts');
      const authority = ca === undefined ? null : resolve(ca);
      const { believe } = await import('../authorities.ts');
      await believe(authority);
      const hub = await createClient({ url, token: '' }).agentCard();
      const passphrase = await readPassphrase(secret, terminal, true);
      // With a store, so that a node can be started here when the member wants one.
      await setUpHome(home.directory, passphrase === undefined ? {} : { passphrase }).catch(
        (error: unknown) => {
          if (!(error instanceof GeoError) || error.details.fault !== 'key_exists') throw error;
        },
      );
      await door.chooseHub(home, { url, hub: hub.pid, authority });
      const member = await door.openMember(context, secret);
      const { key, pid } = member;
      const use = code && signInvitationUse(code, { participant: pid, hub: hub.pid as typeof pid });
      const { reply } = await door.submit(
        member,
        joinFrame(key, {
          hub: hub.pid as typeof pid,
          profile: { kind: 'person', name, about: '' },
          nonce: door.freshNonce(),
          now: door.now(),
          ...(use ? { invitation: use } : {}),
        }),
      );
      const { body } = readSigned('JOIN_REPLY', new Uint8Array(Buffer.from(reply ?? '', 'base64')));
      if (body.status !== 'active') {
        return {
          json: { member: pid, hub: hub.pid, status: body.status, reason: body.reason },
          text: () =>
            body.status === 'pending'
              ? 'An operator has to approve you. Then run the same command again.'
              : `The hub says: ${body.status}. ${body.reason}`,
          exit: body.status === 'pending' ? 6 : 1,
        };
      }
      const { agent } = await door.accountOf(member);
      const created = door.now();
      await door.submit(
        member,
        grantFrame(key, {
          agent: hub.public_key as typeof key.publicKey,
          sequence: (agent?.sequence ?? 0) + 1,
          now: created,
          expires: created + days * DAY_MS,
        }),
      );
      return {
        json: { member: pid, hub: hub.pid, status: body.status, reason: body.reason },
        text: (page) =>
          facts(page, [
            ['PID', pid, 'bold'],
            ['hub', hub.pid],
            ['community', hub.community || 'no name'],
            ['votes for you until', new Date(created + days * DAY_MS).toISOString()],
          ]),
      };
    },
  }),
  command({
    words: 'member balance',
    group: GROUP,
    summary: 'Show balances and lines, as the hub has them',
    examples: ['geo member balance --home ~/maria'],
    options: passphraseOptions,
    run: async (context, _given, secret) => {
      const door = await import('../member-home.ts');
      return accountResult(await door.accountOf(await door.openMember(context, secret)));
    },
  }),
  command({
    words: 'member trust',
    group: GROUP,
    summary: 'Let somebody owe you up to a limit: create or change the trust line',
    examples: [
      'geo member trust 8opHzTAnfzRpPEx21XtnrVTX28YQuCpAjcn1PczScKh2 500 UAH --home ~/maria',
      'geo member trust 8opH 0 UAH --close --home ~/maria',
    ],
    arguments: { PEER, LIMIT: 'the most that the peer may owe you', EQ },
    options: {
      freeze: flag('--freeze', 'take no new debt on it'),
      close: flag('--close', 'close it; nothing may be owed on it'),
      ...passphraseOptions,
    },
    run: async (context, given, { freeze, close, ...secret }) => {
      const door = await import('../member-home.ts');
      const { lineFrame } = await import('../../protocol/member.ts');
      const { parseLimit } = await import('../../protocol/money/amount.ts');
      const member = await door.openMember(context, secret);
      const { code, precision } = door.equivalentAt(member, given.EQ);
      const { trust_lines: lines } = await door.accountOf(member);
      const to = door.peerAmong(lines, given.PEER);
      const ofThis = (line: TrustLine) =>
        line.direction === 'given' && line.peer === to && line.equivalent === code;
      const current = lines.find(ofThis);
      await door.submit(
        member,
        lineFrame(member.key, {
          to,
          equivalent: code,
          precision,
          limit: close ? 0n : parseLimit(given.LIMIT, precision),
          status: close ? 'closed' : freeze ? 'frozen' : 'active',
          sequence: (current?.sequence ?? 0) + 1,
          now: door.now(),
        }),
      );
      const line = (await door.accountOf(member)).trust_lines.find(ofThis)!;
      return { json: line, text: (page) => table(page, LINE_COLUMNS, [line]) };
    },
  }),
  command({
    words: 'member pay',
    group: GROUP,
    summary: 'Pay somebody: sign the order, and have the hub carry it out',
    details: 'Exit code 1 if the payment was aborted, 6 if it is not decided yet.',
    examples: [
      'geo member pay 8opH 12.50 UAH --home ~/maria',
      'geo member pay 8opH 12.50 UAH --note "for the honey" --home ~/maria',
    ],
    arguments: { PEER, AMOUNT, EQ },
    options: {
      note: value('--note <TEXT>', 'only the payee can read it; the hub cannot', anyText),
      timeout: value(
        '--timeout <SECONDS>',
        'when the order ends; 30 unless said',
        wholeNumber(1, TIMEOUT_S_MAX),
      ),
      ...passphraseOptions,
    },
    run: async (context, given, { note, timeout = TIMEOUT_S, ...secret }) => {
      const door = await import('../member-home.ts');
      const { orderFrame } = await import('../../protocol/member.ts');
      const { parseAmount } = await import('../../protocol/money/amount.ts');
      const member = await door.openMember(context, secret);
      const { code, precision } = door.equivalentAt(member, given.EQ);
      const { trust_lines: lines } = await door.accountOf(member);
      const created = door.now();
      const payee = door.peerAmong(lines, given.PEER);
      const nonce = door.freshNonce();
      const sealed =
        note === undefined ? undefined : await door.noteFor(member, payee, note, nonce);
      const { frame } = orderFrame(member.key, {
        payee,
        equivalent: code,
        precision,
        amount: parseAmount(given.AMOUNT, precision),
        coordinator: member.hub.pid as typeof member.pid,
        nonce,
        now: created,
        expires: created + timeout * 1000,
        ...(sealed === undefined ? {} : { note: sealed }),
      });
      const payment = (await door.submit(member, frame, sealed)).payment!;
      const { reason } = payment;
      return {
        json: payment,
        text: (page) =>
          facts(page, [
            ['transaction', payment.tx_id],
            ['state', payment.state, payment.state === 'COMMITTED' ? 'green' : 'red'],
            ['to', payment.payee],
            ['amount', `${payment.amount} ${payment.equivalent}`],
            ...(reason === null ? [] : ([['reason', reason.message, 'red']] as const)),
          ]),
        exit: payment.state === 'COMMITTED' ? 0 : payment.state === 'ABORTED' ? 1 : 6,
      };
    },
  }),
  command({
    words: 'member tx',
    group: GROUP,
    summary: 'Show a payment in which you take part, and the note in it',
    examples: ['geo member tx 3fa85f64… --home ~/maria'],
    arguments: { TX_ID: 'identifier of the transaction' },
    options: passphraseOptions,
    run: async (context, { TX_ID }, secret) => {
      const door = await import('../member-home.ts');
      const { openNote } = await import('../../protocol/identity/sealed-note.ts');
      const member = await door.openMember(context, secret);
      const query = door.queryOf(member);
      const tx = await member.client.memberTransaction({ query, tx_id: TX_ID });
      const bytes = (hex: string) => new Uint8Array(Buffer.from(hex, 'hex'));
      const sealed = tx.kind === 'payment' ? tx.sealed_note : undefined;
      const note =
        sealed === undefined
          ? null
          : openNote(bytes(sealed.sealed), member.seed, bytes(sealed.nonce));
      const seen = { ...tx, note };
      return {
        json: seen,
        text: (page) =>
          facts(page, [
            ['transaction', tx.tx_id],
            ['state', tx.state, tx.state === 'COMMITTED' ? 'green' : undefined],
            ...(tx.kind === 'payment'
              ? ([
                  ['from', tx.payer],
                  ['to', tx.payee],
                ] as const)
              : []),
            ['amount', `${tx.amount} ${tx.equivalent}`],
            ['my role', tx.role],
            ['note', note ?? 'none that you can read'],
          ]),
      };
    },
  }),
  command({
    words: 'member agree',
    group: GROUP,
    summary: 'Agree to a clearing that waits for your word, or refuse it',
    details: '`geo member balance --json` lists them under `clearings`.',
    examples: ['geo member agree 3fa85f64 --home ~/maria', 'geo member agree 3fa85f64 --refuse'],
    arguments: { TX_ID: 'identifier of the clearing, or the beginning of it' },
    options: { refuse: flag('--refuse', 'do not have it cleared'), ...passphraseOptions },
    run: async (context, { TX_ID }, { refuse, ...secret }) => {
      const door = await import('../member-home.ts');
      const { consentFrame, objectionFrame } = await import('../../protocol/member.ts');
      const { parseAmount } = await import('../../protocol/money/amount.ts');
      const member = await door.openMember(context, secret);
      const { clearings } = await door.accountOf(member);
      const asked = clearings.filter(({ tx_id }) => tx_id.startsWith(TX_ID));
      const [clearing] = asked;
      if (clearing === undefined || asked.length > 1) {
        throw new GeoError('E008', 'No such clearing waits for your word.', {
          fault: 'not_pending',
        });
      }
      const tx = clearing.tx_id as Parameters<typeof objectionFrame>[1];
      const { precision } = door.equivalentAt(member, clearing.equivalent);
      const consent = {
        tx,
        amount: parseAmount(clearing.amount, precision),
        expires: Date.parse(clearing.expires),
      };
      await door.submit(
        member,
        refuse ? objectionFrame(member.key, tx) : consentFrame(member.key, consent),
      );
      return accountResult(await door.accountOf(member));
    },
  }),
  command({
    words: 'member leave',
    group: GROUP,
    summary: 'Take the vote back from the hub; it keeps the books for you to fetch',
    details:
      'Refused while a payment over one of your lines is under way. Then: `geo member export`, and `geo agent import` at your own node, which has the same key.',
    examples: ['geo member leave --home ~/maria'],
    options: passphraseOptions,
    run: async (context, _given, secret) => {
      const door = await import('../member-home.ts');
      const { revokeFrame } = await import('../../protocol/member.ts');
      const member = await door.openMember(context, secret);
      const { agent } = await door.accountOf(member);
      await door.submit(member, revokeFrame(member.key, (agent?.sequence ?? 0) + 1, door.now()));
      return accountResult(await door.accountOf(member));
    },
  }),
  command({
    words: 'member export',
    group: GROUP,
    summary: 'Fetch all your books from the hub: lines, receipts, statements',
    details: 'Everything in the file proves itself. Keep one: it proves what you are owed.',
    examples: ['geo member export maria.geo --home ~/maria'],
    arguments: { FILE: 'a file that is not there yet' },
    options: passphraseOptions,
    run: async (context, { FILE }, secret) => {
      const door = await import('../member-home.ts');
      const member = await door.openMember(context, secret);
      const { file } = await member.client.memberExport({ query: door.queryOf(member) });
      const bytes = new Uint8Array(Buffer.from(file, 'base64'));
      await writeNewFile(FILE, bytes);
      return {
        json: { file: FILE, bytes: bytes.length },
        text: () => `Saved ${FILE}, ${bytes.length} bytes.`,
      };
    },
  }),
];
