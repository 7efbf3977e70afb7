// A service's log in the main area. Only the lines on screen are in the page.

import { ReactWidget } from '@jupyterlab/ui-components';
import type { Message } from '@lumino/messaging';
import { Poll } from '@lumino/polling';
import * as React from 'react';
import { problemOf } from '../api/client';
import { Context, useParts, useSignal, type IContext } from '../context';
import { Button, ProblemView, Search } from '../panel/parts';
import { LogModel } from './logmodel';

const LINE = 18; // pixels, as in the style sheet
const AROUND = 20; // lines above and below that are drawn too

export class LogView extends ReactWidget {
  constructor(
    private readonly _context: IContext,
    readonly service: string
  ) {
    super();
    this.addClass('jp-ModelDeploy');
    this.addClass('jp-ModelDeploy-log');
    this.model = new LogModel(_context.store.client, service);
    this._poll = new Poll({
      auto: false,
      factory: () => this._look(),
      frequency: { interval: 500, backoff: true, max: 10_000 },
      name: `jupyter-model-deploy:log:${service}`,
      standby: () => !this.isVisible || document.hidden || this.isPaused
    });
    // A log that starts is worth looking at again, whatever was said of it before.
    _context.store.touched.connect(this._touched, this);
  }

  readonly model: LogModel;
  isPaused = false;

  pause(paused: boolean): void {
    this.isPaused = paused;
    if (!paused) {
      void this._poll.refresh();
    }
    this.update();
  }

  again(): void {
    void this._poll.refresh();
  }

  protected render(): JSX.Element {
    return (
      <Context.Provider value={this._context}>
        <Log view={this} />
      </Context.Provider>
    );
  }

  protected onAfterShow(message: Message): void {
    super.onAfterShow(message);
    void this._poll.start();
  }

  protected onAfterAttach(message: Message): void {
    super.onAfterAttach(message);
    if (this.isVisible) {
      void this._poll.start();
    }
  }

  protected onBeforeHide(message: Message): void {
    super.onBeforeHide(message);
    void this._poll.stop();
  }

  dispose(): void {
    if (this.isDisposed) {
      return;
    }
    this._context.store.touched.disconnect(this._touched, this);
    this._poll.dispose();
    super.dispose();
  }

  private async _look(): Promise<void> {
    await this.model.more();
    if (this.model.problem?.status === 404) {
      // There is no such service: an event of the server, or the user, has it asked for again.
      void this._poll.stop();
    } else if (this.model.problem) {
      throw this.model.problem;
    }
  }

  private _touched(): void {
    if (this.model.problem && this.isVisible && !document.hidden) {
      void this._poll.refresh();
    }
  }

  private readonly _poll: Poll;
}

function Log({ view }: { view: LogView }): JSX.Element {
  const { trans } = useParts();
  const { model } = view;
  useSignal(model.changed);
  const [words, setWords] = React.useState('');
  const [level, setLevel] = React.useState('D');
  React.useEffect(() => model.filter({ words, level }), [model, words, level]);
  const levels = [
    ['D', trans.__('all levels')],
    ['I', trans.__('info and above')],
    ['W', trans.__('warnings and above')],
    ['E', trans.__('errors')]
  ];
  const shown = model.shown.length.toLocaleString('en');
  const all = (model.count + model.dropped).toLocaleString('en');
  // Only these are searched.
  const last = model.hasEarlier ? trans.__('the last %1 lines', all) : trans.__('%1 lines', all);
  const sum = shown === all ? last : trans.__('%1 of %2', shown, last);
  return (
    <>
      <div className="jp-ModelDeploy-head">
        <Search name={trans.__('Search the log')} value={words} set={setWords} isWide />
        <select
          className="jp-ModelDeploy-field"
          aria-label={trans.__('Levels shown')}
          value={level}
          onChange={event => setLevel(event.target.value)}
        >
          {levels.map(([value, text]) => (
            <option key={value} value={value}>
              {text}
            </option>
          ))}
        </select>
        <Button label={trans.__('Pause')} pressed={view.isPaused} press={() => view.pause(!view.isPaused)} />
        {model.hasEarlier && <Button label={trans.__('Earlier lines')} press={() => void model.earlier()} />}
        <Download view={view} />
        <span className="jp-ModelDeploy-soft" role="status">
          {sum}
        </span>
      </div>
      {model.problem && (
        <div className="jp-ModelDeploy-note">
          <ProblemView problem={model.problem} />
          <Button label={trans.__('Look again')} press={() => view.again()} />
        </div>
      )}
      <Lines model={model} />
    </>
  );
}

function Download({ view }: { view: LogView }): JSX.Element {
  const { store, trans } = useParts();
  const load = async (): Promise<void> => {
    try {
      const url = URL.createObjectURL(await store.client.wholeLog(view.service));
      const link = document.createElement('a');
      link.href = url;
      link.download = `${view.service.replace('/', '-')}.log`;
      link.click();
      window.setTimeout(() => URL.revokeObjectURL(url), 10_000);
    } catch (error) {
      view.model.problem = problemOf(error);
      view.update();
    }
  };
  return <Button label={trans.__('Download')} press={() => void load()} />;
}

function Lines({ model }: { model: LogModel }): JSX.Element {
  const { trans } = useParts();
  const box = React.useRef<HTMLDivElement>(null);
  const atEnd = React.useRef(true);
  const [view, setView] = React.useState({ top: 0, height: 800 });
  const lines = model.shown;
  React.useLayoutEffect(() => {
    const node = box.current;
    if (!node) {
      return;
    }
    const look = (): void => {
      atEnd.current = node.scrollTop + node.clientHeight >= node.scrollHeight - 4;
      setView({ top: node.scrollTop, height: node.clientHeight || 800 });
    };
    const resized = new ResizeObserver(() => setView({ top: node.scrollTop, height: node.clientHeight || 800 }));
    resized.observe(node);
    node.addEventListener('scroll', look, { passive: true });
    return () => {
      resized.disconnect();
      node.removeEventListener('scroll', look);
    };
  }, []);
  React.useLayoutEffect(() => {
    // The end stays in view for those who look at it, and only for those.
    if (box.current && atEnd.current) {
      box.current.scrollTop = box.current.scrollHeight;
    }
  }, [lines, view.height]);
  const above = React.useRef(model.above);
  React.useLayoutEffect(() => {
    // What was in view stays there.
    if (box.current) {
      box.current.scrollTop += (model.above - above.current) * LINE;
    }
    above.current = model.above;
  }, [model.above]);
  const first = Math.max(0, Math.floor(view.top / LINE) - AROUND);
  const last = Math.min(lines.length, Math.ceil((view.top + view.height) / LINE) + AROUND);
  return (
    <div className="jp-ModelDeploy-lines" ref={box} role="log" aria-live="off" tabIndex={0} aria-label={trans.__('lines of the log of %1', model.service)}>
      <div style={{ height: lines.length * LINE, position: 'relative' }}>
        <div style={{ transform: `translateY(${first * LINE}px)` }}>
          {lines.slice(first, last).map((line, index) => (
            <div className="jp-ModelDeploy-logline" data-level={line.level} key={model.first + first + index}>
              {line.text || ' '}
            </div>
          ))}
        </div>
      </div>
      {model.isKnown && !lines.length && (
        <p className="jp-ModelDeploy-empty">{model.count ? trans.__('No line fits the search.') : trans.__('Nothing has been logged yet.')}</p>
      )}
    </div>
  );
}
