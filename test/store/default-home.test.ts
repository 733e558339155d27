import assert from 'node:assert/strict';
import { homedir } from 'node:os';
import { it } from 'node:test';
import envPaths from 'env-paths';
import { defaultHome } from '../../src/store/default-home.ts';

const cases: [string, NodeJS.Platform, Record<string, string>, string][] = [
  ['LOCAL_CA_HOME wins', 'linux', { LOCAL_CA_HOME: '/x', XDG_DATA_HOME: '/d', HOME: '/h' }, '/x'],
  ['an empty LOCAL_CA_HOME is none', 'linux', { LOCAL_CA_HOME: '', HOME: '/h' }, '/h/.local/share/local-ca'],
  ['XDG_DATA_HOME', 'linux', { XDG_DATA_HOME: '/d', HOME: '/h' }, '/d/local-ca'],
  ['a relative XDG_DATA_HOME is ignored', 'linux', { XDG_DATA_HOME: 'd', HOME: '/h' }, '/h/.local/share/local-ca'],
  ['other Unixes as Linux', 'freebsd', { HOME: '/h' }, '/h/.local/share/local-ca'],
  ['macOS', 'darwin', { HOME: '/Users/a' }, '/Users/a/Library/Application Support/local-ca'],
  ['Windows', 'win32', { LOCALAPPDATA: 'C:\\L' }, 'C:\\L\\local-ca\\Data'],
  ['Windows without it', 'win32', { USERPROFILE: 'C:\\U' }, 'C:\\U\\AppData\\Local\\local-ca\\Data'],
];
for (const [name, platform, env, expected] of cases) {
  it(`${name}: ${expected}`, () => assert.equal(defaultHome(env, platform), expected));
}

it('is the folder that env-paths names on this platform', () => {
  const { LOCAL_CA_HOME: _, ...env } = process.env;
  assert.equal(defaultHome(env, process.platform), envPaths('local-ca', { suffix: '' }).data);
  assert.ok(defaultHome({}, 'linux').startsWith(homedir()));
});
