/** Commands that can also be asked of a hub where this home has signed in (`--at URL`). */
import { type Command, type Context, value } from '../command.ts';
import { anyText } from '../read.ts';

export const AT_URL = value(
  '--at <URL>',
  'ask the public API of a hub where this home has signed in (geo sign-in)',
  anyText,
);

export function isUrl(text: string): boolean {
  return /^https?:\/\//.test(text);
}

/** The same context, whose client is that of the hub. */
export function contextAtUrl(context: Context, url: string): Context {
  return {
    ...context,
    client: async () => {
      const { sessionClient } = await import('../session-door.ts');
      return sessionClient(context.home, url);
    },
  };
}

/** The row with `--at`, by which it reads at a hub what the hub has of this participant. */
export function alsoAtUrl(row: Command): Command {
  return {
    ...row,
    options: { ...row.options, at: AT_URL },
    run: (context, given, { at, ...options }) =>
      row.run(at === undefined ? context : contextAtUrl(context, String(at)), given, options),
  };
}
