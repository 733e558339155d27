/** A program that answers each line of its input with a line: one start-up serves many cases. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { pathOf } from './peers.ts';

export class LineWorker {
  readonly #program: string;
  readonly #args: readonly string[];
  #child: ChildProcessWithoutNullStreams | undefined;
  #talk = '';
  readonly #waiting: { resolve: (line: string) => void; reject: (error: Error) => void }[] = [];

  constructor(program: string, args: readonly string[]) {
    this.#program = program;
    this.#args = args;
  }

  /** The answer to one case, its fields parted by tabs. The program starts at the first. */
  ask(...fields: readonly string[]): Promise<string> {
    const child = this.#running();
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      child.stdin.write(`${fields.join('\t')}\n`);
    });
  }

  /** Ends its input, and with that the program. */
  close(): void {
    this.#child?.stdin.end();
  }

  #running(): ChildProcessWithoutNullStreams {
    if (this.#child !== undefined) return this.#child;
    const child = spawn(pathOf(this.#program), this.#args);
    child.stdin.on('error', () => {});
    child.stderr.on('data', (chunk: Buffer) => {
      this.#talk += chunk.toString();
    });
    child.on('close', (status) => this.#fail(new Error(`${this.#program} ended with ${status}: ${this.#talk}`)));
    child.on('error', (error) => this.#fail(error));
    createInterface(child.stdout).on('line', (line) => this.#waiting.shift()?.resolve(line));
    this.#child = child;
    return child;
  }

  #fail(error: Error): void {
    this.#child = undefined;
    for (const { reject } of this.#waiting.splice(0)) reject(error);
  }
}
