// A service that a cell has shown: live from the server part, also when the notebook's kernel is gone.

import { ReactWidget } from '@jupyterlab/ui-components';
import type { IRenderMime } from '@jupyterlab/rendermime-interfaces';
import type { Message } from '@lumino/messaging';
import * as React from 'react';
import { Context, useParts, useSignal, type IContext } from '../context';
import { ServiceDetails } from '../panel/services';
import { State } from '../panel/parts';
import { isBehindAView, mimeOf } from './face';
import { Sight } from './sight';

export const MIME = mimeOf('service');

interface ISeen {
  name: string;
  state: string;
  change: { action: string; milliseconds: number; what: string[]; notes: string[] } | null;
  moved: string[];
  /** When the service was created, in seconds; 0 if a version of this package has shown it that did not tell. */
  created: number;
  /** The id of its workspace; empty in outputs of older packages. */
  workspace: string;
}

function seenIn(data: unknown): ISeen {
  const found = (data ?? {}) as Partial<ISeen>;
  return {
    name: String(found.name ?? ''),
    state: String(found.state ?? ''),
    change: found.change ?? null,
    moved: found.moved ?? [],
    created: Number(found.created ?? 0),
    workspace: String(found.workspace ?? '')
  };
}

export class ServiceCard extends ReactWidget implements IRenderMime.IRenderer {
  constructor(
    private readonly _context: IContext,
    private readonly _still: IRenderMime.IRenderer
  ) {
    super();
    this.addClass('jp-ModelDeploy');
    this.addClass('jp-ModelDeploy-card');
    this._sight = new Sight(_context.store);
  }

  async renderModel(model: IRenderMime.IMimeModel): Promise<void> {
    this._seen = seenIn(model.data[MIME]);
    this.toggleClass('jp-ModelDeploy-summary', isBehindAView(model.data[MIME]));
    await this._still.renderModel(model);
    this.update();
    await this.renderPromise;
  }

  protected render(): JSX.Element {
    return (
      <Context.Provider value={this._context}>{this._seen && <Card seen={this._seen} still={this._still.node} />}</Context.Provider>
    );
  }

  protected onAfterAttach(message: Message): void {
    super.onAfterAttach(message);
    this._sight.attach(this.node);
  }

  protected onBeforeDetach(message: Message): void {
    this._sight.detach();
    super.onBeforeDetach(message);
  }

  dispose(): void {
    this._sight.dispose();
    this._still.dispose();
    super.dispose();
  }

  private _seen: ISeen | null = null;
  private readonly _sight: Sight;
}

function Card({ seen, still }: { seen: ISeen; still: HTMLElement }): JSX.Element {
  const { store, trans } = useParts();
  useSignal(store.changed);
  const service = store.overview?.services.find(one => one.name === seen.name);
  const isLive = store.overview !== null && !store.problem && !store.isForeign;
  if (!isLive) {
    return <Still node={still} />;
  }
  const isOther = Boolean(service?.created && seen.created && service.created !== seen.created);
  const workspace = store.overview?.workspace;
  const isElsewhere = (isOther || !service) && Boolean(seen.workspace && workspace && seen.workspace !== workspace);
  if (isElsewhere || isOther) {
    // What is live would be about another service.
    const said = isElsewhere
      ? trans.__("It belongs to another workspace than that of Jupyter's server, so nothing is known of it now.")
      : trans.__('Another service %1 has been created since then.', seen.name);
    return (
      <>
        <Still node={still} />
        <div className="jp-ModelDeploy-said" role="status">
          {said}
        </div>
      </>
    );
  }
  if (!service) {
    return (
      <section className="jp-ModelDeploy-box" aria-label={trans.__('service %1', seen.name)}>
        <div className="jp-ModelDeploy-title">
          <b>{seen.name}</b>
          <State state={trans.__('Deleted')} />
        </div>
        <Done seen={seen} />
      </section>
    );
  }
  return (
    <section className="jp-ModelDeploy-box" aria-label={trans.__('service %1', seen.name)}>
      <ServiceDetails service={service} named />
      <Done seen={seen} />
    </section>
  );
}

/** What the cell did, which stays true whatever the service does later. */
function Done({ seen }: { seen: ISeen }): JSX.Element | null {
  const { trans } = useParts();
  const { change, moved } = seen;
  if (!change && !moved.length) {
    return null;
  }
  const took = change?.milliseconds ? ` ${trans.__('in %1 ms', Math.round(change.milliseconds).toLocaleString('en'))}` : '';
  const what = change?.what.length ? ` (${change.what.join(', ')})` : '';
  return (
    <div className="jp-ModelDeploy-soft">
      {change && <div>{trans.__('This cell: %1', `${change.action}${took}${what}`)}</div>}
      {change?.notes.map(note => <div key={note}>{note}</div>)}
      {moved.map(one => (
        <div key={one}>{one}</div>
      ))}
    </div>
  );
}

/** The face as it was saved, where there is nothing live to show. */
function Still({ node }: { node: HTMLElement }): JSX.Element {
  const box = React.useRef<HTMLDivElement>(null);
  React.useLayoutEffect(() => box.current?.replaceChildren(node), [node]);
  return <div ref={box} />;
}
