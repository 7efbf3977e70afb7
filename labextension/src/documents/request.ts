// From the fields of a form to the text of a request, and back.

import type { TranslationBundle } from '@jupyterlab/translation';
import type { IField } from '../api/records';

/** What a field for text holds for a missing value: no text that can be typed. */
export const MISSING = '\0';

export interface IWrong {
  /** Which field; its place in the list. */
  field: number;
  message: string;
}

/**
 * Write the request's body. Fields that are left empty are left out: the script has defaults of its own. A column has
 * none, so that an empty one is a missing value.
 *
 * It is text of JSON and not values: what the browser's numbers cannot hold goes through as it was typed.
 */
export function bodyOf(fields: IField[], values: string[], trans: TranslationBundle): string | IWrong {
  const parts = new Map<string, string[]>();
  for (const [index, field] of fields.entries()) {
    const empty = field.of ? 'null' : '';
    const isText = field.kind === 'text' && values[index] !== MISSING;
    const typed = isText ? JSON.stringify(values[index]) : values[index].replace(MISSING, '').trim() || empty;
    if (typed === '') {
      continue;
    }
    try {
      JSON.parse(typed);
    } catch (error) {
      const reason = (error as Error).message;
      const what = field.kind === 'json' ? trans.__('This is not JSON: %1', reason) : trans.__('This is no %1.', field.kind);
      return { field: index, message: what };
    }
    const of = field.of ? `table ${field.of}` : `alone ${field.name}`;
    parts.set(of, [...(parts.get(of) ?? []), `${JSON.stringify(field.name)}: ${typed}`]);
  }
  // One row of a table: its columns together are the parameter.
  const written = [...parts].map(([of, texts]) =>
    of.startsWith('table ') ? `${JSON.stringify(of.slice(6))}: [{${texts.join(', ')}}]` : texts[0]
  );
  return `{${written.join(', ')}}`;
}

/** Fill the fields from a request that was sent before; of another version of the script, as far as it fits. */
export function valuesFrom(fields: IField[], body: string): string[] {
  try {
    JSON.parse(body);
  } catch {
    return fields.map(field => field.value);
  }
  const found = membersOf(body);
  return fields.map(field => {
    const table = field.of ? membersOf(membersOf(found.get(field.of)).get('0')) : found;
    const written = table.get(field.name);
    if (written === undefined || (written === 'null' && field.kind !== 'json')) {
      return written && field.of && field.kind === 'text' ? MISSING : '';
    }
    const value: unknown = JSON.parse(written);
    return field.kind === 'text' && typeof value === 'string' ? value : written;
  });
}

/** The members of a JSON object, or the items of a list, each as it is written: numbers keep all their digits. */
function membersOf(json = ''): Map<string, string> {
  const found = new Map<string, string>();
  const text = json.trim();
  let [depth, begins, key, isQuoted] = [0, 1, '', false];
  for (let at = 0; at < text.length; at += 1) {
    const sign = text[at];
    if (isQuoted) {
      at += sign === '\\' ? 1 : 0;
      isQuoted = sign !== '"';
      continue;
    }
    const isLast = at === text.length - 1;
    if (depth === 1 && sign === ':') {
      key = JSON.parse(text.slice(begins, at)) as string;
      begins = at + 1;
    } else if (depth === 1 && (sign === ',' || isLast)) {
      const value = text.slice(begins, at).trim();
      if (value) {
        found.set(text[0] === '{' ? key : String(found.size), value);
      }
      begins = at + 1;
    }
    isQuoted = sign === '"';
    depth += '[{'.includes(sign) ? 1 : ']}'.includes(sign) ? -1 : 0;
  }
  return found;
}
