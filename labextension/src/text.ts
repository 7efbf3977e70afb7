// Numbers, sizes and times as people read them, as the command line writes them.

import type { IModel, IService } from './api/records';

export const NOTHING = '–';
const SIZES = ['B', 'kB', 'MB', 'GB'];

export function size(bytes: number): string {
  let [value, unit] = [bytes, 0];
  while (value >= 1000 && unit < SIZES.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit ? value.toFixed(1) : value} ${SIZES[unit]}`;
}

export function milliseconds(value: number | null | undefined): string {
  if (value === null || value === undefined) {
    return NOTHING;
  }
  if (value >= 1000) {
    return value < 100_000 ? `${(value / 1000).toFixed(2)} s` : `${Math.round(value / 1000).toLocaleString('en')} s`;
  }
  if (value < 0.1) {
    return `${Math.round(value * 1000)} µs`;
  }
  return `${value.toFixed(value < 1 ? 2 : value < 100 ? 1 : 0)} ms`;
}

export function count(value: number): string {
  return value.toLocaleString('en');
}

export function rate(value: number | undefined): string {
  if (value === undefined) {
    return NOTHING;
  }
  return value >= 100 ? Math.round(value).toLocaleString('en') : String(Number(value.toPrecision(3)));
}

export function duration(seconds: number): string {
  const units: [number, string][] = [
    [86400, 'd'],
    [3600, 'h'],
    [60, 'min']
  ];
  for (const [length, unit] of units) {
    if (seconds >= length) {
      return `${Math.floor(seconds / length)} ${unit}`;
    }
  }
  return seconds > 0 ? `${Math.max(1, Math.floor(seconds))} s` : NOTHING;
}

export function moment(iso: string): string {
  const at = new Date(iso);
  return Number.isNaN(at.getTime()) ? iso : at.toLocaleString();
}

export function environment(service: IService): string {
  const { name, version } = service.environment ?? {};
  if (!name) {
    return '';
  }
  return name === 'kernel' ? 'kernel' : version ? `${name}:${version}` : name;
}

/** The registered models of a service, without those that its script took from its notebook. */
export function modelsOf(service: IService): string[] {
  const captured = new Set(Object.values(service.captured ?? {}));
  return (service.models ?? []).filter(model => !captured.has(model));
}

export function framework(model: Pick<IModel, 'framework' | 'framework_version'>): string {
  return `${model.framework} ${model.framework_version}`.trim();
}

/** The words of a search, all of which must be found. */
export function matches(words: string, ...texts: string[]): boolean {
  const text = texts.join('\n').toLowerCase();
  return words
    .toLowerCase()
    .split(/\s+/)
    .every(word => text.includes(word));
}

export async function copy(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // Pages that do not come by https have no clipboard; the old way still works there.
    const area = document.createElement('textarea');
    area.value = text;
    area.style.cssText = 'position:fixed;opacity:0';
    document.body.append(area);
    area.select();
    const done = document.execCommand('copy');
    area.remove();
    return done;
  }
}
