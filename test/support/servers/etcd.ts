/** etcd from Debian, told everything by its environment. A member alone, or several that are named to each other. */
import { join } from 'node:path';
import { pathOf } from '../peers.ts';
import { type Environment, groundFor, launch, onFreePorts, type Scope } from './process.ts';

export interface EtcdPorts {
  readonly client: number;
  readonly peer: number;
}

/** What one member is told, by the names of its environment. */
export type EtcdEnvironment = (ports: EtcdPorts) => Promise<Environment>;

export interface Etcd {
  readonly ports: EtcdPorts;
  readonly pid: number;
  readonly log: () => string;
  readonly stop: () => Promise<void>;
}

/** Needs `etcd` and `setpriv`. Serves when it has a leader. */
export async function startEtcd(t: Scope, environment: EtcdEnvironment): Promise<Etcd> {
  const [member] = await startEtcds(t, { alone: environment });
  return member as Etcd;
}

/** One cluster; they are started together, since none serves before there are enough. */
export async function startEtcds(t: Scope, members: Readonly<Record<string, EtcdEnvironment>>): Promise<Etcd[]> {
  const { folder, closing } = groundFor(t);
  const names = Object.keys(members);
  const servers = await onFreePorts(2 * names.length, async (free) => {
    const ports = names.map((_, i) => ({ client: free[2 * i] ?? 0, peer: free[2 * i + 1] ?? 0 }));
    const cluster = names.map((name, i) => `${name}=https://localhost:${ports[i]?.peer}`).join(',');
    const starting = names.map(async (name, i) => {
      const own = ports[i] as EtcdPorts;
      const surroundings = { ETCD_NAME: name, ETCD_DATA_DIR: join(folder, name), ETCD_INITIAL_CLUSTER: cluster };
      const env = { ...surroundings, ...(await members[name]?.(own)) };
      const options = { account: undefined, cwd: folder, env, ready: READY, end: 'SIGTERM' } as const;
      return { ports: own, ...(await launch({ argv: [pathOf('etcd'), '--logger=zap'], ...options })) };
    });
    return Promise.all(starting);
  });
  for (const server of servers) closing(server.stop);
  return servers;
}

const READY = /serving client traffic/;

/** The lines of an environment file. */
export const environmentOf = (lines: readonly string[]): Environment =>
  Object.fromEntries(
    lines.flatMap((line) => {
      const [, name, value] = /^(\w+)=(.*)$/.exec(line) ?? [];
      return name === undefined || value === undefined ? [] : [[name, value]];
    }),
  );
