/** Before a command does its own work: what one that was killed had begun in this home is finished, or undone. */
import { finishStaged, isUnfinished, type StagedPlace } from '../bundle/finish.ts';
import { LocalCaError } from '../errors.ts';
import type { Home } from '../store/home.ts';
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
  return (await store.placements()).flatMap(({ stages }) => stages).filter(isUnfinished);
}
