import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { KeptOutput } from '../../src/deploy/kept-output.ts';
import { type HookOptions, runHook } from '../../src/deploy/run-hook.ts';
import { temporaryFolder } from '../support/temp.ts';

const posix = process.platform !== 'win32';

/** A hook written in JavaScript, so that it runs everywhere. */
const node = (code: string, options: Partial<HookOptions> = {}) =>
  runHook([process.execPath, '-e', code], { timeoutMs: 20_000, ...options });

/** Whether a process runs; one that ended and that nobody asked for is none. */
function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !(existsSync('/proc') && / Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8')));
  } catch {
    return false;
  }
}

async function until(holds: () => boolean, what: string): Promise<void> {
  for (let i = 0; !holds(); i++) {
    assert.ok(i < 200, `in vain waited until ${what}`);
    await delay(25);
  }
}

describe('a hook that ends', () => {
  test('well', async () => {
    const { durationMs, ...rest } = await node('console.log(process.argv[1])', {});
    assert.deepEqual(rest, {
      ok: true,
      exitCode: 0,
      signal: null,
      timedOut: false,
      problem: null,
      output: 'undefined\n',
    });
    assert.ok(durationMs > 0 && durationMs < 10_000);
  });

  test('with an exit code', async () => {
    const { ok, exitCode, problem, output } = await node('console.error("no"); process.exit(7)');
    assert.deepEqual([ok, exitCode, problem, output], [false, 7, 'the hook ended with exit code 7', 'no\n']);
  });

  test('by a signal', { skip: !posix }, async () => {
    const { ok, exitCode, signal, problem } = await node(
      'process.kill(process.pid, "SIGKILL"); setTimeout(() => {}, 9e3)',
    );
    assert.deepEqual([ok, exitCode, signal, problem], [false, null, 'SIGKILL', 'the hook was ended by SIGKILL']);
  });

  test('with its words as they are, and no shell between', async () => {
    const words = ['a b', '', '$HOME', '*', '"', "'", '\\', '; exit 3', 'ü'];
    const print = 'console.log(JSON.stringify(process.argv.slice(1)))';
    const { output } = await runHook([process.execPath, '-e', print, '--', ...words], { timeoutMs: 20_000 });
    assert.deepEqual(JSON.parse(output), words);
  });

  test('in its folder, with an environment that lacks the passphrase', async (t) => {
    const cwd = temporaryFolder(t);
    process.env.LOCAL_CA_PASSPHRASE = 'secret';
    process.env.LOCAL_CA_TEST_INHERITED = 'yes';
    t.after(() => {
      delete process.env.LOCAL_CA_PASSPHRASE;
      delete process.env.LOCAL_CA_TEST_INHERITED;
    });
    const names = ['LOCAL_CA_PASSPHRASE', 'LOCAL_CA_TEST_INHERITED', 'LOCAL_CA_LABEL'];
    const code = `console.log(JSON.stringify([process.cwd(), ...${JSON.stringify(names)}.map((n) => process.env[n] ?? null)]))`;
    const { output } = await node(code, { cwd, env: { LOCAL_CA_LABEL: 'db1' } });
    assert.deepEqual(JSON.parse(output), [cwd, null, 'yes', 'db1']);
  });

  test('and that reads its input finds none', async () => {
    const { output } = await node('process.stdin.on("data", () => {}).on("end", () => console.log("end"))');
    assert.equal(output, 'end\n');
  });
});

describe('the output of a hook', () => {
  test('is both streams in the order of their arrival', async () => {
    const code = `let i = 0; const tick = () => { if (i === 6) return;
      process[i % 2 ? 'stderr' : 'stdout'].write(String(i++)); setTimeout(tick, 60); }; tick()`;
    assert.equal((await node(code)).output, '012345');
  });

  test('of ten megabytes is its start and its end', async () => {
    const code = `process.stdout.write('start' + 'é'.repeat(5 << 20) + 'end')`;
    const { ok, output } = await node(code);
    assert.equal(ok, true);
    assert.ok(Buffer.byteLength(output) <= 64 * 1024 && Buffer.byteLength(output) > 63 * 1024);
    const [, dropped] =
      /^starté+\n\[\.\.\. (\d+) bytes are left out here \.\.\.\]\né+end$/.exec(output) ?? assert.fail('no mark');
    const kept = Buffer.byteLength(output.replace(/\n\[.*\]\n/, ''));
    assert.equal(kept + Number(dropped), 10 * 1024 * 1024 + 8);
  });

  test('of 64 KiB or nearly so is whole, and no character is cut where two reads meet', async () => {
    const code = `const all = Buffer.from('€'.repeat(21_000)); process.stdout.write(all.subarray(0, 4));
      setTimeout(() => process.stdout.write(all.subarray(4)), 100)`;
    assert.equal((await node(code)).output, '€'.repeat(21_000));
  });

  test('that is no text stays within its limit too', async () => {
    const { output } = await node('process.stdout.write(Buffer.alloc(1 << 20, 0xff))');
    assert.ok(Buffer.byteLength(output) <= 64 * 1024);
  });
});

describe('a private key that a hook prints', () => {
  const KEY = `-----BEGIN PRIVATE KEY-----\n${'MIIEvQIBADANBgkq\n'.repeat(40)}-----END PRIVATE KEY-----\n`;
  const MARK = '[a private key is left out here]';
  const kept = (...texts: readonly string[]) => {
    const output = new KeptOutput();
    for (const text of texts) output.add(text);
    return output.text();
  };

  test('is not kept, whatever its kind', () => {
    for (const kind of ['', 'RSA ', 'EC ', 'ENCRYPTED ', 'OPENSSH ']) {
      const key = KEY.replaceAll('PRIVATE', `${kind}PRIVATE`);
      assert.equal(kept('a\n', key.slice(0, 30), key.slice(30), 'b\n', key), `a\n${MARK}\nb\n${MARK}\n`);
    }
    assert.equal(kept('-----BEGIN CERTIFICATE-----\nAA\n'), '-----BEGIN CERTIFICATE-----\nAA\n');
  });

  test('is not kept where it is cut either', () => {
    assert.equal(kept('a\n', KEY.slice(0, 200)), `a\n${MARK}`);
    for (let before = 32_000; before < 33_400; before += 100) {
      const text = kept('.'.repeat(before), KEY, '.'.repeat(before), KEY, '.'.repeat(before));
      assert.doesNotMatch(text, /MIIE|ANBg/, `${before}`);
      assert.ok(Buffer.byteLength(text) <= 64 * 1024);
    }
  });

  test('is not in the log of a run', async () => {
    const { output } = await node(`console.log(${JSON.stringify(KEY)} + 'done')`);
    assert.equal(output, `${MARK}\ndone\n`);
  });
});

describe('a hook that does not end', () => {
  test('is ended after its time', async () => {
    const result = await node('console.log("on"); setTimeout(() => {}, 60_000)', { timeoutMs: 700 });
    assert.equal(result.ok, false);
    assert.equal(result.timedOut, true);
    assert.equal(result.problem, 'the hook did not end within 0.7 seconds');
    assert.equal(result.output, 'on\n');
    assert.ok(result.durationMs >= 690 && result.durationMs < 2500, `${result.durationMs} ms`);
  });

  test('is ended with what it started', { skip: !posix }, async () => {
    const argv = ['sh', '-c', 'sleep 60 & sleep 61 & echo $! $$; wait'];
    const { timedOut, output, durationMs } = await runHook(argv, { timeoutMs: 400 });
    assert.equal(timedOut, true);
    assert.ok(durationMs < 3200, `${durationMs} ms`);
    for (const pid of output.trim().split(' ').map(Number)) await until(() => !isRunning(pid), `${pid} has ended`);
  });

  test('is killed when it does not listen', { skip: !posix }, async () => {
    const argv = ['sh', '-c', "trap '' TERM; echo $$; while :; do sleep 0.1; done"];
    const { timedOut, signal, output, durationMs } = await runHook(argv, { timeoutMs: 300 });
    assert.deepEqual([timedOut, signal], [true, 'SIGKILL']);
    assert.ok(durationMs >= 2200 && durationMs < 4500, `${durationMs} ms`);
    await until(() => !isRunning(Number(output)), 'it has ended');
  });

  test('leaves no child behind that does not listen, though it does itself', { skip: !posix }, async () => {
    const argv = ['sh', '-c', `sh -c "trap '' TERM; echo \\$\\$; while :; do sleep 0.1; done"; true`];
    const { timedOut, output } = await runHook(argv, { timeoutMs: 300 });
    assert.equal(timedOut, true);
    await until(() => !isRunning(Number(output)), 'the child has ended');
  });

  test('may clean up when it is told to end', { skip: !posix }, async () => {
    const argv = ['sh', '-c', "trap 'echo cleaned; exit 0' TERM; while :; do sleep 0.05; done"];
    const { ok, timedOut, exitCode, output } = await runHook(argv, { timeoutMs: 300 });
    assert.deepEqual([ok, timedOut, exitCode], [false, true, 0]);
    assert.match(output, /cleaned\n$/);
  });

  test('is cancelled', async () => {
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 300);
    const result = await node('setTimeout(() => {}, 60_000)', { signal: controller.signal });
    assert.deepEqual([result.ok, result.timedOut, result.problem], [false, false, 'the hook was cancelled']);
    assert.ok(result.durationMs < 3000);
  });

  test('is not even started when it was cancelled before', async () => {
    const { ok, problem, output } = await node('console.log(1)', { signal: AbortSignal.abort() });
    assert.deepEqual([ok, problem, output], [false, 'the hook was cancelled', '']);
  });

  test('has all the time that a timer cannot count', async () => {
    assert.equal((await node('setTimeout(() => {}, 200)', { timeoutMs: 2 ** 40 })).ok, true);
  });
});

test('a hook that leaves a server running with its output open is waited for but a moment', {
  skip: !posix,
}, async () => {
  const { ok, output, durationMs } = await runHook(['sh', '-c', 'sleep 30 & echo $!'], { timeoutMs: 20_000 });
  assert.equal(ok, true);
  assert.ok(durationMs < 3000, `${durationMs} ms`);
  assert.equal(isRunning(Number(output)), true);
  process.kill(Number(output), 'SIGKILL');
});

test('a server that a hook starts lives on when it says something later, and so do its readers until it ends', {
  skip: !posix,
}, async (t) => {
  const cwd = temporaryFolder(t);
  const server = 'sleep 1; echo one; echo two >&2; echo three; echo $$ > alive; exec sleep 30';
  const { ok, output, durationMs } = await runHook(['sh', '-c', `sh -c '${server}' & echo started`], {
    cwd,
    timeoutMs: 20_000,
  });
  assert.deepEqual([ok, output], [true, 'started\n']);
  assert.ok(durationMs < 950, `${durationMs} ms`);
  const alive = join(cwd, 'alive');
  await until(() => existsSync(alive) && readFileSync(alive, 'utf8').endsWith('\n'), 'the server has said all');
  const pid = Number(readFileSync(alive, 'utf8'));
  assert.equal(isRunning(pid), true);
  process.kill(pid, 'SIGKILL');
});

describe('a hook that cannot be started', () => {
  const start = (argv: readonly string[], cwd?: string) =>
    runHook(argv, { timeoutMs: 5000, ...(cwd === undefined ? {} : { cwd }) });

  test('because there is none', async () => {
    const { ok, exitCode, problem } = await start(['no-such-program-here', 'a']);
    assert.deepEqual([ok, exitCode], [false, null]);
    assert.match(problem ?? '', /^the hook could not be started: there is no program "no-such-program-here"/);
  });

  test('because it is not executable', { skip: !posix }, async (t) => {
    const file = join(temporaryFolder(t), 'hook.sh');
    writeFileSync(file, '#!/bin/sh\n', { mode: 0o644 });
    assert.match((await start([file])).problem ?? '', /hook\.sh" is not executable, or not for this user$/);
  });

  test('because its interpreter is not there', { skip: !posix }, async (t) => {
    const file = join(temporaryFolder(t), 'hook.sh');
    writeFileSync(file, '#!/no/such/shell\n');
    chmodSync(file, 0o755);
    assert.match((await start([file])).problem ?? '', /its first line names one that is not there$/);
  });

  test('because its folder is not there, or is none', async () => {
    for (const folder of ['/no/such/folder', process.execPath]) {
      assert.match((await start([process.execPath], folder)).problem ?? '', /: there is no folder "[^"]+" for it/);
    }
  });

  test('because no program can be given such an argument', async () => {
    assert.match((await start([process.execPath, 'a\0b'])).problem ?? '', /could not be started: .*null bytes/);
    assert.match((await start([])).problem ?? '', /could not be started/);
  });
});

test('a signal that ends local-ca ends the hook', { skip: !posix }, async (t) => {
  const folder = temporaryFolder(t);
  const source = (file: string) => JSON.stringify(fileURLToPath(new URL(`../../src/${file}`, import.meta.url)));
  const program = join(folder, 'program.ts');
  writeFileSync(
    program,
    `import { runHook } from ${source('deploy/run-hook.ts')};
     import { undoUnfinished } from ${source('unfinished.ts')};
     process.on('SIGTERM', () => { undoUnfinished(); process.exit(143); });
     void runHook(['sh', '-c', 'sleep 60 & echo $! $$ > pids; wait'], { cwd: ${JSON.stringify(folder)}, timeoutMs: 50_000 });`,
  );
  const child = spawn(process.execPath, ['--import', 'ts-blank-space/register', program], {
    cwd: fileURLToPath(new URL('../..', import.meta.url)),
    stdio: 'inherit',
  });
  const pids = join(folder, 'pids');
  await until(() => existsSync(pids) && readFileSync(pids, 'utf8').endsWith('\n'), 'the hook runs');
  child.kill('SIGTERM');
  assert.deepEqual(await once(child, 'exit'), [143, null]);
  for (const pid of readFileSync(pids, 'utf8').trim().split(' ').map(Number)) {
    await until(() => !isRunning(pid), `${pid} has ended`);
  }
});
