// An endpoint's traffic: a bar, and sliders that keep 100 % and change nothing before they are confirmed.

import * as React from 'react';
import { useParts, useSignal } from '../context';
import type { IEndpoint } from '../api/records';
import type { Store } from '../store';
import { Button } from './parts';
import { balanced, isSame, MOST_MIRRORED, WHOLE, within, written, type Shares } from './shares';

/** How many grounds the style sheet has for the parts of a bar. */
const GROUNDS = 6;

/** What somebody has moved and not confirmed yet, and the shares from which they began. */
interface IDraft {
  from: { traffic: Shares; mirror: Shares };
  traffic: Shares;
  mirror: Shares;
}

// A row that is scrolled off the list is not in the page any more; what was moved there must not be lost.
const drafts = new WeakMap<Store, Map<string, IDraft>>();

function useDraft(name: string): [IDraft | null, (draft: IDraft | null) => void] {
  const { store } = useParts();
  const kept = drafts.get(store) ?? new Map<string, IDraft>();
  drafts.set(store, kept);
  const [draft, set] = React.useState<IDraft | null>(kept.get(name) ?? null);
  const keep = (changed: IDraft | null): void => {
    if (changed) {
      kept.set(name, changed);
    } else {
      kept.delete(name);
    }
    set(changed);
  };
  return [draft, keep];
}

function told(shares: Shares): string {
  return Object.entries(shares)
    .map(([name, share]) => `${name} ${share} %`)
    .join(', ');
}

/** The shares as one bar of 100 %. */
export function Bar({ shares, short }: { shares: Shares; short?: boolean }): JSX.Element {
  const { trans } = useParts();
  const has = Object.values(shares).some(share => share > 0);
  const label = has ? trans.__('traffic: %1', told(shares)) : trans.__('no deployment has traffic');
  return (
    <div className="jp-ModelDeploy-bar" data-short={short} role="img" aria-label={label} title={label}>
      {Object.entries(shares).map(
        ([name, share], place) =>
          share > 0 && (
            <span key={name} data-ground={place % GROUNDS} style={{ flexGrow: share }}>
              {short ? '' : `${name} ${share} %`}
            </span>
          )
      )}
      {!has && !short && <span className="jp-ModelDeploy-soft">{label}</span>}
    </div>
  );
}

/** What the sliders of an endpoint show and do. */
export interface ISliders {
  traffic: Shares;
  mirror: Shares;
  move: (name: string, share: number) => void;
  copy: (name: string, share: number) => void;
  /** What is below the sliders: nothing, or how what was moved comes into force. */
  confirm: JSX.Element | null;
}

export function useSliders(endpoint: IEndpoint, key: string): ISliders {
  const { actions, store, trans } = useParts();
  useSignal(actions.changed);
  const { name, traffic, mirror } = endpoint;
  const [kept, setDraft] = useDraft(name);
  const names = Object.keys(traffic);
  // Deployments that have come or gone since the sliders were moved.
  const draft = kept && {
    from: kept.from,
    traffic: within(kept.traffic, names),
    mirror: Object.fromEntries(Object.entries(kept.mirror).filter(([one]) => names.includes(one)))
  };
  const hasLost = kept !== null && Object.keys({ ...kept.traffic, ...kept.mirror }).some(one => !names.includes(one));
  const shown = draft ?? { traffic, mirror };
  const isNow = draft !== null && isSame(draft.traffic, traffic) && isSame(draft.mirror, mirror);
  React.useEffect(() => {
    if (isNow) {
      setDraft(null);
    }
  }, [isNow]);
  const change = (changed: { traffic: Shares; mirror: Shares }): void => {
    const isBack = isSame(changed.traffic, traffic) && isSame(changed.mirror, mirror);
    setDraft(isBack ? null : { from: draft?.from ?? { traffic, mirror }, ...changed });
  };
  const known = shown.traffic;
  const move = (one: string, share: number): void => {
    const next = balanced(known, one, share);
    const copies = Object.entries(shown.mirror).filter(([other]) => !next[other]);
    change({ traffic: next, mirror: Object.fromEntries(copies) });
  };
  const copy = (one: string, share: number): void =>
    change({ traffic: known, mirror: share > 0 ? { [one]: Math.min(MOST_MIRRORED, share) } : {} });
  const isMoved = draft !== null && !isNow;
  const isOvertaken = isMoved && (hasLost || !(isSame(draft.from.traffic, traffic) && isSame(draft.from.mirror, mirror)));
  const apply = async (): Promise<void> => {
    // Where the present shares are on the screen, they are what is decided on; else those that were moved.
    const seen = isOvertaken || !draft ? traffic : draft.from.traffic;
    const args = { action: 'traffic', endpoint: name, words: written(known), only_if: written(seen).join(' ') };
    const copies = Object.keys(shown.mirror).length ? written(shown.mirror).join(' ') : 'none';
    if (await actions.run(key, trans.__('Sharing the traffic of %1', name), 'endpoint', { ...args, mirror: copies })) {
      await store.refresh();
      setDraft(null);
    }
  };
  const confirm = isMoved ? (
    <div className="jp-ModelDeploy-confirm" role="group" aria-label={trans.__('confirm the traffic of %1', name)}>
      {isOvertaken && (
        <p role="alert">
          {trans.__('It was changed meanwhile. It is now: %1.', told(traffic) + mirrored(mirror, trans.__('mirrored')))}
        </p>
      )}
      <div className="jp-ModelDeploy-buttons">
        <Button
          label={isOvertaken ? trans.__('Apply all the same') : trans.__('Apply')}
          kind="main"
          disabled={actions.busy(key) !== undefined}
          press={() => void apply()}
        />
        <Button label={trans.__('Reset')} press={() => setDraft(null)} />
        <span className="jp-ModelDeploy-soft">{trans.__('not in force yet')}</span>
      </div>
    </div>
  ) : null;
  return { traffic: known, mirror: shown.mirror, move, copy, confirm };
}

function mirrored(shares: Shares, word: string): string {
  return Object.entries(shares)
    .map(([name, share]) => `, ${name} ${share} % ${word}`)
    .join('');
}

interface ISlider {
  label: string;
  /** For a screen reader. */
  name: string;
  value: number;
  most?: number;
  disabled?: boolean;
  set: (value: number) => void;
}

export function Slider({ label, name, value, most = WHOLE, disabled, set }: ISlider): JSX.Element {
  return (
    <label className="jp-ModelDeploy-slider">
      <span className="jp-ModelDeploy-soft">{label}</span>
      <input
        type="range"
        min={0}
        max={most}
        step={1}
        value={value}
        disabled={disabled}
        aria-label={name}
        aria-valuetext={`${value} %`}
        onChange={event => set(Number(event.target.value))}
      />
      <output>{value} %</output>
    </label>
  );
}
