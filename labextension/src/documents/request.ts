// From the fields of a form to the text of a request, and back.

import type { IField } from '../api/records';

export interface IWrong {
  /** Which field; its place in the list. */
  field: number;
  message: string;
}

/**
 * Write the request's body. Fields that are left empty are left out: the script has defaults of its own.
 *
 * It is text of JSON and not values: what the browser's numbers cannot hold goes through as it was typed.
 */
export function bodyOf(fields: IField[], values: string[]): string | IWrong {
  const parts = new Map<string, string[]>();
  for (const [index, field] of fields.entries()) {
    const typed = field.kind === 'text' ? JSON.stringify(values[index]) : values[index].trim();
    if (typed === '') {
      continue;
    }
    try {
      JSON.parse(typed);
    } catch (error) {
      const what = field.kind === 'json' ? `This is not JSON: ${(error as Error).message}` : `This is no ${field.kind}.`;
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
  let found: Record<string, unknown> = {};
  try {
    found = JSON.parse(body) as Record<string, unknown>;
  } catch {
    return fields.map(field => field.value);
  }
  return fields.map(field => {
    const table = field.of ? (found?.[field.of] as Record<string, unknown>[] | undefined)?.[0] : found;
    const value = table?.[field.name];
    if (value === undefined) {
      return '';
    }
    return field.kind === 'text' ? String(value) : JSON.stringify(value);
  });
}
