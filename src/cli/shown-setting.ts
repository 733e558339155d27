/** The settings of a template for a person: a placeholder of a default says nothing to one. */
import type { Template } from '../bundle/template.ts';

const MEANINGS: Readonly<Record<string, string>> = {
  label: '(the label)',
  server: '(the server)',
  serverAddress: '(the server)',
  'leaf.host': '(the server)',
  'leaf.address': '(the server)',
};

/** What a setting is unless it is set; `--set` cannot take what stands in brackets. */
export const shownDefault = ({ default: text = 'no' }: Template['settings'][string]): string =>
  text.includes('{{') ? (MEANINGS[text.replace(/^\{\{([\w.]+)\}\}$/, '$1')] ?? '(from the certificate)') : text;
