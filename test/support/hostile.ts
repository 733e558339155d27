/**
 * What strangers may hand in: DER whose elements are left out, repeated, exchanged, renamed, nested or lie about their length,
 * and text with the same done to it. The same seed gives the same, so that a failure can be had again.
 */
import { concatBytes, type Element, elementsIn, tlv } from '../../src/core/der.ts';
import { LocalCaError } from '../../src/errors.ts';

/** A whole number below another. */
export type Dice = (below: number) => number;

export function dice(seed: number): Dice {
  let state = seed * 2654435761 + 1;
  return (below) => {
    // Mulberry32.
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

export const pick = <T>(roll: Dice, list: readonly T[]): T => list[roll(list.length)] as T;

/** What `run` gives or throws: anything but one of our errors, with a hint, is a defect. */
export async function resultOrRefusal(run: () => unknown): Promise<void> {
  try {
    await run();
  } catch (error) {
    if (error instanceof LocalCaError && error.code !== 'LOCAL_CA_INTERNAL' && error.hint !== '') return;
    throw error;
  }
}

// --- DER ---------------------------------------------------------------------------------------------------------

interface Node {
  tag: number;
  /** Of a constructed element, and of a string that has DER in it. */
  parts?: Node[];
  contents: Uint8Array;
  /** In the place of its encoding. */
  lie?: Uint8Array;
}

function nodesIn(bytes: Uint8Array, depth = 0): Node[] | undefined {
  try {
    return [...elementsIn({ contents: bytes } as Element)].map(({ tag, contents }) => {
      const isNested = (tag & 0x20) !== 0 || (tag === 4 && contents.length > 1);
      const parts = isNested && depth < 20 ? nodesIn(contents, depth + 1) : undefined;
      return parts === undefined || parts.length === 0 ? { tag, contents } : { tag, contents, parts };
    });
  } catch {
    return undefined;
  }
}

const encoded = ({ tag, parts, contents, lie }: Node): Uint8Array =>
  lie ?? tlv(tag, parts === undefined ? contents : concatBytes(...parts.map(encoded)));

const allIn = (list: Node[]): { list: Node[]; at: number }[] =>
  list.flatMap((node, at) => [{ list, at }, ...(node.parts === undefined ? [] : allIn(node.parts))]);

const TAGS = [
  1, 2, 3, 4, 5, 6, 10, 12, 19, 20, 23, 24, 28, 30, 0x30, 0x31, 0x80, 0x81, 0x82, 0x86, 0x87, 0xa0, 0xa1, 0xa3,
];
const TEXTS = [
  '',
  '\0',
  'a\0b',
  '*.*',
  '../../x',
  '\u202e',
  'x'.repeat(300),
  '99991231235959Z',
  'xn--a',
  'http://[',
  '\x1b[2J',
];
const NUMBERS = [[], [0x80], [0, 0], [0x7f, 0xff, 0xff, 0xff], [0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]];
const LENGTHS = [[0x80], [0xff], [0x84, 0xff, 0xff, 0xff, 0xff], [0x88, 1, 1, 1, 1, 1, 1, 1, 1], [0], [0x7f]];

const bytesOf = (roll: Dice, length: number) => Uint8Array.from({ length }, () => roll(256));

function otherContents(roll: Dice, { tag, contents }: Node): Uint8Array {
  if (tag === 2 || tag === 10) return Uint8Array.from(pick(roll, NUMBERS));
  if (roll(3) === 0) return contents.subarray(0, roll(contents.length + 1));
  return roll(2) === 0 ? new TextEncoder().encode(pick(roll, TEXTS)) : bytesOf(roll, roll(40));
}

function nested(node: Node, levels: number): Uint8Array {
  let bytes = encoded(node);
  for (let i = 0; i < levels; i++) bytes = tlv(0x30, bytes);
  return bytes;
}

const CHANGES: readonly ((roll: Dice, list: Node[], at: number, all: { list: Node[]; at: number }[]) => void)[] = [
  (_, list, at) => void list.splice(at, 1),
  (roll, list, at) => void list.splice(at, 0, ...new Array<Node>(1 + roll(3)).fill(list[at] as Node)),
  (roll, list, at) => {
    list[at] = { ...(list[at] as Node), tag: pick(roll, TAGS) };
  },
  (roll, list, at) => {
    const node = list[at] as Node;
    list[at] = { tag: node.tag, contents: otherContents(roll, node) };
  },
  (roll, list, at, all) => {
    const other = pick(roll, all);
    list[at] = other.list[other.at] as Node;
  },
  (roll, list, at) => {
    const node = list[at] as Node;
    const lie = concatBytes(Uint8Array.of(node.tag), Uint8Array.from(pick(roll, LENGTHS)), node.contents);
    list[at] = { ...node, lie };
  },
  (roll, list, at) => {
    list[at] = { ...(list[at] as Node), lie: nested(list[at] as Node, 1 + roll(400)) };
  },
  (_, list) => void list.reverse(),
];

/** One to three changes, of any of its elements. */
export function hostileDer(der: Uint8Array, roll: Dice): Uint8Array {
  const root = nodesIn(der) ?? [];
  for (let i = roll(3); i >= 0; i--) {
    // An element that was put into itself would have no end.
    const all = allIn(root).slice(0, 2000);
    if (all.length === 0) break;
    const { list, at } = pick(roll, all);
    const before = root.map(encoded);
    pick(roll, CHANGES)(roll, list, at, all);
    if (isLoop(root)) return concatBytes(...before);
  }
  return concatBytes(...root.map(encoded));
}

function isLoop(list: readonly Node[], above: ReadonlySet<unknown> = new Set()): boolean {
  return list.some((node) => {
    if (node.parts === undefined || node.lie !== undefined) return false;
    return above.has(node.parts) || isLoop(node.parts, new Set([...above, node.parts]));
  });
}

// --- text --------------------------------------------------------------------------------------------------------

const ODD = [
  '\r',
  '\n',
  '\u2028',
  '\0',
  '\ufeff',
  ':',
  '=',
  '-----',
  '[',
  '{',
  '"',
  '{{',
  '}}',
  '\\',
  '1e999',
  '-1',
  'null',
];

/** One to four changes; `words` are what the format has a meaning for. */
export function hostileText(text: string, roll: Dice, words: readonly string[] = []): string {
  let changed = text;
  for (let i = roll(4); i >= 0; i--) {
    const at = roll(changed.length + 1);
    const [before, after] = [changed.slice(0, at), changed.slice(at)];
    const put = pick(roll, [...ODD, ...words]);
    changed = pick(roll, [
      () => before + after.slice(1 + roll(20)),
      () => before + put + after,
      () => before + put.repeat(roll(300)) + after,
      () => before,
      () => before + changed.slice(roll(at + 1), at) + after,
      () => changed.replaceAll('\n', pick(roll, ['\r\n', '\r', ''])),
    ])();
  }
  return changed;
}
