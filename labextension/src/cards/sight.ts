// Whether a card is on the screen: only then it asks anything, for a long notebook may hold many.

import type { IViewer, Store } from '../store';

export class Sight {
  constructor(
    store: Store,
    private readonly _changed: (isSeen: boolean) => void = () => undefined
  ) {
    this._viewer = store.viewer();
  }

  attach(node: HTMLElement): void {
    this._observer = new IntersectionObserver(entries => this._set(entries[entries.length - 1].isIntersecting));
    this._observer.observe(node);
  }

  detach(): void {
    this._observer?.disconnect();
    this._set(false);
  }

  dispose(): void {
    this._observer?.disconnect();
    this._viewer.dispose();
  }

  private _set(isSeen: boolean): void {
    this._viewer.show(isSeen);
    this._changed(isSeen);
  }

  private _observer: IntersectionObserver | null = null;
  private readonly _viewer: IViewer;
}
