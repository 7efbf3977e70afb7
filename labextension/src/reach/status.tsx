// The number of services that are not well, in the status bar.

import { ReactWidget } from '@jupyterlab/ui-components';
import type { Message } from '@lumino/messaging';
import * as React from 'react';
import { Context, useParts, useSignal, type IContext } from '../context';
import type { IViewer } from '../store';
import { COMMANDS } from './names';

const WELL = new Set(['Healthy', 'Transitioning', 'Stopped']);

export class StatusItem extends ReactWidget {
  constructor(private readonly _context: IContext) {
    super();
    this.addClass('jp-ModelDeploy-status');
    this._viewer = _context.store.viewer();
  }

  protected render(): JSX.Element {
    return (
      <Context.Provider value={this._context}>
        <Status />
      </Context.Provider>
    );
  }

  protected onAfterAttach(message: Message): void {
    super.onAfterAttach(message);
    this._viewer.show(true);
  }

  dispose(): void {
    this._viewer.dispose();
    super.dispose();
  }

  private readonly _viewer: IViewer;
}

function Status(): JSX.Element | null {
  const { store, commands, trans } = useParts();
  useSignal(store.changed);
  if (!store.overview || store.problem) {
    return null;
  }
  const { services } = store.overview;
  if (!services.length) {
    return null;
  }
  const ill = services.filter(one => !WELL.has(one.state));
  const text = ill.length
    ? trans._n('%1 service unhealthy', '%1 services unhealthy', ill.length, ill.length)
    : trans._n('%1 service', '%1 services', services.length, services.length);
  return (
    <button
      type="button"
      className="jp-StatusBar-TextItem"
      data-ill={ill.length > 0}
      title={ill.length ? ill.map(one => `${one.name}: ${one.state}`).join('\n') : trans.__('Open the panel of models and services')}
      onClick={() => void commands.execute(COMMANDS.panel)}
    >
      {ill.length > 0 && <span aria-hidden="true">▲ </span>}
      {text}
    </button>
  );
}
