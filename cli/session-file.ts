/** `sessions.json` in a home: where it has signed in by HTTP, with the tokens. Mode 0600, as the key. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { Home } from '../node/home/home.ts';
import { isErrno, SECRET_FILE_MODE, writeFileAtomically } from '../node/platform/files.ts';
import { GeoError } from '../protocol/errors.ts';

const KeptSession = z.object({
  /** PIDs: of the node that was signed in at, and of this home. */
  node: z.string(),
  participant: z.string(),
  session: z.string(),
  access_token: z.string(),
  access_expires: z.iso.datetime(),
  refresh_token: z.string(),
  /** Secret from which the nonce of each exchange is made. */
  nonce_key: z.string(),
  /** File with the certificates that are believed besides those of the system. */
  authority: z.string().nullable(),
});
const Kept = z.record(z.url(), KeptSession);

export type KeptSession = z.infer<typeof KeptSession>;

/** @throws GeoError E006 `not_signed_in` */
export async function sessionAt(home: Home, url: string): Promise<KeptSession> {
  const known = (await readKept(home))[originOf(url)];
  if (known !== undefined) return known;
  throw new GeoError(
    'E006',
    `${home.directory} has not signed in at ${originOf(url)}. Do it: geo sign-in ${url}.`,
    { fault: 'not_signed_in', url },
  );
}

/** @param session undefined: there is none any more */
export async function keepSession(
  home: Home,
  url: string,
  session: KeptSession | undefined,
): Promise<void> {
  const { [originOf(url)]: _former, ...others } = await readKept(home);
  const kept = session === undefined ? others : { ...others, [originOf(url)]: session };
  const content = `${JSON.stringify(kept, undefined, 2)}\n`;
  await writeFileAtomically(fileIn(home), content, { mode: SECRET_FILE_MODE });
}

/** What is no session file is no reason to stop: whoever signs in again has a new one. */
async function readKept(home: Home): Promise<z.infer<typeof Kept>> {
  try {
    return Kept.safeParse(JSON.parse(await readFile(fileIn(home), 'utf8'))).data ?? {};
  } catch (error) {
    if (error instanceof SyntaxError || isErrno(error, 'ENOENT')) return {};
    throw error;
  }
}

function originOf(url: string): string {
  return new URL(url).origin;
}

function fileIn(home: Home): string {
  return join(home.directory, 'sessions.json');
}
