// A widget that looks at the store's overview while it is on the screen, and asks for nothing while it is not.

import { ReactWidget } from '@jupyterlab/ui-components';
import type { Message } from '@lumino/messaging';
import * as React from 'react';
import { problemOf } from './api/client';
import { Context, type IContext } from './context';
import { Button, ProblemView } from './panel/parts';
import type { IViewer } from './store';

/** Shows what went wrong while something was drawn, where React would leave nothing at all. */
class Boundary extends React.Component<{ context: IContext; children: React.ReactNode }, { failed: unknown }> {
  state = { failed: null };

  static getDerivedStateFromError(error: unknown): { failed: unknown } {
    return { failed: error };
  }

  componentDidMount(): void {
    this.props.context.store.changed.connect(this._again, this);
  }

  componentWillUnmount(): void {
    this.props.context.store.changed.disconnect(this._again, this);
  }

  render(): React.ReactNode {
    const { children, context } = this.props;
    if (this.state.failed === null) {
      return children;
    }
    return (
      <div className="jp-ModelDeploy-missing">
        <ProblemView problem={problemOf(this.state.failed)} />
        <Button label={context.trans.__('Reload')} kind="main" press={() => void context.store.refresh()} />
      </div>
    );
  }

  /** Other facts may be ones that can be drawn. */
  private _again(): void {
    if (this.state.failed !== null) {
      this.setState({ failed: null });
    }
  }
}

export abstract class ViewingWidget extends ReactWidget {
  constructor(protected readonly context: IContext) {
    super();
    this._viewer = context.store.viewer();
  }

  /** What is drawn within the shared context. */
  protected abstract body(): JSX.Element;

  protected render(): JSX.Element {
    return (
      <Context.Provider value={this.context}>
        <Boundary context={this.context}>{this.body()}</Boundary>
      </Context.Provider>
    );
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
