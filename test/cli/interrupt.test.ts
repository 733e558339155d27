/** Ctrl-C and its like at many moments of the work: no key stays behind, and what is there is whole. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { localCaJson, program } from '../support/cli.ts';
import { temporaryFolder } from '../support/temp.ts';
import { inventory, posix } from './support.ts';

const EXITS = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;
type Signal = keyof typeof EXITS;

const folder = temporaryFolder();
const home = join(folder, 'home');
const list = join(folder, 'list.csv');
const ROWS = 300;
/** How the two runs end when all is done. */
const LAST_WORDS = /^\s*valid until .* left\)$|^issued 300 certificates /;

interface End {
  readonly code: number | null;
  readonly signal: string | null;
  readonly stderr: string;
  readonly milliseconds: number;
}

/** Runs the program, and sends it the signal once `when` is so. */
async function interrupted(args: readonly string[], home: string, cwd: string, signal?: Signal, delay = 0) {
  const env = { ...process.env, LOCAL_CA_HOME: home, XDG_CACHE_HOME: join(folder, 'cache'), NO_COLOR: '1' };
  const started = performance.now();
  const child = spawn(process.execPath, [program, ...args], { cwd, env, stdio: ['ignore', 'ignore', 'pipe'] });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const timer = signal === undefined ? undefined : setTimeout(() => child.kill(signal), delay);
  const [code, killedBy] = (await once(child, 'close')) as [number | null, string | null];
  clearTimeout(timer);
  return { code, signal: killedBy, stderr, milliseconds: performance.now() - started } satisfies End;
}

/**
 * It was cancelled, or ended before or after the program was there to hear of it. Says which. Node takes its handlers
 * away some milliseconds before the process is gone: a signal then ends it as any program, with all done and said.
 */
function assertEnd({ code, signal, stderr }: End, sent: Signal, lastWords: string): 'early' | 'cancelled' | 'done' {
  if (signal === sent && stderr === '') return 'early';
  if (code === 0 || (signal === sent && said(stderr) === lastWords)) return 'done';
  assert.equal(code, EXITS[sent], stderr);
  assert.match(stderr, /^local-ca: cancelled\nWhat was unfinished has been removed\.\n$/);
  return 'cancelled';
}

/** The last line of what a run said. */
const said = (stderr: string) => stderr.trimEnd().split('\n').at(-1) ?? '';

const hidden = (where: string) =>
  readdirSync(where, { recursive: true, encoding: 'utf8' }).filter((name) => /\.local-ca-/.test(name));

const exists = (...path: readonly string[]) => existsSync(join(...path));

describe('a signal', { skip: !posix && 'Windows has no signals to send' }, () => {
  before(async () => {
    const rows = Array.from({ length: ROWS }, (_, i) => `n${i}.test`);
    writeFileSync(list, `names\n${rows.join('\n')}\n`);
    await localCaJson(['init', '--yes'], { home });
  });

  /** The run's whole time without a signal; then the same with one at each of so many moments. */
  async function atMoments(count: number, run: (signal?: Signal, delay?: number) => Promise<End>): Promise<void> {
    const whole = await run();
    assert.equal(whole.code, 0, whole.stderr);
    const lastWords = said(whole.stderr);
    assert.match(lastWords, LAST_WORDS);
    const seen = new Set<string>();
    for (let i = 1; i <= count; i++) {
      const signal = (['SIGINT', 'SIGTERM', 'SIGHUP'] as const)[i % 3] as Signal;
      seen.add(assertEnd(await run(signal, (whole.milliseconds * i) / (count + 1)), signal, lastWords));
    }
    assert.ok(seen.has('cancelled'), [...seen].join());
  }

  test('while a CA and its first certificate are made', async (t) => {
    await atMoments(16, async (signal, delay) => {
      const cwd = temporaryFolder(t);
      const own = join(cwd, 'above', 'home');
      const args = ['init', '--yes', 'a.test', '--out', 'b/out', '--zip', 'c/out.zip', '--intermediate'];
      const end = await interrupted(args, own, cwd, signal, delay);
      assert.deepEqual(hidden(cwd), []);
      // All of it or nothing: no folder either, and no certificate on record without its files.
      const there = [own, join(cwd, 'b/out/a.test.key.pem'), join(cwd, 'c/out.zip')].map((path) => exists(path));
      assert.equal(new Set(there).size, 1, there.join());
      if (LAST_WORDS.test(said(end.stderr))) assert.ok(there[0]);
      if (there[0]) assert.equal((await inventory(own)).length, 1);
      else assert.deepEqual(readdirSync(cwd), []);
      return end;
    });
  });

  test('while a long list is issued', async (t) => {
    await atMoments(10, async (signal, delay) => {
      const cwd = temporaryFolder(t);
      const earlier = (await inventory(home)).length;
      const args = ['issue', '--from', list, '--out', 'out', '--zip', 'all.zip'];
      const end = await interrupted(args, home, cwd, signal, delay);
      assert.deepEqual(hidden(cwd), []);
      const recorded = (await inventory(home)).length - earlier;
      assert.ok([0, ROWS].includes(recorded), String(recorded));
      if (LAST_WORDS.test(said(end.stderr))) assert.equal(recorded, ROWS);
      assert.deepEqual(readdirSync(cwd), recorded === 0 ? [] : ['all.zip', 'out']);
      if (recorded !== 0) assert.equal(readdirSync(join(cwd, 'out')).length, ROWS);
      return end;
    });
  });
});
