/** Options of the public API (see `config/node.ts`). */
import { z } from 'zod';
import { flag, list, optionalText, text, whole } from './option.ts';

/** The daemon may run in another directory than whoever wrote the file. */
const isPath = (path: string) => /^(\/|[A-Za-z]:[\\/])[^\0]*$/.test(path);

function isOrigin(given: string): boolean {
  return URL.canParse(given) && new URL(given).origin === given;
}

function isAddress(given: string): boolean {
  return /^[0-9a-fA-F.:]{2,45}(\/\d{1,3})?$/.test(given);
}

export const publicApi = z.strictObject({
  enabled: flag(
    false,
    'Serve members and operators who sign in by HTTP, from elsewhere too. The token of the home is worth nothing there.',
  ),
  host: text(
    '127.0.0.1',
    (given) => given.length > 0 && given.length <= 255,
    'an address or a name of this machine',
    'Where the public API listens. Other than loopback only with a certificate.',
  ),
  port: whole(
    { default: 4_849, min: 0, max: 65_535 },
    'Port of the public API; 0 takes any free one.',
  ),
  certificate_file: optionalText(
    isPath,
    'an absolute path',
    'Certificate chain in PEM. Read again when it changes, and on SIGHUP. Null: no encryption, for a proxy on this machine that has it.',
  ),
  key_file: optionalText(isPath, 'an absolute path', 'Its private key in PEM.'),
  origins: list(
    [],
    64,
    isOrigin,
    'an origin, for example https://wallet.example',
    'Web pages whose scripts may ask the public API (CORS). Programs that are no web pages need no entry.',
  ),
  proxies: list(
    [],
    16,
    isAddress,
    'an IP address or a network',
    'Proxies whose `X-Forwarded-For` is believed. Without it everyone behind a proxy is one address to the lock-out.',
  ),
  metrics: flag(
    false,
    'Give `/metrics` to operators and auditors who have signed in. Off: on the local API only.',
  ),
  addons: flag(
    false,
    'Serve the routes of add-ons under `/addons`, each to those for whom the add-on has made it. Off: on the local API only.',
  ),
  connections: whole(
    { default: 2_000, min: 1, max: 100_000 },
    'Connections at one time. Further ones are closed at once.',
  ),
});
