// A list of which only the rows on screen, and some around them, are in the page.

import * as React from 'react';

export interface IRow {
  key: string;
  /** Its height until it is drawn and measured. */
  height: number;
  draw: () => React.ReactNode;
}

const AROUND = 300; // pixels above and below that are drawn too

interface IProps {
  rows: IRow[];
  label: string;
}

/** Where each row begins; one more number for the end of the last. */
function beginnings(rows: IRow[], measured: Map<string, number>): number[] {
  const tops = [0];
  for (const row of rows) {
    tops.push(tops[tops.length - 1] + (measured.get(row.key) ?? row.height));
  }
  return tops;
}

/** The last row that begins at or before a place. */
function rowAt(tops: number[], place: number): number {
  let [low, high] = [0, tops.length - 1];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (tops[middle] <= place) {
      low = middle;
    } else {
      high = middle - 1;
    }
  }
  return low;
}

/** Move the focus to the row above or below with the arrow keys. */
function onKeyDown(event: React.KeyboardEvent<HTMLDivElement>): void {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  const here = event.target instanceof HTMLElement ? event.target : null;
  if (!step || !here?.matches('[data-row]')) {
    return;
  }
  const toggles = [...event.currentTarget.querySelectorAll<HTMLElement>('[data-row]')];
  const next = toggles[toggles.indexOf(here) + step];
  if (next) {
    event.preventDefault();
    next.focus();
    next.scrollIntoView({ block: 'nearest' });
  }
}

/** What has the focus in the list. */
interface IHeld {
  node: HTMLElement;
  key: string;
  place: number;
}

/** Give the focus to the row, or to what is in its place, if what had it has left the page: it would be the page's. */
function holdFocus(box: HTMLElement | null, rows: IRow[], held: IHeld | null): void {
  if (!box || !held || held.node.isConnected || document.activeElement !== document.body) {
    return;
  }
  const place = rows.findIndex(row => row.key === held.key);
  for (let at = place < 0 ? Math.min(held.place, rows.length - 1) : place; at >= 0; at -= 1) {
    const found = box.querySelector<HTMLElement>(`[data-key="${CSS.escape(rows[at].key)}"] [data-row]`);
    if (found) {
      found.focus();
      return;
    }
  }
}

export function VirtualList({ rows, label }: IProps): JSX.Element {
  const box = React.useRef<HTMLDivElement>(null);
  const held = React.useRef<IHeld | null>(null);
  const measured = React.useRef(new Map<string, number>());
  const [view, setView] = React.useState({ top: 0, height: 600 });
  const [, measure] = React.useReducer((count: number) => count + 1, 0);
  const observer = React.useMemo(
    () =>
      new ResizeObserver(entries => {
        let differs = false;
        for (const entry of entries) {
          const node = entry.target as HTMLElement;
          const height = node.offsetHeight;
          const key = node.dataset.key ?? '';
          // A panel that is hidden has no height, which says nothing about its rows.
          if (height && measured.current.get(key) !== height) {
            measured.current.set(key, height);
            differs = true;
          }
        }
        if (differs) {
          measure();
        }
      }),
    []
  );
  React.useLayoutEffect(() => {
    const node = box.current;
    if (!node) {
      return;
    }
    const look = (): void => setView({ top: node.scrollTop, height: node.clientHeight || 600 });
    const sizes = new ResizeObserver(look);
    sizes.observe(node);
    node.addEventListener('scroll', look, { passive: true });
    return () => {
      sizes.disconnect();
      observer.disconnect();
      node.removeEventListener('scroll', look);
    };
  }, [observer]);

  const onFocus = ({ target }: React.FocusEvent): void => {
    const key = target.closest<HTMLElement>('[data-key]')?.dataset.key ?? '';
    held.current = { node: target as HTMLElement, key, place: rows.findIndex(row => row.key === key) };
  };
  const onBlur = ({ target }: React.FocusEvent): void => {
    // What leaves the page loses the focus, too; that is no wish to have it elsewhere.
    queueMicrotask(() => {
      if (target.isConnected && document.activeElement !== target && held.current?.node === target) {
        held.current = null;
      }
    });
  };
  React.useLayoutEffect(() => holdFocus(box.current, rows, held.current));

  const tops = beginnings(rows, measured.current);
  const first = rowAt(tops, Math.max(0, view.top - AROUND));
  const last = Math.min(rows.length, rowAt(tops, view.top + view.height + AROUND) + 1);
  // The row with the focus stays in the page, wherever the list was scrolled to.
  const focused = held.current ? rows.findIndex(row => row.key === held.current?.key) : -1;
  const shown = rows.map((row, place) => ({ row, place })).filter(({ place }) => (place >= first && place < last) || place === focused);
  return (
    <div
      className="jp-ModelDeploy-list"
      ref={box}
      role="region"
      aria-label={label}
      onKeyDown={onKeyDown}
      onFocus={onFocus}
      onBlur={onBlur}
    >
      <div className="jp-ModelDeploy-space" style={{ height: tops[rows.length] }}>
        {shown.map(({ row, place }) => (
          <Placed key={row.key} row={row} top={tops[place]} observer={observer} />
        ))}
      </div>
    </div>
  );
}

interface IPlaced {
  row: IRow;
  top: number;
  observer: ResizeObserver;
}

/** A row at its place. Where only the list was scrolled, it is not drawn again. */
const Placed = React.memo(function Placed({ row, top, observer }: IPlaced): JSX.Element {
  const node = React.useRef<HTMLDivElement>(null);
  React.useLayoutEffect(() => {
    const placed = node.current;
    if (!placed) {
      return;
    }
    observer.observe(placed);
    return () => observer.unobserve(placed);
  }, [observer]);
  return (
    <div ref={node} data-key={row.key} className="jp-ModelDeploy-placed" style={{ transform: `translateY(${top}px)` }}>
      {row.draw()}
    </div>
  );
});
