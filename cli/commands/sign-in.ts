/** Commands about signing in at the public API of a hub, and about who has signed in at this node. */
import type { Session } from '../../node/service/shapes.ts';
import { command, value } from '../command.ts';
import { nameOr } from '../names.ts';
import { type Column, facts, tableOr } from '../page.ts';
import { anyText } from '../read.ts';
import { readSecret, SECRET_FORMS } from '../secrets.ts';
import type { Terminal } from '../terminal.ts';
import { alsoAtUrl } from './at.ts';
import { passphraseOptions } from './identity.ts';

const GROUP = 'Signing in';
const URL_TEXT = 'base URL of the public API of the hub';

export const CA = value(
  '--ca <FILE>',
  'PEM file of a certificate to believe besides those of the system',
  anyText,
);

const PASSWORD = value('--password <SECRET>', `of the account link; ${SECRET_FORMS}`, anyText);

async function readPassword(given: string | undefined, terminal: Terminal): Promise<string> {
  return (await readSecret(given ?? '-', 'Password: ', terminal)).replace(/\r?\n$/, '');
}

const COLUMNS: readonly Column<Session>[] = [
  { title: 'SESSION', cell: ({ session }) => session.slice(0, 12) },
  { title: 'PARTICIPANT', cell: ({ participant }) => nameOr(null, participant) },
  { title: 'CLIENT', cell: ({ label }) => label, flexible: true },
  { title: 'BEGUN', cell: ({ begun }) => begun },
  { title: 'EXPIRES', cell: ({ expires }) => expires },
  { title: '', cell: ({ current }) => (current ? 'this one' : '') },
];

export const signInCommands = [
  command({
    words: 'sign-in',
    group: GROUP,
    summary:
      'Sign in at a hub with the key of this home, to read there and, as an operator, to act',
    details:
      'The tokens are kept in sessions.json of the home (mode 0600) and renewed by themselves; then `geo balance --at URL`, `geo events --at URL --follow` and `geo hub … --at URL` need no passphrase. What changes your own books is signed as before.',
    examples: [
      'geo sign-in https://hub.example:4849 --home ~/maria',
      'geo sign-in https://192.168.1.5:4849 --ca hub.pem --label laptop',
    ],
    arguments: { URL: URL_TEXT },
    options: {
      ca: CA,
      label: value('--label <TEXT>', 'what the list of sessions calls this client', anyText),
      name: value(
        '--name <NAME>',
        'of an account link, instead of the key; asks for password and code',
        anyText,
      ),
      password: PASSWORD,
      code: value('--code <CODE>', 'with --name: the one-time code, or a recovery code', anyText),
      ...passphraseOptions,
    },
    run: async (context, { URL: url }, { ca, label = 'geo', name, password, code, ...secret }) => {
      const { signIn, signInByLink } = await import('../session-door.ts');
      const door = { url, authority: ca };
      const { terminal } = context;
      const kept =
        name === undefined
          ? await signIn(context, { ...door, label, secret })
          : await signInByLink(context, {
              ...door,
              credentials: {
                name,
                password: await readPassword(password, terminal),
                code: code ?? (await terminal.askSecret('Code: ')),
                label,
              },
            });
      const { node, participant, session, access_expires } = kept;
      return {
        json: { url, node, participant, session, access_expires },
        text: (page) =>
          facts(page, [
            ['signed in at', url, 'bold'],
            ['hub', node],
            ['as', participant],
            ['session', session.slice(0, 12)],
          ]),
      };
    },
  }),
  command({
    words: 'link',
    group: GROUP,
    summary: 'Let an e-mail address or phone number with a password sign in at a hub, to read',
    details:
      'Signed with the key of this home; a link that was there before is replaced. Shows once what an app for one-time codes has to know, and recovery codes for when it is lost. Nothing can be paid or changed that way.',
    examples: ['geo link https://hub.example:4849 maria@example.org --home ~/maria'],
    arguments: { URL: URL_TEXT, NAME: 'e-mail address, or phone number with its country' },
    options: { ca: CA, password: PASSWORD, ...passphraseOptions },
    run: async (context, { URL: url, NAME: name }, { ca, password: given, ...secret }) => {
      const { makeLink } = await import('../session-door.ts');
      const password = await readPassword(given, context.terminal);
      const link = await makeLink(context, { url, authority: ca, secret, name, password });
      return {
        json: link,
        text: (page) =>
          facts(page, [
            ['name', link.name, 'bold'],
            ['for the app', link.otpauth],
            ...link.recovery.map((code) => ['recovery code', code] as const),
          ]),
      };
    },
  }),
  command({
    words: 'link end',
    group: GROUP,
    summary: 'Let nobody sign in at a hub for this home but its key',
    examples: ['geo link end https://hub.example:4849 --home ~/maria'],
    arguments: { URL: URL_TEXT },
    options: { ca: CA, ...passphraseOptions },
    run: async (context, { URL: url }, { ca, ...secret }) => {
      const { endLink } = await import('../session-door.ts');
      const ended = await endLink(context, { url, authority: ca, secret });
      return { json: ended, text: () => `Ended at ${url}.` };
    },
  }),
  command({
    words: 'sign-out',
    group: GROUP,
    summary: 'End the session at a hub, and forget its tokens',
    examples: ['geo sign-out https://hub.example:4849 --home ~/maria'],
    arguments: { URL: URL_TEXT },
    run: async ({ home }, { URL: url }) => {
      const { signOut } = await import('../session-door.ts');
      await signOut(home, url);
      return { json: { url, signed_in: false }, text: () => `Signed out at ${url}.` };
    },
  }),
  ...[
    command({
      words: 'sessions',
      group: GROUP,
      summary: 'List who has signed in at this node, or with --at your own sessions at a hub',
      examples: ['geo sessions', 'geo sessions --at https://hub.example:4849 --home ~/maria'],
      run: async ({ client }) => {
        const sessions = await (await client()).sessions();
        return {
          json: sessions,
          text: (page) => tableOr(page, 'Nobody has signed in.', COLUMNS, sessions),
        };
      },
    }),
    command({
      words: 'sessions end',
      group: GROUP,
      summary: 'End a session: none of its tokens is worth anything any more',
      examples: ['geo sessions end 3fa85f6412ab'],
      arguments: { SESSION: 'the beginning of its name, at least 8 digits' },
      run: async ({ client }, { SESSION }) => {
        const ended = await (await client()).endSession(SESSION);
        return {
          json: ended,
          text: () => `Ended; ${ended.label || 'the client'} has to sign in again.`,
        };
      },
    }),
  ].map(alsoAtUrl),
];
