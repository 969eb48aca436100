// What may wait until the picture is on the screen: one task at a time, the newest of each name.

const waiting = new Map();
let isRunning = false;
let whenDone = [];

function later(name, task) {
  waiting.delete(name);
  waiting.set(name, task);
  if (isRunning) return;
  isRunning = true;
  requestAnimationFrame(() => setTimeout(runNext));
}

function runNext() {
  const next = waiting.entries().next();
  if (next.done) {
    isRunning = false;
    whenDone.splice(0).forEach((tell) => tell());
    return;
  }
  const [name, task] = next.value;
  waiting.delete(name);
  task();
  setTimeout(runNext);
}

/** Do at once all that waits: for paper, or for a file. */
function doNow() {
  while (waiting.size) {
    const [name, task] = waiting.entries().next().value;
    waiting.delete(name);
    task();
  }
}

const settled = () => (isRunning ? new Promise((tell) => { whenDone.push(tell); }) : Promise.resolve());
