// The arithmetic of an endpoint's traffic, as the package has it in Python: a table of cases holds both.

export type Shares = Record<string, number>;

export const WHOLE = 100;
export const MOST_MIRRORED = 50;

/**
 * Move one share, and let the others keep their proportions so that the sum stays 100.
 *
 * Where the others have nothing, the first of them takes what is left; alone, a deployment has 100 or 0.
 */
export function balanced(shares: Shares, moved: string, wanted: number): Shares {
  const others = Object.keys(shares).filter(name => name !== moved);
  const share = Math.max(0, Math.min(WHOLE, wanted));
  if (!others.length) {
    return { [moved]: share ? WHOLE : 0 };
  }
  const left = WHOLE - share;
  const had = others.reduce((sum, name) => sum + shares[name], 0);
  const exact = new Map(others.map((name, place) => [name, had ? (left * shares[name]) / had : place ? 0 : left]));
  const found = new Map([...exact].map(([name, value]) => [name, Math.floor(value)]));
  const rest = left - [...found.values()].reduce((sum, value) => sum + value, 0);
  // The largest remainders get what rounding has left, so that no share is off by more than one.
  const over = (name: string): number => found.get(name)! - exact.get(name)!;
  for (const name of [...others].sort((one, other) => over(one) - over(other)).slice(0, rest)) {
    found.set(name, found.get(name)! + 1);
  }
  return Object.fromEntries(Object.keys(shares).map(name => [name, name === moved ? share : found.get(name)!]));
}

/** What is left of shares where some deployments are gone and others are new: the sum stays, and new ones have nothing. */
export function within(shares: Shares, names: string[]): Shares {
  const found = { ...shares };
  for (const gone of Object.keys(shares).filter(name => !names.includes(name))) {
    Object.assign(found, found[gone] ? balanced(found, gone, 0) : {});
    delete found[gone];
  }
  return Object.fromEntries(names.map(name => [name, found[name] ?? 0]));
}

/** Whether two sets of shares say the same; what is left out has none. */
export function isSame(one: Shares, other: Shares): boolean {
  return [...Object.keys(one), ...Object.keys(other)].every(name => (one[name] ?? 0) === (other[name] ?? 0));
}

/** Shares as the command line reads them. */
export function written(shares: Shares): string[] {
  return Object.entries(shares).map(([name, share]) => `${name}=${share}`);
}
