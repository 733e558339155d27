/** A CA in memory, a folder, and a server that is a function: what the tests of deployments run on. */
import * as fs from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { systemAmbient } from '../../src/ambient.ts';
import { CertificateAuthority } from '../../src/authority/authority.ts';
import { PACKAGE_TEMPLATES } from '../../src/bundle/catalog.ts';
import { MANIFEST } from '../../src/bundle/paths.ts';
import { readStanding, type Standing } from '../../src/bundle/standing.ts';
import { goalOf } from '../../src/deploy/goal.ts';
import type { DeployPorts } from '../../src/deploy/ports.ts';
import { type Outcome, type RunOptions, runTarget } from '../../src/deploy/run.ts';
import type { HookResult } from '../../src/deploy/run-hook.ts';
import type { Answer } from '../../src/deploy/served.ts';
import { memoryHome } from '../../src/store/memory-home.ts';
import type { AuditEvent, Change, TargetRecord } from '../../src/store/store.ts';
import { anyTarget } from '../support/target.ts';
import { temporaryFolder } from '../support/temp.ts';

export const LABEL = 'web.example.test';
export const DAY = 86_400_000;

/** 17:05 in Berlin, on a Wednesday in winter. */
export const START = new Date('2026-01-14T16:05:00Z');

export const target = (changes: Partial<TargetRecord> = {}): TargetRecord =>
  anyTarget({ label: LABEL, hook: ['reload'], since: START, ...changes });

const FINE: HookResult = {
  ok: true,
  exitCode: 0,
  signal: null,
  timedOut: false,
  problem: null,
  output: 'reloaded\n',
  durationMs: 3,
};
export const failing = (problem = 'the hook ended with exit code 1', output = ''): HookResult => ({
  ...FINE,
  ok: false,
  exitCode: 1,
  problem,
  output,
});

/** Stops the run as the end of the process would: nothing after it happens. */
export class Killed extends Error {}

export class Stand {
  readonly home = memoryHome();
  readonly parent: string;
  readonly folder: string;
  now = START;
  /** What stood in the folder whenever the hook ran. */
  readonly hooks: { readonly serial: string; readonly files: readonly string[] }[] = [];
  /** What the hook answers, one after the other; then all is well. */
  answers: (HookResult | Killed)[] = [];
  probes: Answer[] = [];
  probed: string[] = [];
  /** What the folder's file system has made of the rights that a file was given. */
  fileSystem: (given: Standing) => Partial<Standing> = () => ({});
  trouble: string | null = null;
  busy = false;
  /** The states that were recorded, in their order. */
  states: string[] = [];
  ca = undefined as unknown as CertificateAuthority;

  private constructor(t: TestContext) {
    this.parent = temporaryFolder(t);
    this.folder = join(this.parent, 'tls');
  }

  /** With a certificate of a year, its key kept, and a target in the test's folder. */
  static async make(t: TestContext, changes: Partial<TargetRecord> = {}): Promise<Stand> {
    const stand = new Stand(t);
    stand.ca = await CertificateAuthority.create(stand.home, { name: 'Stand' }, stand.#ambient());
    await stand.issue();
    await stand.change({ ...target({ folder: stand.folder }), ...changes });
    return stand;
  }

  #ambient() {
    return { ...systemAmbient, now: () => this.now };
  }

  /** A fresh certificate of the label. */
  async issue(): Promise<string> {
    return (await this.ca.issue({ names: [LABEL], template: 'nginx', keepKey: true })).record.serial;
  }

  async renew(): Promise<string> {
    return (await this.ca.renew(LABEL)).record.serial;
  }

  /** Of the newest certificate. */
  async serial(): Promise<string> {
    return (await this.ca.get(LABEL)).serial;
  }

  async get(): Promise<TargetRecord> {
    const [found] = await this.home.store.targets();
    return found as TargetRecord;
  }

  async change(changes: Partial<TargetRecord>): Promise<void> {
    const before = await this.get();
    await this.home.store.write([{ kind: 'target', record: { ...before, ...changes } }]);
  }

  later(ms: number): void {
    this.now = new Date(this.now.getTime() + ms);
  }

  get kept(): string {
    return join(this.parent, 'kept');
  }

  get ports(): DeployPorts {
    const { store } = this.home;
    const sources = {
      ca: this.ca,
      ambient: this.#ambient(),
      templates: [PACKAGE_TEMPLATES],
      earlierPassword: () => undefined,
    };
    return {
      store: { targets: () => store.targets(), write: (changes) => this.#write(changes) },
      now: () => this.now,
      goal: (wanted) => goalOf(wanted, sources),
      trouble: () => this.trouble,
      lock: async () => (this.busy ? undefined : () => {}),
      previous: () => this.kept,
      hook: async (_argv, { env = {} }) => this.#hook(env.LOCAL_CA_SERIAL ?? ''),
      look: (path) => {
        const standing = readStanding(path);
        return standing && { ...standing, ...this.fileSystem(standing) };
      },
      probe: async (url, _fingerprint, name) => {
        this.probed.push(name === null ? url : `${url} as ${name}`);
        return this.probes.shift() ?? { ok: true };
      },
    };
  }

  async #write(changes: readonly Change[]): Promise<void> {
    await this.home.store.write(changes);
    for (const change of changes) if (change.kind === 'target') this.states.push(change.record.state);
  }

  #hook(serial: string): HookResult {
    this.hooks.push({ serial, files: this.files() });
    const answer = this.answers.shift() ?? FINE;
    if (answer instanceof Killed) throw answer;
    return answer;
  }

  async run(options: RunOptions = {}): Promise<Outcome> {
    this.states = [];
    return runTarget(this.ports, await this.get(), options);
  }

  /** The result of a run, the states on its way, and the problem at its end. */
  async story(options: RunOptions = {}): Promise<readonly [result: string, states: string, problem: string | null]> {
    const { result, target: after } = await this.run(options);
    return [result, this.states.join(' -> '), after.problem];
  }

  /** All in the folder but the manifest; empty when there is no folder. */
  files(): string[] {
    if (!fs.existsSync(this.folder)) return [];
    return fs
      .readdirSync(this.folder)
      .filter((name) => name !== MANIFEST)
      .sort();
  }

  read(name: string): string {
    return fs.readFileSync(join(this.folder, name), 'utf8');
  }

  async events(): Promise<AuditEvent[]> {
    return (await this.home.store.audit(1000)).filter(({ action }) => action.startsWith('deploy')).reverse();
  }
}
