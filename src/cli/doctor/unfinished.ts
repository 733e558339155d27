/** What runs that were killed have left: work under the lock, files that have not taken their places, and scraps. */
import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { abandonedIn, removeScrap } from '../../abandoned.ts';
import { finishStaged } from '../../bundle/finish.ts';
import { finishInterrupted, isCommitted } from '../../bundle/journal.ts';
import type { Home } from '../../store/home.ts';
import { BUSY, CA_FOLDER, DEPLOY_FOLDER, KEYS_FOLDER } from '../../store/layout.ts';
import { unfinishedPlaces } from '../settle.ts';
import { error, type Finding, type Patient, warning } from './finding.ts';

const NEXT = 'The next command that changes something does it, and so does local-ca doctor --repair.';

export async function checkUnfinished(patient: Patient): Promise<Finding[]> {
  const { home } = patient;
  const places = await unfinishedPlaces(home);
  const stages = new Set(places.map(({ stage }) => stage));
  const known = new Set(places.map(({ path }) => path));
  const folders = await foldersOf(home);
  return [
    ...(await interruptedWork(patient)),
    ...places.map((place) =>
      error(`${place.path} is unfinished: a run was killed that had recorded it`, NEXT, async () => {
        await home.exclusively(() => finishStaged(place));
        return 'its files are in place';
      }),
    ),
    ...folders.filter((folder) => isCommitted(folder) && !known.has(folder)).map((folder) => halfReplaced(folder)),
    ...[...new Set([...scrapPlaces(home), ...folders, ...folders.map(dirname)])]
      .flatMap(abandonedIn)
      .filter((path) => !stages.has(path))
      .map(scrap),
  ];
}

/** The mark is there for as long as somebody holds the lock, and nobody does here. */
const interruptedWork = ({ home, locked }: Patient): Promise<Finding[]> =>
  locked(async () => {
    if (!existsSync(join(home.path, BUSY))) return [];
    const repair = async () => {
      await home.recover();
      return 'what it had begun was undone';
    };
    return [warning(`a run was killed while it changed ${home.path}`, NEXT, repair)];
  });

const halfReplaced = (folder: string): Finding =>
  error(`the files in ${folder} were replaced in part: a run was killed`, NEXT, () => {
    finishInterrupted(folder);
    return 'the rest is in place';
  });

/** A key may be in it, that was for a certificate which was never recorded. */
const scrap = (path: string): Finding =>
  warning(`${path} is left from a run that was killed`, 'local-ca doctor --repair removes it.', () => {
    removeScrap(path);
    return 'it was removed';
  });

/** Where files and requests went, and where deployments put them. */
async function foldersOf({ store }: Home): Promise<string[]> {
  const placements = await store.placements();
  const targets = await store.targets();
  const requests = (await store.requests()).flatMap(({ folder }) => (folder === null ? [] : [{ folder }]));
  const zips = placements.flatMap(({ zip }) => (zip === null ? [] : [dirname(zip)]));
  return [...new Set([...placements, ...targets, ...requests].map(({ folder }) => folder).concat(zips))];
}

function scrapPlaces({ path }: Home): string[] {
  const deploy = join(path, DEPLOY_FOLDER);
  const targets = existsSync(deploy) ? readdirSync(deploy).map((id) => join(deploy, id)) : [];
  return [path, dirname(path), join(path, CA_FOLDER), join(path, KEYS_FOLDER), deploy, ...targets];
}
