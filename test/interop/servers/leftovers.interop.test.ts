/** A test process that is killed leaves no server and no folder behind. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { needs } from '../../support/peers.ts';
import { postgresAccount, postgresFolder } from '../../support/servers/postgres.ts';
import { eventually, Ground, HOST } from './ground.ts';

const MODULES = new URL('../../support/servers/', import.meta.url).href;

const SCRIPT = `
  const [modules, files] = process.argv.slice(1);
  const { startNginx } = await import(modules + 'nginx.ts');
  const { startPostgres } = await import(modules + 'postgres.ts');
  const never = { after() {} };
  const nginx = await startNginx(never, JSON.parse(files));
  const postgres = await startPostgres(never, JSON.parse(files));
  console.log(JSON.stringify([nginx.pid, nginx.config, postgres.pid, postgres.dataDir]));
`;

/** An ended process stays in the table until its new parent asks for its status, which not every container's does. */
function alive(pid: number): boolean {
  const file = `/proc/${pid}/stat`;
  return existsSync(file) && !/\) [ZX] /.test(readFileSync(file, 'utf8'));
}

test('a killed test process takes its servers and their folders with it', async (t) => {
  if (!needs(t, 'nginx', 'postgres', 'setpriv')) return;
  const ground = await Ground.make(postgresFolder(t), postgresAccount());
  const files = JSON.stringify(await ground.issue(HOST));
  const node = ['--import', 'ts-blank-space/register', '--input-type=module', '-e', SCRIPT, MODULES, files];
  const child = spawn(process.execPath, node, { stdio: ['ignore', 'pipe', 'inherit'] });
  t.after(() => child.kill('SIGKILL'));
  const [line] = await Promise.race([once(createInterface(child.stdout), 'line'), once(child, 'exit')]);
  const [nginx, config, postgres, dataDir] = JSON.parse(line) as [number, string, number, string];
  assert.ok(alive(nginx) && alive(postgres) && existsSync(config) && existsSync(dataDir));

  child.kill('SIGKILL');
  await eventually('the servers are gone', () => !alive(nginx) && !alive(postgres));
  await eventually('the folders are gone', () => !existsSync(dirname(config)) && !existsSync(dirname(dataDir)));
});
