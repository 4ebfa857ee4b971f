/** Network namespaces: several hosts on one machine, cut off from everything else. */
import { execFileSync, spawnSync } from 'node:child_process';

/** Whether this machine lets a test make them, with addresses, routes and address translation. */
export function canMakeNamespaces(): boolean {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return false;
  const trial = 'ip link add trial type veth && ip address add 10.78.0.1/24 dev trial';
  return spawnSync('unshare', ['--net', 'sh', '-c', trial]).status === 0;
}

/** Whether packets can be translated too, as a home router does it. */
export function canTranslate(): boolean {
  const trial = 'nft add table ip trial';
  return canMakeNamespaces() && spawnSync('unshare', ['--net', 'sh', '-c', trial]).status === 0;
}

/** Runs one of `ip`, `nft` and so on; throws with what it said if it fails. */
export function run(command: string): void {
  const [program = '', ...words] = command.split(' ');
  execFileSync(program, words, { stdio: ['ignore', 'ignore', 'pipe'] });
}
