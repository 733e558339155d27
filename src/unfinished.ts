/**
 * Work that would leave something behind, a private key perhaps, if the process ended now. Whoever begins such work
 * registers how to undo it; whoever ends the process early, as the command line does on Ctrl-C, has it undone.
 */
const begun = new Set<() => void>();

/** Registers a clean-up, which must not wait for anything; what it gives takes the clean-up back. */
export function unfinished(cleanUp: () => void): () => void {
  // The same function may be registered by two pieces of work.
  const own = () => cleanUp();
  begun.add(own);
  return () => void begun.delete(own);
}

/** Undoes it backwards: the first may have made the folder that the others are in. */
export function undoUnfinished(): void {
  for (const cleanUp of [...begun].reverse()) {
    begun.delete(cleanUp);
    try {
      cleanUp();
    } catch {
      // The others still have to be undone.
    }
  }
}
