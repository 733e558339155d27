/** The completion scripts load in their shells, and offer commands, flags and the values of flags. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { KEY_TYPES } from '../../src/core/algorithms.ts';
import { LEAF_PROFILES } from '../../src/core/profiles.ts';
import { localCa } from '../support/cli.ts';
import { must, needs } from '../support/peers.ts';
import { temporaryFolder } from '../support/temp.ts';

const SHELLS = ['bash', 'zsh', 'fish'] as const;
type Shell = (typeof SHELLS)[number];

async function scriptFor(shell: Shell, folder: string): Promise<string> {
  const { status, stdout, stderr } = await localCa(['completion', shell], { home: join(folder, 'none') });
  assert.deepEqual([status, stderr], [0, '']);
  const file = join(folder, `local-ca.${shell}`);
  writeFileSync(file, stdout);
  return file;
}

/** What stands before the cursor -> what must be offered there, and what must not. */
const CASES: readonly (readonly [line: readonly string[], offers: readonly string[], not?: string])[] = [
  [[''], ['init', 'issue', 'export', 'list', 'show', 'template', 'completion'], 'template list'],
  [['is'], ['issue'], 'init'],
  [['issue', '--'], ['--key-type', '--template', '--from', '--home', '--json', '--help'], '--encrypt-key'],
  [['init', '--e'], ['--encrypt-key']],
  [['issue', '--key-type', ''], KEY_TYPES],
  [['issue', '--profile', ''], LEAF_PROFILES],
  [
    ['issue', '--p12-profile', ''],
    ['modern', 'compat'],
  ],
  [['issue', '--format', 'p'], ['pem', 'p7b', 'p12'], 'jks'],
  [['template', ''], ['list', 'show'], 'issue'],
  [['completion', ''], SHELLS],
];

const quote = (word: string) => `'${word}'`;

/** Runs a completion in each shell's own way, and prints the offers one to a line. */
const ASK: Readonly<Record<Shell, (file: string, line: readonly string[]) => readonly string[]>> = {
  bash: (file, line) => [
    ...['--norc', '--noprofile', '-c'],
    `source ${file}; COMP_WORDS=(local-ca ${line.map(quote).join(' ')}); COMP_CWORD=${line.length};` +
      `$(complete -p local-ca | sed 's/.*-F \\([^ ]*\\).*/\\1/'); printf '%s\\n' "\${COMPREPLY[@]}"`,
  ],
  // Only that it loads and registers: zsh completes in its line editor alone.
  zsh: (file) => ['-f', '-c', `autoload -U compinit && compinit -u -D; source ${file}; print -l \${_comps[local-ca]}`],
  fish: (file, line) => ['--no-config', '-c', `source ${file}; complete -C 'local-ca ${line.join(' ')}' | cut -f1`],
};

for (const shell of SHELLS) {
  describe(shell, () => {
    const folder = temporaryFolder();
    for (const [line, offers, not] of CASES) {
      test(`local-ca ${line.join(' ')}_`, async (t) => {
        if (!needs(t, shell)) return undefined;
        const printed = await must(shell, ASK[shell](await scriptFor(shell, folder), line), { cwd: folder });
        const offered = printed.split('\n').filter(Boolean);
        if (shell === 'zsh') return assert.match(printed, /local_ca|bash_complete/);
        for (const offer of offers) assert.ok(offered.includes(offer), `${offer} is not among ${offered.join(' ')}`);
        assert.ok(not === undefined || !offered.includes(not), `${not} is among ${offered.join(' ')}`);
        return undefined;
      });
    }
  });
}
