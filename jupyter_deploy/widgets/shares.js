// The arithmetic of an endpoint's traffic, as the package has it in Python: a table of cases holds both.
function balanced(shares, moved, wanted) {
  const others = Object.keys(shares).filter((name) => name !== moved);
  const share = Math.max(0, Math.min(100, wanted));
  if (!others.length) return { [moved]: share ? 100 : 0 };
  const left = 100 - share;
  const had = others.reduce((sum, name) => sum + shares[name], 0);
  const exact = Object.fromEntries(others.map((name, place) => [name, had ? (left * shares[name]) / had : place ? 0 : left]));
  const found = Object.fromEntries(others.map((name) => [name, Math.floor(exact[name])]));
  const rest = left - others.reduce((sum, name) => sum + found[name], 0);
  const over = (name) => found[name] - exact[name];
  for (const name of [...others].sort((one, other) => over(one) - over(other)).slice(0, rest)) found[name] += 1;
  return Object.fromEntries(Object.keys(shares).map((name) => [name, name === moved ? share : found[name]]));
}

// What is left where some deployments are gone and others are new: the sum stays, and new ones have nothing.
function within(shares, names) {
  const found = { ...shares };
  for (const gone of Object.keys(shares).filter((name) => !names.includes(name))) {
    Object.assign(found, found[gone] ? balanced(found, gone, 0) : {});
    delete found[gone];
  }
  return Object.fromEntries(names.map((name) => [name, found[name] ?? 0]));
}

function isSame(one, other) {
  return [...Object.keys(one), ...Object.keys(other)].every((name) => (one[name] ?? 0) === (other[name] ?? 0));
}
