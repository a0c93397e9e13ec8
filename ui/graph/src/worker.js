// Finds places for the nodes, in a thread of its own: the page never waits for it.

import { arrange } from "./layouts.js";

onmessage = ({ data }) => {
  for (const { positions, axis, done } of arrange(data)) {
    postMessage({ job: data.job, positions, axis, done }, [positions.buffer]);
  }
};
