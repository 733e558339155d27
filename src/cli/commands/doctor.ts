import { resolve } from 'node:path';
import type { Command, Context } from '../command.ts';
import { CHECKS } from '../doctor/checks.ts';
import { type Diagnosis, examine, isTrouble } from '../doctor/examine.ts';
import { prose } from '../prose.ts';
import { givenPassphrase, PASSPHRASE_FLAGS } from '../session.ts';

export const doctor: Command = {
  name: 'doctor',
  summary: 'Check the home: the inventory, keys, modes, revocation lists, and the files that were made',
  flags: [{ flags: '--repair', about: 'mend what can be mended without losing anything' }, ...PASSPHRASE_FLAGS],
  examples: [
    ['local-ca doctor', 'changes nothing; exit code 3 when something is wrong'],
    ['local-ca doctor --repair', 'after a crash, or when a backup was put back'],
    ['local-ca doctor --json', 'for monitoring'],
  ],
  exits: [[3, 'something is wrong; with --repair: something that could not be mended']],
  run: async (context, _args, flags) => {
    const path = resolve(context.home);
    const passphrase = givenPassphrase(context, flags);
    const found = await examine(context, path, { repair: flags.repair === true, passphrase });
    tell(context, path, found);
    return found.some(isTrouble) ? 3 : undefined;
  },
};

function tell({ io }: Context, home: string, found: readonly Diagnosis[]): void {
  const healthy = !found.some(isTrouble);
  const checks = ['permissions', ...CHECKS.map(({ name }) => name)];
  const text = prose(found.map(lines).join('\n'), io.dataColumns);
  io.result({ home, healthy, checks, findings: found.map(diagnosisJson) }, text);
  if (healthy) io.say(`${home} is ${io.style('green', 'healthy')}: ${checks.length} checks`);
}

const diagnosisJson = ({ check, severity, message, hint, repaired }: Diagnosis) => ({
  check,
  severity,
  message,
  hint,
  repaired,
});

const lines = ({ check, severity, message, hint, repaired }: Diagnosis): string =>
  `${severity} ${check}: ${message}\n  ${repaired === null ? hint : `repaired: ${repaired}`}`;
