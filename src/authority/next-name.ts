/** What a CA with a new key is called, where two of one name would be mistaken for each other. */
import { children, readWhole, sequence, TAG } from '../core/der.ts';
import { type Attribute, type DistinguishedName, decodeSubject, encodeSubject } from '../core/subject.ts';

/** What stands between a CA's name and its number, by role: `X intermediate 2` and `X G2`. */
const MARKS = { intermediate: ' ', root: ' G' } as const;

/** ub-common-name (RFC 5280 appendix A.1), in characters. */
const LONGEST = 64;

/**
 * The same name, with the next number after its CN; all else of it stays byte for byte. Without a CN, all of it does.
 */
export function nextName(subject: Uint8Array, role: keyof typeof MARKS): Uint8Array {
  const parts = decodeSubject(subject);
  const written = children(readWhole(subject, TAG.sequence)).map(({ bytes }, i) => {
    const part = parts[i] ?? [];
    return part.some(isName) ? partOf(part.map((one) => (isName(one) ? numbered(one, MARKS[role]) : one))) : bytes;
  });
  return sequence(...written);
}

/** One that is no string is nothing to add a number to. */
const isName = ({ type, encoded }: Attribute): boolean => type === 'CN' && encoded !== true;

function numbered({ type, value }: Attribute, mark: string): Attribute {
  const [, name = value, number = '1'] = new RegExp(`^(.*?)(?:${mark}(\\d{1,4}))?$`, 's').exec(value) ?? [];
  const end = `${mark}${Number(number) + 1}`;
  const room = LONGEST - end.length;
  return { type, value: `${[...name].slice(0, room).join('').trimEnd()}${end}` };
}

const partOf = (part: DistinguishedName[number]): Uint8Array =>
  children(readWhole(encodeSubject([part]), TAG.sequence))[0]?.bytes as Uint8Array;
