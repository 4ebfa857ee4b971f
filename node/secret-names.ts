/** Which names say that they hold something that neither a log nor a person who reads one may see. */

/** Lower case, without separators. */
const SECRET_NAMES = new Set([
  'authorization',
  'encryptedseed',
  'mnemonic',
  'note',
  'passphrase',
  'password',
  'presharedkey',
  'privatekey',
  'recoverywords',
  'secret',
  'secretkey',
  'seed',
  'token',
  'words',
]);

/** @param name of a field or an option, in any spelling */
export function isSecretName(name: string): boolean {
  return SECRET_NAMES.has(name.toLowerCase().replaceAll(/[^a-z]/g, ''));
}
