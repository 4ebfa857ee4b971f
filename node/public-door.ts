/** The public API, as the configuration wants it: its certificate, its proxies, its bounds. */
import type { Server } from 'node:https';
import type { NodeConfig } from '../config/node.ts';
import type { AddonSource } from './api/addon-door.ts';
import { CertificateWatch, readCertificate } from './api/certificate.ts';
import { type Api, type MetricsSource, startApi } from './api/server.ts';
import type { Clock, Log } from './ports.ts';
import type { LiveSource, NodeService, Reception } from './service/contract.ts';

interface Behind {
  readonly service: NodeService;
  readonly reception: Reception;
  readonly live: LiveSource;
  readonly addons?: AddonSource;
  readonly metrics?: MetricsSource;
  readonly version: string;
  readonly clock: Clock;
  readonly log: Log;
}

export interface PublicDoor {
  readonly url: string;
  /** Looks at the certificate files now. */
  reload(): Promise<void>;
  stop(): Promise<void>;
}

/** @throws GeoError E009 `bad_certificate`, and as {@link startApi} */
export async function openPublicDoor(
  config: NodeConfig['public'],
  behind: Behind,
): Promise<PublicDoor> {
  const { host, port, origins, proxies, connections } = config;
  const { addons, metrics } = behind;
  const { service, reception, live, version, clock, log } = behind;
  const { certificate_file: certificate, key_file: key } = config;
  const files = certificate === null || key === null ? undefined : { certificate, key };
  const used = files && (await readCertificate(files));
  const api: Api = await startApi({
    service,
    reception,
    live,
    version,
    log,
    host,
    port,
    origins,
    proxies,
    connections,
    ...(config.addons && addons !== undefined ? { addons } : {}),
    ...(config.metrics && metrics !== undefined ? { metrics } : {}),
    ...(used === undefined ? {} : { certificate: used }),
  });
  log.info({ url: api.url, encrypted: used !== undefined }, 'the public API listens');
  const watch =
    files && used && new CertificateWatch({ files, used, clock, log }, api.server as Server);
  return {
    url: api.url,
    reload: async () => watch?.look(),
    stop: async () => {
      watch?.stop();
      await api.stop();
    },
  };
}
