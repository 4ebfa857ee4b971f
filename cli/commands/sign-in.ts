/** Commands about signing in at the public API of a hub, and about who has signed in at this node. */
import type { Session } from '../../node/service/shapes.ts';
import { command, value } from '../command.ts';
import { nameOr } from '../names.ts';
import { type Column, facts, tableOr } from '../page.ts';
import { anyText } from '../read.ts';
import { alsoAtUrl } from './at.ts';
import { passphraseOptions } from './identity.ts';

const GROUP = 'Signing in';
const URL_TEXT = 'base URL of the public API of the hub';

export const CA = value(
  '--ca <FILE>',
  'PEM file of a certificate to believe besides those of the system',
  anyText,
);

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
      ...passphraseOptions,
    },
    run: async (context, { URL: url }, { ca, label = 'geo', ...secret }) => {
      const { signIn } = await import('../session-door.ts');
      const kept = await signIn(context, { url, authority: ca, label, secret });
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
