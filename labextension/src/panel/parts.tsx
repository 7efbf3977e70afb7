// Small parts that the panel, the documents and the cards share.

import * as React from 'react';
import { useParts, useSignal } from '../context';
import type { IProblem } from '../api/records';
import { copy } from '../text';

// The words say the same for people who do not see colours.
const SIGNS: Record<string, string> = {
  Healthy: '●',
  Transitioning: '◐',
  Unhealthy: '▲',
  Unschedulable: '▲',
  Failed: '✕',
  Stopped: '■'
};

export function State({ state, short }: { state: string; short?: boolean }): JSX.Element {
  return (
    <span className="jp-ModelDeploy-state" data-state={state} title={short ? state : undefined} role={short ? undefined : 'status'}>
      <span aria-hidden="true">{SIGNS[state] ?? '○'}</span>
      <span className={short ? 'jp-ModelDeploy-unseen' : undefined}>{state}</span>
    </span>
  );
}

interface IButton {
  label: string;
  press: () => void;
  /** For a screen reader, where the label alone says too little. */
  name?: string;
  kind?: 'main' | 'danger' | 'small';
  disabled?: boolean;
  pressed?: boolean;
}

export function Button({ label, press, name, kind, disabled, pressed }: IButton): JSX.Element {
  const classes = `jp-ModelDeploy-button${kind ? ` jp-mod-${kind}` : ''}`;
  // A disabled button loses the focus, and with it the place of people who use the keyboard: this one keeps it.
  return (
    <button
      type="button"
      className={classes}
      aria-label={name}
      aria-pressed={pressed}
      aria-disabled={disabled || undefined}
      onClick={disabled ? undefined : press}
    >
      {label}
    </button>
  );
}

interface ISearch {
  /** For a screen reader. */
  name: string;
  value: string;
  set: (words: string) => void;
  isWide?: boolean;
}

export function Search({ name, value, set, isWide }: ISearch): JSX.Element {
  const { trans } = useParts();
  return (
    <input
      type="search"
      className={`jp-ModelDeploy-field${isWide ? ' jp-ModelDeploy-grow' : ''}`}
      placeholder={trans.__('Search')}
      aria-label={name}
      value={value}
      onChange={event => set(event.target.value)}
    />
  );
}

interface ICopy {
  /** The text to copy; empty after a failure, which the caller shows. */
  text: () => string | Promise<string>;
  name: string;
  label?: string;
}

export function CopyButton({ text, name, label }: ICopy): JSX.Element {
  const { trans } = useParts();
  const [said, say] = React.useState('');
  const press = async (): Promise<void> => {
    const found = await text();
    if (found) {
      say((await copy(found)) ? trans.__('Copied') : trans.__('The browser does not let this page copy'));
      window.setTimeout(() => say(''), 1500);
    }
  };
  return (
    <>
      <Button label={said || label || trans.__('Copy')} name={name} kind="small" press={() => void press()} />
      <span className="jp-ModelDeploy-unseen" role="status">
        {said}
      </span>
    </>
  );
}

/** An error: what is wrong, what to do, and the command that does it. */
export function ProblemView({ problem, close }: { problem: IProblem; close?: () => void }): JSX.Element {
  const { trans } = useParts();
  return (
    <div className="jp-ModelDeploy-told" data-ok="false" role="alert">
      <div className="jp-ModelDeploy-message">{problem.message}</div>
      {problem.lines.length > 0 && <pre tabIndex={0}>{problem.lines.join('\n')}</pre>}
      {problem.hint && (
        <div className="jp-ModelDeploy-soft">
          {trans.__('Hint')}: {problem.hint}
        </div>
      )}
      <div className="jp-ModelDeploy-buttons">
        {problem.command && (
          <CopyButton text={() => problem.command} name={trans.__('Copy %1', problem.command)} label={trans.__('Copy command')} />
        )}
        {close && <Button label={trans.__('Close')} kind="small" press={close} />}
      </div>
    </div>
  );
}

/** What is being done to a service or model, and what came of it. */
export function Told({ of }: { of: string }): JSX.Element {
  const { actions } = useParts();
  const mark = React.useRef<HTMLSpanElement>(null);
  React.useEffect(() => actions.watch(of, () => Boolean(mark.current?.getClientRects().length)), [actions, of]);
  return (
    <div className="jp-ModelDeploy-outcome">
      <span className="jp-ModelDeploy-unseen" ref={mark} />
      <Outcome of={of} />
    </div>
  );
}

function Outcome({ of }: { of: string }): JSX.Element | null {
  const { actions, trans } = useParts();
  useSignal(actions.changed);
  const busy = actions.busy(of);
  if (busy) {
    return (
      <div className="jp-ModelDeploy-busy" role="status">
        <span>
          {busy.what} … {busy.stage}
        </span>
        {busy.cancel && <Button label={trans.__('Cancel')} kind="small" press={busy.cancel} />}
      </div>
    );
  }
  const told = actions.told(of);
  if (!told) {
    return null;
  }
  const close = (): void => actions.forget(of);
  if (told.problem) {
    return <ProblemView problem={told.problem} close={close} />;
  }
  return (
    <div className="jp-ModelDeploy-told" data-ok="true" role="status">
      <div className="jp-ModelDeploy-message">{told.title}</div>
      {told.notes.map(note => (
        <div className="jp-ModelDeploy-soft" key={note}>
          {note}
        </div>
      ))}
      <Button label={trans.__('Close')} kind="small" press={close} />
    </div>
  );
}

export function Facts({ rows }: { rows: [string, React.ReactNode][] }): JSX.Element {
  return (
    <dl className="jp-ModelDeploy-facts">
      {rows
        .filter(([, value]) => value !== '' && value !== null && value !== undefined)
        .map(([label, value]) => (
          <div key={label}>
            <dt>{label}</dt>
            <dd>{value}</dd>
          </div>
        ))}
    </dl>
  );
}

export function Spark({ rates, label, wide }: { rates: number[]; label: string; wide?: boolean }): JSX.Element {
  const [width, height] = wide ? [260, 36] : [56, 16];
  const most = Math.max(...rates, 1e-9);
  const step = width / Math.max(1, rates.length - 1);
  const points = rates.map((rate, index) => `${(index * step).toFixed(1)},${(height - 1 - (rate / most) * (height - 2)).toFixed(1)}`);
  return (
    <svg className="jp-ModelDeploy-spark" role="img" aria-label={label} viewBox={`0 0 ${width} ${height}`} width={width} height={height}>
      {rates.length > 1 && <polyline points={points.join(' ')} />}
    </svg>
  );
}
