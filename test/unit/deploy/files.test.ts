/** The files of `deploy/` name commands, options, metrics and paths that exist. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { COMMANDS } from '../../../cli/commands/index.ts';
import { readCommandLine } from '../../../cli/program.ts';
import { loadConfig } from '../../../config/load.ts';
import { READINESS_PATH } from '../../../node/api/routes.ts';

const read = (name: string) => readFileSync(`deploy/${name}`, 'utf8');

/** The configuration that a command line of `geo start` asks for. */
function started(argv: readonly string[]) {
  const request = readCommandLine(argv, COMMANDS, { width: 80, colours: false }, '0.1.0');
  if (request.kind !== 'run') throw new Error(`${argv.join(' ')} runs nothing`);
  expect(request.invocation.command.words).toBe('start');
  return loadConfig({ env: {}, flags: request.invocation.options.set as string[] });
}

describe('geo.service', () => {
  it('starts a node with options that exist', () => {
    const [, program, line] = /^ExecStart=\/opt\/geo\/(\S+) (.*)$/m.exec(read('geo.service'))!;
    expect(existsSync(program!)).toBe(true);
    expect(started(line!.split(' ')).log.level).toBe('warn');
  });

  const found = spawnSync('systemd-analyze', ['--version']).status === 0;
  it.skipIf(!found)('is a unit that systemd takes', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'geo-unit-'));
    try {
      const file = join(directory, 'geo.service');
      // The program is not installed here.
      await writeFile(file, read('geo.service').replace(/^ExecStart=\S+/m, 'ExecStart=/bin/true'));
      // Unknown options are told of and pass, so it has to be silent too.
      const { status, stderr } = spawnSync('systemd-analyze', ['verify', file], {
        encoding: 'utf8',
      });
      expect(stderr.split('\n').filter((line) => line.includes('geo.service'))).toEqual([]);
      expect(status).toBe(0);
    } finally {
      await rm(directory, { recursive: true });
    }
  });
});

interface Service {
  readonly command: string[];
  readonly build: { readonly context: string; readonly dockerfile: string };
  readonly ports?: string[];
  readonly depends_on?: string[];
  readonly volumes: string[];
  readonly read_only: boolean;
}

describe('compose.yaml', () => {
  const { services, volumes } = parse(read('compose.yaml'), { merge: true }) as {
    services: Record<string, Service>;
    volumes: Record<string, unknown>;
  };

  it('builds from files that are there, and opens the port that the image names', () => {
    const image = read('Dockerfile');
    for (const { build, ports = [], volumes: mounted, depends_on = [] } of Object.values(
      services,
    )) {
      expect(existsSync(join('deploy', build.context, build.dockerfile))).toBe(true);
      for (const port of ports) expect(image).toContain(`\nEXPOSE ${port.split(':').at(-1)}\n`);
      for (const mount of mounted) expect(image).toContain(`\nVOLUME ${mount.split(':').at(-1)}\n`);
      for (const name of depends_on) expect(services).toHaveProperty(name);
    }
  });

  it.each(['hub', 'anna', 'bob'])(
    'starts %s with options that exist, on a volume of its own',
    (name) => {
      const service = services[name]!;
      // As compose fills them in when nothing is set.
      const argv = service.command.map((word) => word.replaceAll(/\$\{\w+:-([^}]*)\}/g, '$1'));
      const config = started(argv);
      expect(config.listen).toEqual(['/ip4/0.0.0.0/tcp/4848']);
      expect(config.hub.enabled).toBe(name === 'hub');
      expect(service).toMatchObject({ read_only: true, volumes: [`${name}:/var/lib/geo`] });
      expect(volumes).toHaveProperty(name);
    },
  );
});

describe('Dockerfile', () => {
  it('asks for readiness where the API listens, and is not root', () => {
    const text = read('Dockerfile');
    const port = /GEO_API_PORT=(\d+)/.exec(text)![1]!;
    expect(loadConfig({ env: { GEO_API_PORT: port } }).api.port).toBe(Number(port));
    expect(text).toContain(`http://127.0.0.1:${port}${READINESS_PATH}`);
    expect(text.indexOf('USER node')).toBeGreaterThan(text.lastIndexOf('\nRUN '));
  });
});

describe('what the Dockerfile copies and runs', () => {
  const [build, run] = read('Dockerfile')
    .split(/^FROM .*$/m)
    .slice(1) as [string, string];
  const left = read('Dockerfile.dockerignore').split('\n').filter(Boolean);
  const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as {
    scripts: Record<string, string>;
  };
  const kept = (path: string) => existsSync(path) && !left.includes(path.split('/')[0]!);

  it('is in the checkout, and not left out of the context', () => {
    const sources = [...build.matchAll(/^COPY (.+) \S+$/gm)].flatMap(([, from]) =>
      from!.split(' '),
    );
    expect(sources).toContain('package.json');
    expect(sources.filter((path) => !kept(path))).toEqual([]);
  });

  it('is there when it is run: scripts, and all that the build reads', () => {
    const named = [...build.matchAll(/npm run (\S+)/g)].map(([, name]) => name!);
    expect(named).toEqual(['build']);
    const [, project] = /tsc -p (\S+)/.exec(scripts.build!)!;
    const [, program] = /&& node (\S+)/.exec(scripts.build!)!;
    const { include } = JSON.parse(readFileSync(project!, 'utf8')) as { include: string[] };
    expect([project!, program!, ...include].filter((path) => !kept(path))).toEqual([]);
  });

  it('leaves in the image what the build has made', () => {
    const made = [...run.matchAll(/^COPY --from=build \/opt\/geo\/(\S+) /gm)].map(([, at]) => at);
    expect(made).toEqual(['node_modules', 'dist']);
    const [, linked] = /ln -s \/opt\/geo\/dist\/(\S+) /.exec(run)!;
    expect(existsSync(linked!)).toBe(true);
  });
});

/** Names of the metrics that a node has. */
function knownMetrics(): Set<string> {
  const source = readFileSync('node/telemetry/metrics.ts', 'utf8');
  return new Set([...source.matchAll(/'(geo_[a-z_]+)'/g)].map(([, name]) => name!));
}

describe('alerts.yaml', () => {
  const { groups } = parse(read('alerts.yaml')) as {
    groups: { rules: { alert: string; expr: string; annotations: { runbook: string } }[] }[];
  };
  const rules = groups.flatMap((group) => group.rules);
  const guide = readFileSync('docs/OPERATOR.md', 'utf8');

  it('has rules', () => {
    expect(rules.length).toBeGreaterThan(5);
  });

  it.each(rules.map((rule) => [rule.alert, rule] as const))(
    '%s asks for metrics that exist, and has a section of the runbook',
    (alert, { expr, annotations }) => {
      const known = knownMetrics();
      const asked = [...expr.matchAll(/\bgeo_[a-z_]+/g)].map(([name]) => name);
      expect(asked.filter((name) => !known.has(name))).toEqual([]);
      expect(asked).not.toEqual([]);
      expect(annotations.runbook).toBe(`docs/OPERATOR.md#${alert.toLowerCase()}`);
      const [, section = ''] = guide.split(`\n### ${alert}\n`);
      expect(section.split('\n#')[0]!.trim().length).toBeGreaterThan(100);
    },
  );

  it('the runbook has no section for an alert that is gone', () => {
    const sections = [...guide.matchAll(/^### (Geo\w+)$/gm)].map(([, name]) => name);
    expect(sections).toEqual(rules.map(({ alert }) => alert));
  });
});

describe('grafana.json', () => {
  it('shows every metric of a node, and no other', () => {
    const known = knownMetrics();
    expect(known.size).toBeGreaterThan(20);
    const shown = [...read('grafana.json').matchAll(/\bgeo_[a-z_]+/g)].map(([name]) =>
      known.has(name) ? name : name.replace(/_(bucket|sum|count)$/, ''),
    );
    expect(shown.filter((name) => !known.has(name))).toEqual([]);
    expect([...known].filter((name) => !shown.includes(name))).toEqual([]);
  });
});
