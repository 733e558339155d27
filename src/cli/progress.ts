/** A progress bar on stderr, where somebody would see it; nothing elsewhere. */
import type { SingleBar } from 'cli-progress';
import type { Io } from './io.ts';

export interface Progress {
  readonly update: (done: number) => void;
  readonly stop: () => void;
}

/** Fewer than this are done before a bar could be read. */
const WORTH_A_BAR = 20;

export function progressBar(io: Io, total: number, what = 'certificates'): Progress {
  if (!io.progress || total < WORTH_A_BAR) return { update: () => {}, stop: () => {} };
  let bar: SingleBar | undefined;
  let stopped = false;
  const update = (done: number) => bar?.update(done);
  const loading = import('cli-progress').then(({ default: { SingleBar, Presets } }) => {
    if (stopped) return;
    bar = new SingleBar(
      { format: `{bar} {value}/{total} ${what}, {eta} s left`, clearOnComplete: true },
      Presets.shades_classic,
    );
    bar.start(total, 0);
  });
  const stop = () => {
    stopped = true;
    bar?.stop();
  };
  // A bar that cannot be drawn is no reason to stop issuing.
  loading.catch(() => {});
  return { update, stop };
}
