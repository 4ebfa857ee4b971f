/** The certificate of the public API: read from files, checked before it is used, read again when they change. */
import { readFile } from 'node:fs/promises';
import type { Server } from 'node:https';
import { createSecureContext } from 'node:tls';
import { GeoError } from '../../protocol/errors.ts';
import type { Clock, Log } from '../ports.ts';

/** Between two looks at the files, ms. */
const LOOK_MS = 60_000;

export interface CertificateFiles {
  readonly certificate: string;
  readonly key: string;
}

/** In PEM. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

/** @throws GeoError E009 `bad_certificate`, for people */
export async function readCertificate(files: CertificateFiles): Promise<Certificate> {
  try {
    const [cert, key] = await Promise.all([
      readFile(files.certificate, 'utf8'),
      readFile(files.key, 'utf8'),
    ]);
    createSecureContext({ cert, key });
    return { cert, key };
  } catch (cause) {
    throw new GeoError(
      'E009',
      `The certificate ${files.certificate} and the key ${files.key} cannot be used (${(cause as Error).message}). Give a chain in PEM and the key that it was made for, readable by the user of the node.`,
      { fault: 'bad_certificate', file: files.certificate },
      { cause },
    );
  }
}

/** Gives a server the certificate that the files hold now. What is no certificate is reported, and the old one stays. */
export class CertificateWatch {
  readonly #files: CertificateFiles;
  readonly #server: Server;
  readonly #clock: Clock;
  readonly #log: Log;
  #used: Certificate;
  #cancel: () => void = () => undefined;

  constructor(
    {
      files,
      used,
      clock,
      log,
    }: { files: CertificateFiles; used: Certificate; clock: Clock; log: Log },
    server: Server,
  ) {
    this.#files = files;
    this.#used = used;
    this.#clock = clock;
    this.#log = log;
    this.#server = server;
    this.#wait();
  }

  /** Connections that are open keep the certificate that they have. */
  async look(): Promise<void> {
    try {
      const found = await readCertificate(this.#files);
      if (found.cert === this.#used.cert && found.key === this.#used.key) return;
      this.#server.setSecureContext(found);
      this.#used = found;
      this.#log.info({ file: this.#files.certificate }, 'a new certificate is in use');
    } catch (error) {
      this.#log.error({ err: error }, 'the certificate was left as it is');
    }
  }

  stop(): void {
    this.#cancel();
  }

  #wait(): void {
    this.#cancel = this.#clock.after(LOOK_MS, () => {
      void this.look().finally(() => this.#wait());
    });
  }
}
