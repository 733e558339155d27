/** Before a command does its own work: what one that was killed had begun in this home is finished, or undone. */
import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { abandonedIn } from '../abandoned.ts';
import { finishStaged, isUnfinished, type StagedPlace } from '../bundle/finish.ts';
import { readStanding } from '../bundle/standing.ts';
import { attempt } from '../core/attempt.ts';
import { equalBytes } from '../core/der.ts';
import { LocalCaError } from '../errors.ts';
import { encodePem } from '../formats/pem.ts';
import type { Home } from '../store/home.ts';
import type { RequestRecord } from '../store/store.ts';
import type { Context } from './command.ts';

/** What hinders it is told, and hinders nothing else. */
export async function settle({ io }: Context, home: Home): Promise<void> {
  await home.recover();
  for (const place of await unfinishedPlaces(home)) {
    try {
      await home.exclusively(() => finishStaged(place));
      io.say(`completed ${place.path}, which an earlier run had left unfinished`);
    } catch (error) {
      if (!(error instanceof LocalCaError)) throw error;
      io.warn(`${place.path} is unfinished, from an earlier run: ${error.message}`);
    }
  }
}

/** Files that are on record and have not taken their places. */
export async function unfinishedPlaces({ store }: Home): Promise<StagedPlace[]> {
  const recorded = (await store.placements()).flatMap(({ stages }) => stages).filter(isUnfinished);
  return [...recorded, ...(await store.requests()).flatMap(unfinishedRequest)];
}

/** Where the files of a request wait is not on record: it is known by the request in it. */
function unfinishedRequest({ request, folder }: RequestRecord): StagedPlace[] {
  if (folder === null) return [];
  const pem = new TextEncoder().encode(encodePem('CERTIFICATE REQUEST', request));
  const stages = [dirname(folder), folder].flatMap(abandonedIn).filter((path) => holds(path, pem));
  return stages.map((stage) => ({ stage, path: folder, force: false }));
}

/** What others left there is none of ours to read. */
function holds(stage: string, bytes: Uint8Array): boolean {
  try {
    return readdirSync(stage).some((name) => {
      const found = attempt(() => readStanding(join(stage, name)));
      return found !== undefined && equalBytes(found.bytes, bytes);
    });
  } catch {
    return false;
  }
}
