/** Certificates that a person has chosen to believe: of a hub that has made its own. */
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { readNamedFile } from './files.ts';

/**
 * From now on in this process, besides what the system believes.
 * @param file in PEM; null: nothing more
 * @throws GeoError E009 `file_unreadable`
 */
export async function believe(file: string | null): Promise<void> {
  if (file === null) return;
  const pem = new TextDecoder().decode(await readNamedFile(file));
  const known = getCACertificates('default');
  if (!known.includes(pem)) setDefaultCACertificates([...known, pem]);
}
