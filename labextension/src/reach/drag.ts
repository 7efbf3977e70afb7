// Drag a line of the panel into a notebook: it becomes a cell there.

import { MimeData } from '@lumino/coreutils';
import { Drag } from '@lumino/dragdrop';
import type * as React from 'react';

const CELLS = 'application/vnd.jupyter.cells';
const FAR = 6; // pixels that the pointer moves before a press is a drag

/** Begin a drag as soon as the pointer has moved far enough. */
export function startDrag(event: React.PointerEvent<HTMLElement>, name: string, code: string): void {
  if (event.button !== 0 || event.pointerType === 'touch') {
    return;
  }
  const [x, y] = [event.clientX, event.clientY];
  const move = (moved: PointerEvent): void => {
    if (Math.hypot(moved.clientX - x, moved.clientY - y) >= FAR) {
      end();
      void drag(name, code, moved.clientX, moved.clientY);
    }
  };
  const end = (): void => {
    document.removeEventListener('pointermove', move, true);
    document.removeEventListener('pointerup', end, true);
  };
  document.addEventListener('pointermove', move, true);
  document.addEventListener('pointerup', end, true);
}

async function drag(name: string, code: string, x: number, y: number): Promise<void> {
  const mimeData = new MimeData();
  mimeData.setData(CELLS, [{ cell_type: 'code', source: code, metadata: {}, outputs: [], execution_count: null }]);
  mimeData.setData('text/plain', code);
  const dragImage = document.createElement('div');
  dragImage.className = 'jp-ModelDeploy-dragged';
  dragImage.textContent = name;
  const dragged = new Drag({ mimeData, dragImage, supportedActions: 'copy', proposedAction: 'copy' });
  await dragged.start(x, y);
  dragged.dispose();
}
