// A widget that looks at the store's overview while it is on the screen, and asks for nothing while it is not.

import { ReactWidget } from '@jupyterlab/ui-components';
import type { Message } from '@lumino/messaging';
import * as React from 'react';
import { Context, type IContext } from './context';
import type { IViewer } from './store';

export abstract class ViewingWidget extends ReactWidget {
  constructor(protected readonly context: IContext) {
    super();
    this._viewer = context.store.viewer();
  }

  /** What is drawn within the shared context. */
  protected abstract body(): JSX.Element;

  protected render(): JSX.Element {
    return <Context.Provider value={this.context}>{this.body()}</Context.Provider>;
  }

  protected onAfterShow(message: Message): void {
    super.onAfterShow(message);
    this._viewer.show(true);
  }

  protected onAfterAttach(message: Message): void {
    super.onAfterAttach(message);
    this._viewer.show(this.isVisible);
  }

  protected onBeforeHide(message: Message): void {
    super.onBeforeHide(message);
    this._viewer.show(false);
  }

  protected onBeforeDetach(message: Message): void {
    this._viewer.show(false);
    super.onBeforeDetach(message);
  }

  dispose(): void {
    this._viewer.dispose();
    super.dispose();
  }

  private readonly _viewer: IViewer;
}
