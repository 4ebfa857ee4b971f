/** Files that a person names on the command line. */
import { readFile, writeFile } from 'node:fs/promises';
import { GeoError } from '../protocol/errors.ts';

function fileError(cause: unknown, path: string, doing: 'read' | 'written'): GeoError {
  const code = (cause as NodeJS.ErrnoException).code ?? 'unknown';
  const advice =
    code === 'EEXIST'
      ? 'It is there already and stays as it is. Choose another name.'
      : code === 'ENOENT'
        ? 'There is no such file or directory. Check the name.'
        : `The system says ${code}.`;
  return new GeoError(
    'E009',
    `${path} cannot be ${doing}. ${advice}`,
    { fault: doing === 'read' ? 'file_unreadable' : 'file_unwritable', path, reason: code },
    { cause },
  );
}

/** @throws GeoError E009 `file_unreadable` */
export async function readNamedFile(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (cause) {
    throw fileError(cause, path, 'read');
  }
}

/** Never replaces a file. @throws GeoError E009 `file_unwritable` */
export async function writeNewFile(path: string, bytes: Uint8Array): Promise<void> {
  try {
    await writeFile(path, bytes, { flag: 'wx' });
  } catch (cause) {
    throw fileError(cause, path, 'written');
  }
}
