/**
 * For `node --require`: the process kills itself, as with kill -9, in front of its nth change to the file system. The number
 * comes in DIE_AT; what SQLite does by itself is not counted. Without DIE_AT it writes how many changes there were to COUNT_TO.
 */
const fs = require('node:fs');

const CHANGES = [
  'mkdirSync',
  'mkdtempSync',
  'renameSync',
  'unlinkSync',
  'rmdirSync',
  'rmSync',
  'linkSync',
  'writeFileSync',
];
const { DIE_AT, COUNT_TO } = process.env;
const count = { changes: 0 };

for (const name of CHANGES) {
  const original = fs[name];
  fs[name] = (...args) => {
    if (++count.changes === Number(DIE_AT)) process.kill(process.pid, 'SIGKILL');
    return original(...args);
  };
}
const { openSync, writeFileSync } = { openSync: fs.openSync, writeFileSync: fs.writeFileSync };
fs.openSync = (path, flags, ...rest) => {
  // Reading changes nothing.
  if (flags !== undefined && flags !== 'r' && typeof flags === 'string' && ++count.changes === Number(DIE_AT))
    process.kill(process.pid, 'SIGKILL');
  return openSync(path, flags, ...rest);
};
if (COUNT_TO !== undefined) process.on('exit', () => writeFileSync(COUNT_TO, String(count.changes)));
