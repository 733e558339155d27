/** Deployments: whether one hangs in the middle of its work, and whether each has what it keeps in the home. */
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { hasPrevious } from '../../bundle/previous.ts';
import { quote } from '../../core/text.ts';
import { describeState, isUnderWay } from '../../deploy/states.ts';
import { DEPLOY_FOLDER } from '../../store/layout.ts';
import { tryFileLock } from '../../store/lock.ts';
import { error, type Finding, type Patient, warning } from './finding.ts';

export async function checkDeployments({ home, ambient }: Patient): Promise<Finding[]> {
  const targets = await home.store.targets();
  const findings: Finding[] = [];
  for (const target of targets.filter(isUnderWay)) {
    if (await isAtWork(join(home.path, DEPLOY_FOLDER, target.id))) continue;
    const what = `the deployment of ${quote(target.label)} to ${target.folder} hangs (${describeState(target, ambient.now())})`;
    findings.push(error(what, 'Its run was killed. Complete it: local-ca deploy run'));
  }
  return [...findings, ...leftovers(home.path, new Set(targets.map(({ id }) => id)))];
}

async function isAtWork(folder: string): Promise<boolean> {
  if (!existsSync(join(folder, 'lock'))) return false;
  const release = await tryFileLock(join(folder, 'lock'));
  release?.();
  return release === undefined;
}

/** What stood in a server's folder before may hold the only copy of a key, and then a person decides. */
function leftovers(home: string, known: ReadonlySet<string>): Finding[] {
  const folder = join(home, DEPLOY_FOLDER);
  const entries = existsSync(folder) ? readdirSync(folder, { withFileTypes: true }) : [];
  const strays = entries.filter(
    (entry) => entry.isDirectory() && /^[\da-f]+$/.test(entry.name) && !known.has(entry.name),
  );
  return strays.map(({ name }) => {
    const path = join(folder, name);
    const previous = join(path, 'previous');
    if (hasPrevious(previous)) {
      return warning(
        `${previous} holds what stood somewhere before a deployment that is no more`,
        `Look at it, then remove ${path}.`,
      );
    }
    return warning(`${path} is of a deployment that is no more`, 'local-ca doctor --repair removes it.', () => {
      rmSync(path, { recursive: true, force: true });
      return 'it was removed';
    });
  });
}
