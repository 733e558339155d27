/** A file system of another kind: FUSE shows a folder of ours as FAT, CIFS or NFS would. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { pathOf } from '../support/peers.ts';
import { temporaryFolder } from '../support/temp.ts';

const BINDFS = pathOf('bindfs');

/** Why there is none here. */
export const noFuse =
  process.geteuid?.() !== 0 || !existsSync('/dev/fuse') || spawnSync(BINDFS, ['--version']).status !== 0
    ? 'needs root, FUSE and bindfs'
    : false;

export interface Mounted {
  readonly at: string;
  /** What is really there. */
  readonly behind: string;
}

/** With options of bindfs, until the end of the test. */
export function mounted(t: TestContext, options: readonly string[]): Mounted {
  let at = '';
  // Before the folder is removed: hooks run in the order of their registration.
  t.after(() => spawnSync('umount', [at]));
  const folder = temporaryFolder(t);
  at = join(folder, 'mounted');
  const behind = join(folder, 'behind');
  for (const one of [at, behind]) mkdirSync(one);
  const { status, stderr } = spawnSync(BINDFS, [...options, behind, at], { encoding: 'utf8' });
  assert.equal(status, 0, stderr);
  return { at, behind };
}

/** Modes and owners are asked for in vain, without an error. */
export const LIKE_CIFS = ['--chmod-ignore', '--chown-ignore', '--chgrp-ignore', '--perms=0755'];
